"""Rehearsals: what is broken, who does what until it is mended, and what a drill is judged by; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from incidents.procedure.steps import IncidentState


class Scenario(StrEnum):
    """What is rehearsed."""

    CLEAN_REVERT = "clean_revert"
    CONFLICT = "conflict"
    DROPPED_COLUMN = "dropped_column"
    CUSTOMER_DATA = "customer_data"
    ROTATION = "rotated_secret"
    LOST_ANSWERS = "lost_answers"


class Part(StrEnum):
    """Who is needed; each is played by a person, or by a stand-in."""

    ON_CALL = "oncall"
    ENGINEER = "engineer"
    REVIEWER = "reviewer"
    CTO = "cto"


PART_WORDS: Final[Mapping[Part, str]] = MappingProxyType(
    {
        Part.ON_CALL: "on-call engineer",
        Part.ENGINEER: "engineer of the service",
        Part.REVIEWER: "reviewer",
        Part.CTO: "CTO",
    }
)


@dataclass(frozen=True, slots=True)
class Script:
    """One scenario: how the sandbox breaks, how it looks to the on-call engineer, and whom it needs.

    `loses_answers`: the code host opens and merges the pull request, and its answers are lost.
    """

    title: str
    words: str
    breaks: str
    parts: tuple[Part, ...]
    rules: tuple[str, ...]
    loses_answers: bool = False


SCRIPTS: Final[Mapping[Scenario, Script]] = MappingProxyType(
    {
        Scenario.CLEAN_REVERT: Script(
            "A clean revert",
            "Three customers in four get an error when they pay. The last change reverts cleanly.",
            "errors",
            (Part.ON_CALL, Part.REVIEWER, Part.CTO),
            ("D1", "R1", "R3", "R5", "P1"),
        ),
        Scenario.CONFLICT: Script(
            "A conflict",
            "The checkout breaks, and a later change sits on the broken lines: somebody resolves it by hand.",
            "conflict",
            (Part.ON_CALL, Part.ENGINEER, Part.REVIEWER, Part.CTO),
            ("D1", "E18", "R3", "R5", "P1"),
        ),
        Scenario.LOST_ANSWERS: Script(
            "Lost answers",
            "A clean revert, but the code host acts and its answers get lost: nothing may happen twice.",
            "errors",
            (Part.ON_CALL, Part.REVIEWER, Part.CTO),
            ("R1", "R2", "R4", "R5", "P1"),
            loses_answers=True,
        ),
    }
)
"""Those that can be drilled. The sandbox cannot yet drop a column, change customer data or rotate a secret."""

ANSWERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "threshold_exceeded": "yes",
        "correctness_defect": "no",
        "compounding_operation": "no",
        "root_cause_identified": "no",
        "fix_small": "no",
        "fix_understood": "no",
        "fix_prepared": "no",
        "rollback_risky": "no",
        "migration": "no",
        "credential_restored": "no",
        "data_gone": "no",
        "irreversible_call": "no",
        "customer_state_changed": "no",
        "customer_impact": "yes",
    }
)
"""What the on-call engineer truly answers in these scenarios."""


class Act(StrEnum):
    """What somebody does next."""

    ANNOUNCE = "tell the channel"
    SUSPECT = "name the change"
    DECIDE = "decide"
    EXECUTE = "execute the plan"
    RESOLVE = "resolve the conflict on a branch"
    ADOPT = "adopt that branch"
    ACCEPT = "accept the resolution knowingly"
    REVIEW = "approve the pull request"
    TELL = "draft words for the public"
    ALLOW = "approve the public words"
    TELL_THE_END = "draft the word “resolved”"
    CLOSE = "close the incident"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Where the drill's incident stands, as far as the next act depends on it."""

    state: IncidentState
    announced: bool = False
    known: bool = False
    suspected: bool = False
    planned: bool = False
    push_failed: bool = False
    resolved: bool = False
    found_outside: bool = False
    review_waits: bool = False
    told: bool = False
    told_the_end: bool = False
    words_asked: bool = False
    words_in_work: bool = False


def next_acts(now: Situation) -> Mapping[Part, Act]:
    """What each part does next; empty where everybody waits for machines."""
    found: dict[Part, Act] = {}
    for part, act in _acts(now):
        found.setdefault(part, act)
    return found


