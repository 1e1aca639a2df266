"""Drills as their pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.queries.shapes.parts import Badge, Link, Tone


@dataclass(frozen=True, slots=True)
class PartChoice:
    """A part of a scenario: who plays it. `account` is empty where no stand-in is set."""

    part: str
    words: str
    account: str = ""


@dataclass(frozen=True, slots=True)
class ScenarioCard:
    """One scenario to choose, with the parts that it needs."""

    value: str
    title: str
    words: str
    rules: tuple[str, ...]
    parts: tuple[PartChoice, ...]


@dataclass(frozen=True, slots=True)
class DrillRow:
    """One drill in the list."""

    url: str
    title: str
    badge: Badge
    started_at: datetime
    by: str
    words: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class DrillsPage:
    """What can be drilled, what is under way, and what was. `why_not` says why nothing can be started."""

    scenarios: tuple[ScenarioCard, ...]
    earlier: tuple[DrillRow, ...]
    running: DrillRow | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """A span of the drill beside its goal."""

    words: str
    rule: str
    seconds: float | None
    within: float
    tone: Tone
    verdict: str


@dataclass(frozen=True, slots=True)
class KeptRow:
    """One rule, kept or missed."""

    rule: str
    words: str
    kept: bool


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """What was refused to whom."""

    at: datetime
    who: str
    rule: str
    words: str


@dataclass(frozen=True, slots=True)
class DrillPage:
    """One drill: how it stands, who is awaited, and its score once it is over."""

    row: DrillRow
    running: bool
    room: Link | None
    played: tuple[str, ...]
    awaited: tuple[str, ...] = ()
    phases: tuple[PhaseRow, ...] = ()
    kept: tuple[KeptRow, ...] = ()
    refused: tuple[RefusalRow, ...] = ()
    may_break_off: bool = False
