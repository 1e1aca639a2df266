"""May this step start now? Asked when a step is queued, and once more when a worker claims it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from incidents.procedure.answers import Answer, Answers
from incidents.procedure.decision import Path, closure, needs_of
from incidents.procedure.overruling import Overruled
from incidents.procedure.readings import state
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import FORMS, OUTLASTS_THE_INCIDENT, PUBLIC_WORDS, IncidentState, StepKind, StepState

STARTS_AFTER_THE_CLOSE: Final = OUTLASTS_THE_INCIDENT | {StepKind.ANNOUNCE}
"""A later fact about the incident is still told; words that were not sent by its close were cancelled there."""


class HoldAt(StrEnum):
    """Where M3 holds a rollback (E10's switch): before the revert is pushed, or before it is merged."""

    PUSH = "push"
    MERGE = "merge"


class StepForbidden(Refusal):
    """The step may not start now."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A rule that keeps a path from being executed, and why."""

    rule: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a step may start; where not, which rule holds it, and whether it waits for a step or for people."""

    open: bool
    rule: str
    sentence: str
    state: StepState

    def check(self) -> None:
        """Raise `StepForbidden` unless the gate is open."""
        if not self.open:
            raise StepForbidden(self.rule, self.sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSituation:
    """All that a gate looks at.

    `approvals` says by rule (M3, C1) whether it was given **and** is bound to this very plan (E13).
    """

    kind: StepKind
    incident: IncidentState
    in_plan: bool
    plan_is_current: bool = False
    plan_is_stopped: bool = False
    plan_is_executed: bool = False
    path: Path = Path.ROLLBACK
    answers: Answers = field(default_factory=Answers)
    overruled: Sequence[Overruled] = ()
    approvals: Mapping[str, bool] = field(default_factory=dict)
    previous_done: bool = False
    hold_at: HoldAt = HoldAt.PUSH
    self_approval_recorded: bool = False
    review_granted: bool = False


def gate_for(situation: StepSituation) -> Gate:
    """Whether the step may start now; where several rules hold it, the one that holds longest is named."""
    words = situation.kind in PUBLIC_WORDS
    rules = _PLAN_RULES if situation.in_plan else _WORDS_RULES if words else _OUTSIDE_RULES
    shut = next((gate for rule in rules if (gate := rule(situation))), None)
    form = FORMS[situation.kind]
    return shut or Gate(open=True, rule=form.rule, sentence="Nothing holds this step.", state=StepState.READY)


def execution_holds(answers: Answers, *, path: Path = Path.ROLLBACK) -> tuple[Hold, ...]:
    """What keeps the path from being executed, whatever is approved; empty where nothing does.

    A closed path is named by the rule that closes it (X1, M2, C2); a migration that nobody has looked at by E9. What
    people approve or confirm (M3, C1) holds steps, not the execution: see `gate_for`.
    """
    if shut := closure(answers, path):
        return (Hold(shut.rule, shut.sentence),)
    if path != Path.ROLLBACK or answers.migration != Answer.UNKNOWN:
        return ()
    return (Hold("E9", f"{state(answers, 'migration')} Look, and answer: yes or no."),)


def _shut(rule: str, sentence: str, state: StepState = StepState.BLOCKED) -> Gate:
    return Gate(open=False, rule=rule, sentence=sentence, state=state)


def _incident_closed(situation: StepSituation) -> Gate | None:
    closed = situation.incident == IncidentState.CLOSED and situation.kind not in STARTS_AFTER_THE_CLOSE
    return _shut("E17", "The incident is closed.") if closed else None


def _escalated(situation: StepSituation) -> Gate | None:
    escalated = situation.incident == IncidentState.ESCALATED
    return _shut("X2", "Escalated: the Incident Response Plan governs, this plan is frozen.") if escalated else None


def _replaced(situation: StepSituation) -> Gate | None:
    return None if situation.plan_is_current else _shut("E17", "This plan has been replaced.")


def _path_holds(situation: StepSituation) -> Gate | None:
    holds = execution_holds(situation.answers, path=situation.path)
    return _shut(holds[0].rule, holds[0].sentence) if holds else None


def _stopped(situation: StepSituation) -> Gate | None:
    return _shut("E17", "The plan was stopped; what has happened stays.") if situation.plan_is_stopped else None


def _not_executed(situation: StepSituation) -> Gate | None:
    return None if situation.plan_is_executed else _shut("D6", "The on-call engineer has not started this plan.")


def _not_executing(situation: StepSituation) -> Gate | None:
    executing = situation.incident == IncidentState.EXECUTING
    return None if executing else _shut("E17", f"The incident is {situation.incident}: nothing is being executed.")


def _previous_not_done(situation: StepSituation) -> Gate | None:
    if situation.previous_done:
        return None
    return _shut(FORMS[situation.kind].rule, "The step before this one is not done.")


def _approval_missing(situation: StepSituation) -> Gate | None:
    """M3 before the push, or before the merge by E10's switch; C1 before the push always."""
    missing = (
        need
        for need in needs_of(situation.answers, situation.path, situation.overruled)
        if need.holds and _held_here(need.rule, situation) and not situation.approvals.get(need.rule, False)
    )
    need = next(missing, None)
    return _shut(need.rule, need.sentence, StepState.GATED) if need else None


def _held_here(rule: str, situation: StepSituation) -> bool:
    """The merge asks again for everything: what was approved before the push may have been voided since."""
    first = StepKind.MERGE if rule == "M3" and situation.hold_at == HoldAt.MERGE else StepKind.PUSH_REVERT
    return situation.kind in {first, StepKind.MERGE}


def _review_missing(situation: StepSituation) -> Gate | None:
    reviewed = situation.review_granted or situation.self_approval_recorded
    if situation.kind != StepKind.MERGE or reviewed:
        return None
    words = "Nobody has approved it: a reviewer does, or the on-call engineer where nobody else is available."
    return _shut("R3", words, StepState.GATED)


def _words_unapproved(situation: StepSituation) -> Gate | None:
    if situation.approvals.get("P2", False):
        return None
    return _shut("P2", "Exactly these words are not approved: the CTO or the CISO is asked first.", StepState.GATED)


_Rule = Callable[[StepSituation], Gate | None]

_OUTSIDE_RULES: Final[tuple[_Rule, ...]] = (_incident_closed,)
"""Stop the bleed, and words: open from the moment of declaring, through the escalation, until the close (E3, E20)."""

_WORDS_RULES: Final[tuple[_Rule, ...]] = (_words_unapproved, _previous_not_done)
"""Public words: never without their approval (P2), one after the other, after the close, too: no page is left wrong."""

_PLAN_RULES: Final[tuple[_Rule, ...]] = (
    _incident_closed,
    _escalated,
    _replaced,
    _path_holds,
    _stopped,
    _not_executed,
    _not_executing,
    _previous_not_done,
    _approval_missing,
    _review_missing,
)