def _acts(now: Situation) -> Iterator[tuple[Part, Act]]:
    """In the order of urgency: repairing comes before writing."""
    match now.state:
        case IncidentState.DECLARED:
            yield from _before_the_decision(now)
        case IncidentState.DECIDED if now.planned:
            yield Part.ON_CALL, Act.EXECUTE
        case IncidentState.EXECUTING:
            yield from _while_executing(now)
    yield from _words(now)
    if now.state == IncidentState.RECOVERED and not now.words_in_work:
        yield Part.ON_CALL, Act.CLOSE


def _before_the_decision(now: Situation) -> Iterator[tuple[Part, Act]]:
    if not now.announced:
        yield Part.ON_CALL, Act.ANNOUNCE
    if now.known and not now.suspected:
        yield Part.ON_CALL, Act.SUSPECT
    if now.suspected:
        yield Part.ON_CALL, Act.DECIDE


def _while_executing(now: Situation) -> Iterator[tuple[Part, Act]]:
    if now.push_failed and now.found_outside:
        yield Part.ON_CALL, Act.ACCEPT
    elif now.push_failed and now.resolved:
        yield Part.ON_CALL, Act.ADOPT
    elif now.push_failed:
        yield Part.ENGINEER, Act.RESOLVE
    if now.review_waits:
        yield Part.REVIEWER, Act.REVIEW


def _words(now: Situation) -> Iterator[tuple[Part, Act]]:
    if now.words_asked:
        yield Part.CTO, Act.ALLOW
    if now.words_in_work or now.state in (IncidentState.DECLARED, IncidentState.CLOSED):
        return
    if not now.told:
        yield Part.ON_CALL, Act.TELL
    elif now.state == IncidentState.RECOVERED and not now.told_the_end:
        yield Part.ON_CALL, Act.TELL_THE_END


@dataclass(frozen=True, slots=True)
class Phase:
    """A span between two moments, and within how many seconds it should lie; by no rule but our own goals."""

    words: str
    rule: str
    begins: str
    ends: str
    within: float


PHASES: Final = (
    Phase("Onset to declared", "U3", "onset", "declared", 120),
    Phase("Declared to the first word in the channel", "S4", "declared", "announced", 300),
    Phase("Declared to decided", "D6", "declared", "decided", 600),
    Phase("Decided to executed", "D6", "decided", "executed", 300),
    Phase("Executed to pushed", "R1", "executed", "pushed", 60),
    Phase("Pushed to pull request", "R2", "pushed", "proposed", 30),
    Phase("Pull request to review", "R3", "proposed", "reviewed", 900),
    Phase("Review to deployed", "R4", "reviewed", "deployed", 900),
    Phase("Deployed to recovered", "R5", "deployed", "recovered", 300),
    Phase("Onset to recovered", "R5", "onset", "recovered", 2700),
    Phase("Declared to the first public words", "P1", "declared", "told", 1800),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """One rule, and whether the drill kept it."""

    rule: str
    words: str
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a drill is judged by, as the record tells it."""

    on_call_seen: bool
    announced: bool
    decided_by_on_call: bool
    cto_informed: bool
    commands_posted: bool
    reviewed_by_another: bool
    recovery_proved: bool
    told_the_public: bool
    told_the_end: bool
    broken_glass: bool
    steps_by_hand: int
    closed: bool


def judged(course: Course) -> tuple[Kept, ...]:
    """Rule by rule, in the order of the procedure."""
    return (
        Kept("D6", "The on-call engineer decided.", course.decided_by_on_call),
        Kept("D7", "The CTO was informed, since customers felt it.", course.cto_informed),
        Kept("S4", "The channel was told.", course.announced),
        Kept("R3", "Somebody other than the on-call engineer reviewed it.", course.reviewed_by_another),
        Kept("R5", "Recovery was proved on the alert’s own series.", course.recovery_proved),
        Kept("M3", "No glass was broken.", not course.broken_glass),
        Kept("P1", "The public was told.", course.told_the_public),
        Kept("P1", "The public was told that it is over.", course.told_the_end),
        Kept("E5", "The on-call engineer was there.", course.on_call_seen),
        Kept("E18", "No step had to be recorded by hand.", course.steps_by_hand == 0),
        Kept("E19", "The commands by hand were in the channel.", course.commands_posted),
        Kept("E17", "The incident was closed.", course.closed),
    )
