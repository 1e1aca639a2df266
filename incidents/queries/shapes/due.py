"""What is due, as the dashboard and the incident room say it in a line each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.queries.shapes.parts import Tone


@dataclass(frozen=True, slots=True)
class DueLine:
    """One thing due: what, whose, when, and to whom it goes next. `then`: that role, at `then_at`."""

    words: str
    url: str
    rule: str
    who: str
    due_at: datetime
    overdue: bool
    tone: Tone
    then: str = ""
    then_at: datetime | None = None
    number: str = ""


@dataclass(frozen=True, slots=True)
class DueStrip:
    """The most urgent lines; `more` were left off."""

    lines: tuple[DueLine, ...] = ()
    more: int = 0
