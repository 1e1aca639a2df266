"""The incident room's controls: what one reader may do now, or the sentence why not."""

from __future__ import annotations

from dataclasses import dataclass

from incidents.queries.shapes.bleeding import BleedControls
from incidents.queries.shapes.panels import AdviceView, FiredRule
from incidents.queries.shapes.parts import Action, Choice, Link, TextSegment
from incidents.queries.shapes.words import WordsForm


@dataclass(frozen=True, slots=True)
class NowControls:
    """The next action of this reader, the first one unmistakable; or why there is none."""

    actions: tuple[Action, ...] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class AnnounceForm:
    """The words for the channel (S4), with what reads like speculation marked."""

    allowed: bool
    channel: str
    text: str = ""
    segments: tuple[TextSegment, ...] = ()
    suggestions: tuple[str, ...] = ()
    error: str = ""
    why_not: str = ""

    @property
    def marked(self) -> bool:
        return any(segment.marked for segment in self.segments)


@dataclass(frozen=True, slots=True)
class SuspectControls:
    """May this reader name another suspect, and which recent changes are there to pick from."""

    allowed: bool
    choices: tuple[Choice, ...] = ()
    error: str = ""
    value: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question in plain words. `answer`: "yes", "no", "unknown" or "" when nobody has said yet.

    `follows`: the question that calls for this one by a yes or a "don't know"; `asked` is false until it has.
    """

    key: str
    words: str
    rules: tuple[str, ...]
    answer: str = ""
    help: str = ""
    evidence: str = ""
    filled: bool = False
    follows: str = ""
    asked: bool = True
    error: str = ""


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """Questions that belong together; a folded group needs nobody now, and says so in `words` and `said`.

    `many`: there is more than one to answer, so that one button may say no to all of them.
    """

    key: str
    title: str
    questions: tuple[Question, ...]
    words: str = ""
    folded: bool = False
    said: str = ""
    complete: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """The decision as a form for the one who owns it (D6); for everybody else `why_not`."""

    allowed: bool
    groups: tuple[QuestionGroup, ...] = ()
    advice: AdviceView | None = None
    change: str = ""
    change_sha: str = ""
    chosen: str = ""
    reason: str = ""
    errors: tuple[str, ...] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class StepControls:
    """What this reader may do about one step that waits for a person.

    `adopt_words` says what was found outside (E18); `self_approve_words` is the sentence the on-call engineer gives
    (R3, E11); `attest_words` the one that recovery is attested by (E12). `reference` is what the steps after it build
    on; `renew` the fix that was pushed to, of which a new plan is made (E13).
    """

    id: str
    title: str
    rule: str
    words: str = ""
    state: str = ""
    may_retry: bool = False
    may_skip: bool = False
    may_record: bool = False
    self_approve_words: str = ""
    attest_words: str = ""
    adopt_words: str = ""
    reference: str = ""
    record_title: str = "I did it by hand"
    record_label: str = "A link, or what the terminal said"
    renew: int = 0
    command: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ExecuteAsk:
    """The one confirmation before execution: what will happen, in order, and what could be undone."""

    title: str
    happens: tuple[FiredRule, ...]
    undo_words: str
    duration_words: str = ""


@dataclass(frozen=True, slots=True)
class FixForm:
    """Name the fix's pull request after the decision (D5, M2); folded where a plan of one stands already."""

    words: str
    value: str = ""
    folded: bool = False


@dataclass(frozen=True, slots=True)
class ConfirmForm:
    """C1's question to the on-call engineer, or the CISO; `document` is the Secrets Management procedure."""

    credential: str = ""
    machine: str = ""
    document: Link | None = None


@dataclass(frozen=True, slots=True)
class PlanControls:
    """What this reader may do with the plan."""

    digest: str = ""
    execute: ExecuteAsk | None = None
    may_stop: bool = False
    may_resume: bool = False
    may_adopt: bool = False
    may_ask_anew: bool = False
    may_break_glass: bool = False
    steps: tuple[StepControls, ...] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class PeopleControls:
    """Taking over (E5) and handing over (E6)."""

    may_take_over: bool = False
    take_over_words: str = ""
    hand_over_to: tuple[Choice, ...] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class ClosingControls:
    """It didn't help, false alarm, close (E17); escalate (X2)."""

    may_say_no_help: bool = False
    next_suspect: str = ""
    may_call_false_alarm: bool = False
    may_close: bool = False
    public_stands: str = ""
    may_escalate: bool = False
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class RoomControls:
    """Every personal control of the room, read in one go. `version` goes back with each form."""

    number: str
    version: int
    now: NowControls = NowControls()
    bleed: AnnounceForm | None = None
    bleed_acts: BleedControls | None = None
    words: WordsForm | None = None
    change: SuspectControls | None = None
    decision: DecisionForm | None = None
    plan: PlanControls | None = None
    fix: FixForm | None = None
    confirm: ConfirmForm | None = None
    people: PeopleControls | None = None
    merge_into: tuple[Choice, ...] = ()
    closing: ClosingControls | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class LiveView:
    """What the page's stream needs: its tickets, all panels for a reset, the cursor of the page's own snapshot.

    `knocks`: the frames are another page's panels; each only says that something has changed.
    """

    ticket_url: str
    panels_url: str
    cursor: int
    knocks: bool = False
