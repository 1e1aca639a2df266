"""The readiness page: what was tried before it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.queries.shapes.parts import Badge, Tone


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """One integration or permission, as it last went."""

    group: str
    title: str
    rule: str
    verdict: str
    badge: Badge
    words: str
    tried_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReadinessGroup:
    """The checks of one integration, the worst first."""

    name: str
    title: str
    checks: tuple[ReadinessCheck, ...]


@dataclass(frozen=True, slots=True)
class ReadinessPage:
    """Would the button work? `under_way`: everything is being tried right now."""

    verdict: str
    tone: Tone
    groups: tuple[ReadinessGroup, ...]
    tried_at: datetime | None
    may_try: bool
    under_way: bool
    wanting: tuple[ReadinessCheck, ...] = ()
