"""A scheduler that is stopped, killed and asleep, under a clock that jumps; and what it kept of whom it told."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from incidents.procedure.deadlines import DeadlineKind, Planned, Told, end_of, plan_of, tell

OFFICES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")]
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Waking:
    """One look of the scheduler that was kept: what its clock said, and what it told."""

    clock: datetime
    told: tuple[Told, ...]


@dataclass
class Story:
    """One deadline, from its setting to long after its last mark."""

    planned: tuple[Planned, ...]
    done_at: datetime | None
    wakings: list[Waking] = field(default_factory=list)

    @property
    def settled(self) -> list[Told]:
        return [told for waking in self.wakings for told in waking.told]


def random_story(chance: random.Random) -> Story:
    """A deadline of any kind, in any of the offices, watched by a scheduler in trouble."""
    planned, done_at = _deadline(chance)
    story = Story(planned, done_at)
    told: set[str] = set()
    true, skew, end = planned[0].at - timedelta(hours=2), timedelta(0), planned[-1].at + timedelta(days=3)
    while true + skew < end:
        true += _until_the_next_look(chance)
        skew = _jump(chance, skew)
        clock = true + skew
        if done_at is not None and clock >= done_at:
            break  # the row has ended: nobody asks about it any more
        found = tell(planned, told=told, now=clock)
        if chance.random() < 0.1:
            continue  # killed before its commit: nothing of it was kept, and nobody was told
        told |= {each.planned.mark.name for each in found}
        story.wakings.append(Waking(clock, found))
    return story


def _deadline(chance: random.Random) -> tuple[tuple[Planned, ...], datetime | None]:
    kind, office = chance.choice(list(DeadlineKind)), chance.choice(OFFICES)
    since = BEGIN + timedelta(minutes=chance.randrange(365 * 24 * 60))
    due_at = since + timedelta(minutes=chance.randrange(1, 7 * 24 * 60))
    if kind is DeadlineKind.FOLLOW_UP:
        due_at = end_of(due_at.astimezone(office).date(), office)
    planned = plan_of(kind, since=since, due_at=due_at, office=office)
    done = chance.random() < 0.3
    return planned, (since + timedelta(minutes=chance.randrange(1, 9 * 24 * 60)) if done else None)


def _until_the_next_look(chance: random.Random) -> timedelta:
    """Seconds or minutes, and now and then a sleep of hours, or of more than a day."""
    if chance.random() < 0.05:
        return timedelta(hours=chance.uniform(1, 40))
    return timedelta(seconds=chance.expovariate(1 / chance.choice((10, 600, 3600))))


def _jump(chance: random.Random, skew: timedelta) -> timedelta:
    """Now and then the clock is set forward or back, by up to some hours."""
    if chance.random() < 0.03:
        return timedelta(minutes=chance.uniform(-180, 180))
    return skew
