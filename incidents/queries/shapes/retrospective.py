"""The retrospective's page, and the list of what is still to be mended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.utils.safestring import SafeString

from incidents.procedure.merging_texts import Line
from incidents.queries.shapes.changes import ChangeRow
from incidents.queries.shapes.charting import ChartView
from incidents.queries.shapes.pages import Fact
from incidents.queries.shapes.panels import DecisionView, StepRow, TimelineEntry
from incidents.queries.shapes.parts import Badge, Choice, Link, Tone


@dataclass(frozen=True, slots=True)
class TermLine:
    """One of the two terms: kept, missed, or running."""

    label: str
    rule: str
    due_at: datetime | None
    done_at: datetime | None
    words: str
    tone: Tone
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class ConflictView:
    """What one typed beside what stands by now, with the difference from theirs to mine."""

    version: int
    by: str
    at: datetime | None
    theirs: str
    mine: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class SectionView:
    """A text of T2 as this reader sees it; `prefilled` while it is the record's own words."""

    name: str
    title: str
    asks: str
    text: str
    html: SafeString
    version: int
    sitting: str
    by: str = ""
    at: datetime | None = None
    prefilled: bool = True
    writable: bool = False
    writing: str = ""
    conflict: ConflictView | None = None


@dataclass(frozen=True, slots=True)
class RevisionView:
    """One revision in the history, with its difference from the one before."""

    version: int
    by: str
    at: datetime
    begun_at: datetime
    set_aside: bool
    lines: tuple[Line, ...]
    changed: int


@dataclass(frozen=True, slots=True)
class FollowUpView:
    """One thing to mend; `act_url` ends where the act's name begins."""

    id: UUID
    kind: str
    kind_words: str
    words: str
    owner: str
    owner_id: int | None
    due_on: date | None
    version: int
    badge: Badge
    act_url: str
    open: bool
    overdue: bool = False
    reason: str = ""
    issue: Link | None = None
    issue_state: Badge | None = None
    stuck: StepRow | None = None
    may_push: bool = False
    incident: Link | None = None
    service: str = ""


@dataclass(frozen=True, slots=True)
class RecordedFacts:
    """What the record knows, shown beside what people write, for nobody to edit."""

    timeline: tuple[TimelineEntry, ...]
    gaps: tuple[tuple[datetime, str], ...]
    chart: ChartView | None
    impact: tuple[Fact, ...]
    told: tuple[tuple[datetime | None, str, str], ...]
    suspects: tuple[ChangeRow, ...]
    decisions: tuple[DecisionView, ...]
    steps: tuple[StepRow, ...]
    to_review: tuple[TimelineEntry, ...]


@dataclass(frozen=True, slots=True)
class RetrospectivePage:
    """The retrospective of one incident; `opened` is false while there is none yet."""

    number: str
    title: str
    service: str
    room_url: str
    state: Badge
    opened: bool
    version: int = 0
    terms: tuple[TermLine, ...] = ()
    sections: tuple[SectionView, ...] = ()
    facts: RecordedFacts | None = None
    follow_ups: tuple[FollowUpView, ...] = ()
    kinds: tuple[Choice, ...] = ()
    owners: tuple[Choice, ...] = ()
    none_because: str = ""
    missing: tuple[str, ...] = ()
    completed: bool = False
    can_write: bool = False
    can_complete: bool = False
    why_not: str = ""
    may_register: bool = False
    intake: str = ""
    stuck: StepRow | None = None


@dataclass(frozen=True, slots=True)
class OwnersFollowUps:
    """What one person has still to mend, the most overdue first."""

    owner: str
    follow_ups: tuple[FollowUpView, ...]


@dataclass(frozen=True, slots=True)
class FollowUpsPage:
    """Everything that is still to be mended, by owner."""

    groups: tuple[OwnersFollowUps, ...]
    open: int
    overdue: int
    mine_only: bool = False
