"""The incident room's panels: shared, so they never say "you" and hold no button."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from incidents.queries.shapes.changes import ChangeRow, FindingView, ReadingView
from incidents.queries.shapes.charting import ChartView
from incidents.queries.shapes.due import DueStrip
from incidents.queries.shapes.lists import IncidentCard
from incidents.queries.shapes.parts import Badge, Clock, Evidence, Link, StepState, Tone
from incidents.queries.shapes.procedure import SwitchRow
from incidents.queries.shapes.words import WordsPanel


@dataclass(frozen=True, slots=True)
class IncidentHead:
    """Who, what, since when. `version`: what the page showed, sent back with every form; `seq`: the stream's cursor."""

    number: str
    title: str
    service: str
    service_url: str
    environment: str
    severity: Badge
    state: Badge
    customers: Badge | None
    trigger_rule: str
    trigger_words: str
    lead: str
    onset_at: datetime
    declared_at: datetime
    clocks: tuple[Clock, ...]
    version: int
    seq: int
    alert: Link | None = None
    impact: str = ""
    drill: Badge | None = None


@dataclass(frozen=True, slots=True)
class NowSentence:
    """One sentence: what is happening now. `detail`: what it waits for; `meanwhile`: what can be done until then."""

    tone: Tone
    words: str
    detail: str = ""
    since: datetime | None = None
    meanwhile: str = ""
    rules: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    moving: bool = False


@dataclass(frozen=True, slots=True)
class BleedStep:
    """One stop-the-bleed step (S) with what became of it."""

    rule: str
    title: str
    badge: Badge
    words: str
    link: Link | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """A message for the channel, with what the channel made of it."""

    text: str
    by: str
    at: datetime
    badge: Badge
    url: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class BleedPanel:
    """Stop the bleed: the steps this service has, and what was said in the channel, newest first."""

    channel: str
    steps: tuple[BleedStep, ...] = ()
    announcements: tuple[Announcement, ...] = ()


@dataclass(frozen=True, slots=True)
class SuspectPanel:
    """The suspected change with its preview and findings, and the other suspects."""

    suspect: ChangeRow | None
    findings: tuple[FindingView, ...] = ()
    reading: ReadingView | None = None
    kind_words: str = ""
    others: tuple[ChangeRow, ...] = ()
    words: str = ""
    assessing: bool = False


@dataclass(frozen=True, slots=True)
class FiredRule:
    """A rule that fired, why, on what evidence."""

    rule: str
    words: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class PathAsks:
    """The one thing that a path goes by: `name` is its field, `choices` are there where the catalogue names them."""

    name: str
    label: str
    help: str
    rule: str
    value: str = ""
    choices: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class PathView:
    """One way out: open or closed, by which rules, what is missing, and what it goes by."""

    value: str
    words: str
    open: bool
    why: str
    rules: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    advised: bool = False
    asks: PathAsks | None = None


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question whose answer the advice waits for; `key` is where it stands on the form."""

    key: str
    words: str
    rule: str


@dataclass(frozen=True, slots=True)
class AdviceView:
    """What the procedure says to these answers. `blockers`: rules that close *execute* although the path is open.

    `pending`: the open questions the advice rests on; until they are answered they close the rollback by the rule
    `closes`, and nothing is advised aloud. `act` is the button of the advised path; `nameless`: no change is named yet.
    `overruled`: what the console found and these answers set aside, with whose agreement that takes.
    """

    words: str
    tone: Tone
    advised: str
    fired: tuple[FiredRule, ...]
    paths: tuple[PathView, ...]
    would_change: tuple[FiredRule, ...] = ()
    blockers: tuple[FiredRule, ...] = ()
    unanswered: int = 0
    act: str = "Decide"
    pending: tuple[OpenQuestion, ...] = ()
    closes: str = ""
    nameless: bool = False
    overruled: tuple[FiredRule, ...] = ()


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """An answer as it was recorded."""

    words: str
    answer: str
    rules: tuple[str, ...]
    evidence: str = ""
    careful: bool = False


@dataclass(frozen=True, slots=True)
class DecisionView:
    """The recorded decision, with the version of the procedure and the switches it was taken under."""

    path_words: str
    tone: Tone
    by: str
    at: datetime
    procedure_version: str
    fired: tuple[FiredRule, ...]
    answers: tuple[AnsweredQuestion, ...]
    against_advice: bool = False
    reason: str = ""
    informed: str = ""
    change: str = ""
    blockers: tuple[FiredRule, ...] = ()
    switches: tuple[SwitchRow, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionPanel:
    """Before the decision: who owns it and what the findings advise. After it: the record."""

    owner_words: str
    advice: AdviceView | None = None
    decided: DecisionView | None = None
    public_hint: str = ""
    earlier: tuple[DecisionView, ...] = ()


@dataclass(frozen=True, slots=True)
class SeatView:
    """One seat of a gate: the role asked, and who sat down when."""

    words: str
    filled_by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of the plan as everybody sees it."""

    id: str
    place: int
    title: str
    rules: tuple[str, ...]
    state: StepState
    tone: Tone
    state_words: str
    words: str = ""
    evidence: tuple[Evidence, ...] = ()
    waiting: str = ""
    waiting_since: datetime | None = None
    meanwhile: str = ""
    error: str = ""
    started_at: datetime | None = None
    seconds: float | None = None
    expected: str = ""
    progress: int | None = None
    seats: tuple[SeatView, ...] = ()
    attempts: int = 0
    undo: str = ""
    command: str = ""

    @property
    def ticking(self) -> bool:
        """Its clock runs: it started and has not ended."""
        return self.started_at is not None and self.seconds is None


