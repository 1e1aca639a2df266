"""What this house asks of whoever lives above it: who may sit where, who writes it down, who wants to hear of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.contrib.auth.models import User

from approvals.quorum import Holding, State


@dataclass(frozen=True, slots=True)
class Subject:
    """What the approval is about, by type and id; the words mean nothing here."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Matter:
    """All that a seat resolver may look at to say who may fill a seat."""

    request_id: UUID
    subject: Subject
    rule: str
    asked_by_id: int
    asked_at: datetime
    deputies_from: datetime | None


class SeatResolver(Protocol):
    """Who may fill which seat. Rights, activity, shift and deputyship are its knowledge; it is asked at every vote.

    One is made for each judgement, of one request or of many at one moment, and may keep what it has read meanwhile.
    """

    def holdings(self, person: User, matter: Matter, now: datetime) -> frozenset[Holding]:
        """The seats this person may fill now, in their own right or as a deputy."""
        ...

    def sits_somewhere(self, person: User) -> bool:
        """Whether the person could be asked anything at all: the cheap question before the dear ones."""
        ...

    def has_role(self, person: User, role: str, matter: Matter) -> bool:
        """Whether the person still holds the role, or the deputyship, whatever the shift: asked of a running plan."""
        ...

    def may_see(self, person: User, matter: Matter, now: datetime) -> bool:
        """Whether a person who has no seat in it may read the request."""
        ...


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a request, for the record."""

    kind: str
    at: datetime
    actor: User | None
    request_id: UUID
    subject: Subject
    rule: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class Recorder(Protocol):
    """Writes a happening down, inside the transaction that made it; what it raises undoes the happening."""

    def record(self, happening: Happening) -> None: ...


@dataclass(frozen=True, slots=True)
class News:
    """A request came to another state, and that is committed. It only wakes: who acts on it asks again."""

    request_id: UUID
    subject: Subject
    rule: str
    state: State


class Listener(Protocol):
    """Hears of every change of state, after the commit."""

    def heard(self, news: News) -> None: ...


class NobodySits:
    """No resolver is named in settings: nobody may fill any seat, and nobody may look (no failing open)."""

    def holdings(self, person: User, matter: Matter, now: datetime) -> frozenset[Holding]:
        return frozenset()

    def sits_somewhere(self, person: User) -> bool:
        return False

    def has_role(self, person: User, role: str, matter: Matter) -> bool:
        return False

    def may_see(self, person: User, matter: Matter, now: datetime) -> bool:
        return False


class NoRecord:
    """No recorder is named in settings: the rows of this house are the only record."""

    def record(self, happening: Happening) -> None:
        return None


class NobodyListens:
    """No listener is named in settings."""

    def heard(self, news: News) -> None:
        return None
