"""A roster, a notebook and an ear, as the settings of these tests name them; each test begins with empty ones."""

from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import User

from approvals.ports import Happening, Matter, News
from approvals.quorum import Holding


class Roster:
    """Who may fill what, by username; `off_shift` still have the role, but no seat at this moment."""

    held: ClassVar[set[tuple[str, str, bool]]] = set()
    off_shift: ClassVar[set[str]] = set()
    readers: ClassVar[set[str]] = set()

    @classmethod
    def seat(cls, person: User, role: str, *, deputy: bool = False) -> None:
        cls.held.add((person.username, role, deputy))

    @classmethod
    def clear(cls) -> None:
        cls.held, cls.off_shift, cls.readers = set(), set(), set()

    def holdings(self, person: User, matter: Matter, now: datetime) -> frozenset[Holding]:
        if person.username in self.off_shift:
            return frozenset()
        return frozenset(Holding(role, deputy) for name, role, deputy in self.held if name == person.username)

    def sits_somewhere(self, person: User) -> bool:
        return any(name == person.username for name, _, _ in self.held)

    def has_role(self, person: User, role: str, matter: Matter) -> bool:
        return any((name, held) == (person.username, role) for name, held, _ in self.held)

    def may_see(self, person: User, matter: Matter, now: datetime) -> bool:
        return person.username in self.readers


class PatientRoster(Roster):
    """A roster whose deputies wait until they are asked, too (E15)."""

    def holdings(self, person: User, matter: Matter, now: datetime) -> frozenset[Holding]:
        asked = matter.deputies_from is not None and now >= matter.deputies_from
        return frozenset(each for each in super().holdings(person, matter, now) if asked or not each.deputy)


class Notebook:
    """Remembers what was recorded."""

    lines: ClassVar[list[Happening]] = []

    def record(self, happening: Happening) -> None:
        self.lines.append(happening)


class BrokenPen:
    """A recorder that cannot write: what it should have written must not have happened."""

    def record(self, happening: Happening) -> None:
        raise OSError(happening.kind)


class Ear:
    """Remembers what was heard."""

    news: ClassVar[list[News]] = []

    def heard(self, news: News) -> None:
        self.news.append(news)
