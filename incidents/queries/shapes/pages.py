"""The pages read in quiet hours: a change, people, services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.queries.shapes.changes import ChangeRow, FindingView, ReadingView
from incidents.queries.shapes.lists import IncidentCard, ServiceHealth
from incidents.queries.shapes.parts import Badge, Choice, Evidence, Link


@dataclass(frozen=True, slots=True)
class ReversionRow:
    """That the change was taken back, whether it is back, and what this reader may do about it."""

    incident: str
    url: str
    words: str
    badge: Badge
    at: datetime
    steps: tuple[str, ...] = ()
    link: Link | None = None
    reapply_url: str = ""
    accept_url: str = ""


@dataclass(frozen=True, slots=True)
class ChangePage:
    """One change in full."""

    change: ChangeRow
    kind_words: str
    commits: tuple[Evidence, ...] = ()
    findings: tuple[FindingView, ...] = ()
    reading: ReadingView | None = None
    incidents: tuple[IncidentCard, ...] = ()
    reversions: tuple[ReversionRow, ...] = ()


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A shift: who, for what, from when to when."""

    name: str
    duty: str
    service: str
    starts_at: datetime
    ends_at: datetime
    running: bool
    source: str = ""


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role with its holders and deputies, and what it may."""

    words: str
    may: str
    holders: tuple[str, ...]
    deputies: tuple[str, ...] = ()
    missing: bool = False


@dataclass(frozen=True, slots=True)
class DeputyRow:
    """Who stands in for a role (E14); `choices` for whoever may name another, empty for everybody else."""

    role: str
    words: str
    name: str
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Who is on call, who holds which role, and who stands in."""

    shifts: tuple[ShiftRow, ...]
    roles: tuple[RoleRow, ...]
    deputies: tuple[DeputyRow, ...] = ()
    admin_url: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and its value, for a list of facts."""

    words: str
    value: str
    url: str = ""
    code: bool = False


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Facts under one heading."""

    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class ServicePage:
    """A service of the catalogue."""

    name: str
    slug: str
    words: str
    health: ServiceHealth
    groups: tuple[FactGroup, ...]
    shifts: tuple[ShiftRow, ...]
    incidents: tuple[IncidentCard, ...]
    changes: tuple[ChangeRow, ...]
    can_declare: bool = False
    admin_url: str = ""


@dataclass(frozen=True, slots=True)
class CataloguePage:
    """All services."""

    services: tuple[ServiceHealth, ...]
    admin_url: str = ""


@dataclass(frozen=True, slots=True)
class PlaceCard:
    """One place where a person may be known; `step` is what comes next: claim, busy, code, review or linked."""

    place: str
    title: str
    rule: str
    why: str
    badge: Badge
    step: str
    by_code: bool
    label: str
    help: str
    login: str
    words: str
    sentence: str
    linked_at: datetime | None
