"""The retrospective: what T2 wants written, which silences a timeline shows, and what still keeps it from complete."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Final

REGISTER_WITHIN: Final = timedelta(hours=24)
"""T1: by then the retrospective stands with the intake."""
LONGEST_SECTION: Final = 100_000
LONGEST_SILENCE: Final = timedelta(minutes=10)
"""During an outage, a longer silence of the record wants a word: somebody knows what was done meanwhile."""


class Section(StrEnum):
    """What T2 wants in words; the follow-ups, its fifth, are rows of their own."""

    TIMELINE = "timeline"
    BLAST_RADIUS = "blast_radius"
    TRIGGER = "trigger"
    ACTION = "action"


@dataclass(frozen=True, slots=True)
class SectionForm:
    """A section's heading, and what it is there to answer."""

    title: str
    asks: str


SECTIONS: Final[Mapping[Section, SectionForm]] = MappingProxyType(
    {
        Section.TIMELINE: SectionForm("Timeline", "What happened when, and what happened in the silences?"),
        Section.BLAST_RADIUS: SectionForm("Blast radius", "Who felt it, how badly, and for how long?"),
        Section.TRIGGER: SectionForm("Trigger", "What set it off, and how was that known?"),
        Section.ACTION: SectionForm("Rollback action", "What was done about it, by whom, with whose approval?"),
    }
)
FOLLOW_UPS: Final = "Follow-ups"


@dataclass(frozen=True, slots=True)
class Silence:
    """A stretch of the outage of which the record says nothing."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        return self.until - self.since


def silences(
    moments: Iterable[datetime], *, onset: datetime, end: datetime, longest: timedelta = LONGEST_SILENCE
) -> tuple[Silence, ...]:
    """The gaps between onset and end in which nothing is recorded for longer than `longest`, oldest first."""
    within = sorted({onset, end, *(each for each in moments if onset < each < end)})
    return tuple(Silence(since, until) for since, until in pairwise(within) if until - since > longest)


def still_missing(texts: Mapping[Section, str], *, follow_ups: int, none_because: str) -> tuple[str, ...]:
    """What T2 still wants before it is complete, by heading; that nothing is to be mended is a word as well."""
    empty = [form.title for section, form in SECTIONS.items() if not texts.get(section, "").strip()]
    return (*empty, *([] if follow_ups or none_because.strip() else [FOLLOW_UPS]))


def late_by(due_at: datetime | None, at: datetime) -> timedelta | None:
    """By how much a term was missed; None where it was kept, or where there is none."""
    return at - due_at if due_at is not None and at > due_at else None
