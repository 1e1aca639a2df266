"""What is said when something is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.queries.shapes.parts import Link


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What somebody else did since the page was shown."""

    who: str
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RefusalView:
    """A refusal (409), worded for the on-call engineer; `rule` is empty when no rule but time refused."""

    words: str
    rule: str = ""
    meanwhile: tuple[Meanwhile, ...] = ()
    back: Link | None = None


@dataclass(frozen=True, slots=True)
class StrangerView:
    """A 403: why, and who may."""

    words: str
    who_may: str = ""
    rule: str = ""
    back: Link | None = None
