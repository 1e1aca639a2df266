"""Answers and situations that the tests start from."""

from dataclasses import replace

from hypothesis import strategies as st

from incidents.procedure.answers import QUESTIONS, Answer, Answers
from incidents.procedure.decision import Path
from incidents.procedure.gates import StepSituation
from incidents.procedure.steps import IncidentState, StepKind

# Written out once more on purpose: taken from the code, they would miss what the code forgets.
ROLL_FORWARD_NEEDS = ("fix_small", "fix_understood", "fix_prepared", "rollback_risky")
NOT_FEASIBLE = ("data_gone", "irreversible_call", "customer_state_changed")

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN

PLAIN = Answers(
    **dict.fromkeys(QUESTIONS, NO) | {"threshold_exceeded": YES, "customer_impact": YES, "credential_still_valid": NO}
)
"""An ordinary bad deploy: the threshold exceeded, the cause not known, nothing in the way of a rollback."""


def plain(**answers: Answer) -> Answers:
    return replace(PLAIN, **answers)


def ready_to_roll_forward(**answers: Answer) -> Answers:
    return plain(**dict.fromkeys(ROLL_FORWARD_NEEDS, YES) | answers)


def incompatible_migration(**answers: Answer) -> Answers:
    return plain(**{"migration": YES, "incompatible": YES, "hotfix_tolerates": YES} | answers)


def _with(start: Answers, changed: dict[str, Answer]) -> Answers:
    return replace(start, **changed)


any_answers = st.builds(Answers, **dict.fromkeys(QUESTIONS, st.sampled_from(Answer)))
few_changes = st.dictionaries(st.sampled_from(list(QUESTIONS)), st.sampled_from(Answer), max_size=4)
starts = st.sampled_from([PLAIN, ready_to_roll_forward(), incompatible_migration(), plain(credential_restored=YES)])
every_answer = any_answers | st.builds(_with, starts, few_changes)
"""The whole space; half of it drawn near where the rules turn, since X1 alone swallows 26 of 27 random answers."""


def executing(kind: StepKind, **changes: object) -> StepSituation:
    """A step of an executed plan whose turn it is, with nothing in its way."""
    situation = StepSituation(
        kind=kind,
        incident=IncidentState.EXECUTING,
        in_plan=True,
        plan_is_current=True,
        plan_is_executed=True,
        path=Path.ROLLBACK,
        answers=PLAIN,
        previous_done=True,
        review_granted=True,
    )
    return replace(situation, **changes)
