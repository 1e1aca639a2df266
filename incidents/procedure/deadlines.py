"""What is due when, who is told before and after, and whom that escalates to: pure, by the moments alone (T1, E15, P1).

A deadline has marks: moments at which somebody is told. `tell` answers which of them are to be told now, given what was
told before. Each mark is told once or passed over once, and never before its moment. Whoever slept through several
marks of one audience is told the newest only: what was missed does not arrive in a burst (decision 0019).
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

LATE_AFTER: Final = timedelta(seconds=60)
"""A mark told later than this after its moment is recorded as late."""


class DeadlineKind(StrEnum):
    """What may be due."""

    RETROSPECTIVE = "retrospective"
    APPROVAL = "approval"
    FOLLOW_UP = "follow_up"
    PUBLIC_WORDS = "public_words"


class Ear(StrEnum):
    """Who is told: whose thing it is, then one rung after the other above."""

    OWNER = "owner"
    SEATS = "seats"
    CTO = "cto"
    CISO = "ciso"


RUNGS: Final = frozenset({Ear.CTO, Ear.CISO})
"""To tell these is to escalate."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment at which somebody is told: so long after the deadline (before it where negative).

    With `at`, so many days after the deadline's last day, at that time on the office's own clock, whatever daylight
    saving makes of the hours between.
    """

    name: str
    ear: Ear
    after: timedelta = timedelta(0)
    at: time | None = None

    def moment(self, due_at: datetime, office: ZoneInfo) -> datetime:
        """When it is to be told."""
        if self.at is None:
            return due_at + self.after
        last_day = (due_at.astimezone(office) - timedelta(microseconds=1)).date()
        return datetime.combine(last_day + self.after, self.at, tzinfo=office).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Planned:
    """A mark of one deadline, with its moment."""

    mark: Mark
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What becomes of a mark now: told (`late` by so much, nought where in time), or passed over for a newer one."""

    planned: Planned
    passed_over: bool
    late: timedelta


def _hours(hours: float) -> timedelta:
    return timedelta(hours=hours)


_MORNING: Final = time(9)

MARKS: Final[Mapping[DeadlineKind, tuple[Mark, ...]]] = MappingProxyType(
    {
        DeadlineKind.RETROSPECTIVE: (
            Mark("6 hours before", Ear.OWNER, _hours(-6)),
            Mark("1 hour before", Ear.OWNER, _hours(-1)),
            Mark("due", Ear.OWNER),
            Mark("1 hour after", Ear.CTO, _hours(1)),
            Mark("a day after", Ear.CISO, _hours(24)),
        ),
        DeadlineKind.APPROVAL: (
            Mark("30 minutes before", Ear.SEATS, _hours(-0.5)),
            Mark("due", Ear.OWNER),
        ),
        DeadlineKind.FOLLOW_UP: (
            Mark("the day before", Ear.OWNER, timedelta(days=-1), _MORNING),
            Mark("the day itself", Ear.OWNER, timedelta(0), _MORNING),
            Mark("the day after", Ear.OWNER, timedelta(days=1), _MORNING),
            Mark("three days after", Ear.CTO, timedelta(days=3), _MORNING),
        ),
        DeadlineKind.PUBLIC_WORDS: (
            Mark("10 minutes before", Ear.OWNER, timedelta(minutes=-10)),
            Mark("due", Ear.OWNER),
            Mark("15 minutes after", Ear.CTO, timedelta(minutes=15)),
            Mark("an hour after", Ear.CISO, _hours(1)),
        ),
    }
)


def end_of(day: date, office: ZoneInfo) -> datetime:
    """The moment at which a day is over on the office's clock; a day of 23 or of 25 hours ends at its own midnight."""
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=office).astimezone(UTC)


def plan_of(kind: DeadlineKind, *, since: datetime, due_at: datetime, office: ZoneInfo) -> tuple[Planned, ...]:
    """The marks of a deadline in their order; what lay before it was set is none of its marks."""
    planned = (Planned(mark, mark.moment(due_at, office)) for mark in MARKS[kind])
    return tuple(sorted((each for each in planned if each.at >= since), key=lambda each: each.at))


def tell(planned: Sequence[Planned], *, told: Set[str], now: datetime) -> tuple[Told, ...]:
    """What becomes of each mark whose moment has come and that was not settled before: the newest of each ear is told.

    Empty where none is due, so to ask twice changes nothing; the caller keeps what was told, and asks no more about a
    deadline that is over.
    """
    due = [each for each in planned if each.at <= now and each.mark.name not in told]
    newest = {each.mark.ear: each for each in due}
    return tuple(_told(each, now, passed_over=newest[each.mark.ear] is not each) for each in due)


def _told(planned: Planned, now: datetime, *, passed_over: bool) -> Told:
    lateness = now - planned.at
    return Told(planned, passed_over, lateness if lateness > LATE_AFTER else timedelta(0))


def following(planned: Iterable[Planned], told: Set[str]) -> Planned | None:
    """The mark that comes next; None where all of them are settled."""
    return next((each for each in planned if each.mark.name not in told), None)


def following_rung(planned: Iterable[Planned], told: Set[str]) -> Planned | None:
    """The escalation that comes next; None where there is none left."""
    return following((each for each in planned if each.mark.ear in RUNGS), told)