@dataclass(frozen=True, slots=True)
class UndoLine:
    """What has happened, and what would take it back."""

    words: str
    undo: str
    rule: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class QuestionView:
    """What people in seats were asked about the plan: who sits, who is missing, and what was said."""

    rule: str
    words: str
    badge: Badge
    url: str
    since: datetime
    seats: tuple[SeatView, ...]
    glue: str
    flags: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmationView:
    """C1's word: who confirmed what, with whom; or that it is still waited for. `machine` is what a look-up says."""

    given: bool
    words: str
    by: str = ""
    at: datetime | None = None
    asked: str = ""
    evidence: str = ""
    machine: str = ""


@dataclass(frozen=True, slots=True)
class PlanPanel:
    """The plan: a dry run before it runs, the record while and after. `None` in the room before the decision."""

    number: int
    title: str
    digest: str
    badge: Badge
    steps: tuple[StepRow, ...]
    words: str = ""
    undo: tuple[UndoLine, ...] = ()
    commands: tuple[str, ...] = ()
    earlier: tuple[Evidence, ...] = ()
    blockers: tuple[FiredRule, ...] = ()
    questions: tuple[QuestionView, ...] = ()
    confirmation: ConfirmationView | None = None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A ledger entry in words. `kind`: "people" (somebody did it) or "console" (it happened by itself)."""

    seq: int
    at: datetime
    kind: Literal["people", "console"]
    words: str
    who: str = ""
    rules: tuple[str, ...] = ()
    detail: str = ""
    link: Link | None = None
    short_hash: str = ""
    tone: Tone = "idle"


@dataclass(frozen=True, slots=True)
class IntactView:
    """How far the record was found intact, and when; `broken` is the first entry that is not."""

    seq: int = 0
    at: datetime | None = None
    broken: int | None = None


@dataclass(frozen=True, slots=True)
class TimelinePanel:
    """Newest first. `before`: the seq to ask older entries by, `None` when these are all."""

    entries: tuple[TimelineEntry, ...]
    intact: IntactView = IntactView()
    before: int | None = None


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody and the part they play."""

    name: str
    part: str
    words: str = ""
    since: datetime | None = None
    badge: Badge | None = None


@dataclass(frozen=True, slots=True)
class PeoplePanel:
    """Who is on call, who leads, who else is here."""

    people: tuple[PersonLine, ...]
    words: str = ""
    tone: Tone = "idle"
    by_hand: tuple[WokenLine, ...] = ()


@dataclass(frozen=True, slots=True)
class OthersPanel:
    """Other open incidents of the same service or the same change."""

    incidents: tuple[IncidentCard, ...] = ()


@dataclass(frozen=True, slots=True)
class ClosingPanel:
    """How it ended, or what ending it asks for. `shown` is false while there is nothing to say."""

    shown: bool
    words: str = ""
    badge: Badge | None = None
    by: str = ""
    at: datetime | None = None
    reason: str = ""
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class WokenLine:
    """Somebody who was woken: by which ways, what they answered; `by_hand`: why a person must call them."""

    name: str
    part: str
    ways: tuple[Badge, ...] = ()
    answer: str = ""
    at: datetime | None = None
    by_hand: str = ""


@dataclass(frozen=True, slots=True)
class EscalationPanel:
    """X2 at a glance: escalated by whom and why, who governs, who was woken and who has answered."""

    by: str
    at: datetime
    grounds: tuple[FiredRule, ...]
    reason: str
    owner: str
    woken: tuple[WokenLine, ...]
    governing: tuple[str, ...] = ()
    rules: tuple[str, ...] = ("X1", "X2")
    over: bool = False


@dataclass(frozen=True, slots=True)
class IncidentRoom:
    """The whole incident room as everybody sees it."""

    head: IncidentHead
    now: NowSentence
    bleed: BleedPanel
    change: SuspectPanel
    decision: DecisionPanel
    timeline: TimelinePanel
    people: PeoplePanel
    words: WordsPanel
    others: OthersPanel = OthersPanel()
    closing: ClosingPanel = ClosingPanel(shown=False)
    plan: PlanPanel | None = None
    chart: ChartView | None = None
    escalation: EscalationPanel | None = None
    due: DueStrip = field(default_factory=DueStrip)
