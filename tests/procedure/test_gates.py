"""May this step start now?"""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.procedure.decision import Path, advise
from incidents.procedure.gates import (
    STARTS_AFTER_THE_CLOSE,
    Gate,
    HoldAt,
    StepForbidden,
    StepSituation,
    execution_holds,
    gate_for,
)
from incidents.procedure.planning import ROLLBACK_STEPS
from incidents.procedure.rules import RULES
from incidents.procedure.steps import FORMS, PUBLIC_WORDS, IncidentState, StepKind, StepState
from tests.procedure.situations import (
    NO,
    NOT_FEASIBLE,
    PLAIN,
    UNKNOWN,
    YES,
    every_answer,
    executing,
    incompatible_migration,
    plain,
    ready_to_roll_forward,
)

OUTSIDE = [kind for kind, form in FORMS.items() if not form.in_plan and kind not in PUBLIC_WORDS]
OPEN_STATES = [state for state in IncidentState if state is not IncidentState.CLOSED]
CUSTOMER_DATA = plain(migration=YES, customer_data=YES)
OLD_CREDENTIAL = plain(credential_restored=YES, credential_still_valid=YES)

every_situation = st.builds(
    StepSituation,
    kind=st.sampled_from(ROLLBACK_STEPS),
    incident=st.sampled_from(IncidentState),
    in_plan=st.just(True),
    plan_is_current=st.booleans(),
    plan_is_stopped=st.booleans(),
    plan_is_executed=st.booleans(),
    path=st.sampled_from(Path),
    answers=st.just(PLAIN) | st.just(CUSTOMER_DATA) | st.just(OLD_CREDENTIAL) | every_answer,
    approvals=st.dictionaries(st.sampled_from(["M3", "C1"]), st.booleans()),
    previous_done=st.booleans(),
    hold_at=st.sampled_from(HoldAt),
    self_approval_recorded=st.booleans(),
    review_granted=st.booleans(),
)


def outside(kind: StepKind, incident: IncidentState) -> Gate:
    return gate_for(StepSituation(kind=kind, incident=incident, in_plan=False))


@pytest.mark.parametrize("kind", OUTSIDE)
@pytest.mark.parametrize("state", OPEN_STATES)
def test_e3_stopping_the_bleed_is_open_from_the_moment_of_declaring(kind, state):
    assert outside(kind, state).open


@pytest.mark.parametrize("kind", sorted(PUBLIC_WORDS))
@pytest.mark.parametrize("state", IncidentState)
def test_p2_public_words_wait_for_exactly_their_approval_in_every_state_after_the_close_too(kind, state):
    words = StepSituation(kind=kind, incident=state, in_plan=False, previous_done=True)
    for approvals in ({}, {"P2": False}, {"M3": True}):
        gate = gate_for(replace(words, approvals=approvals))
        assert (gate.open, gate.rule, gate.state) == (False, "P2", StepState.GATED)
    assert gate_for(replace(words, approvals={"P2": True})).open


@pytest.mark.parametrize("kind", sorted(PUBLIC_WORDS))
def test_p1_public_words_are_posted_one_after_the_other(kind):
    words = StepSituation(kind=kind, incident=IncidentState.DECLARED, in_plan=False, approvals={"P2": True})
    assert gate_for(words).state is StepState.BLOCKED


@pytest.mark.parametrize("kind", OUTSIDE)
def test_e20_the_escalation_leaves_words_and_stopping_the_bleed_open(kind):
    assert outside(kind, IncidentState.ESCALATED).open


def test_e15_a_page_may_be_let_to_rest_after_the_end():
    assert outside(StepKind.WAKE_BY_PHONE, IncidentState.CLOSED).open


@pytest.mark.parametrize("kind", sorted(set(OUTSIDE) - STARTS_AFTER_THE_CLOSE))
def test_e17_nothing_starts_in_a_closed_incident(kind):
    assert not outside(kind, IncidentState.CLOSED).open


@pytest.mark.parametrize("kind", sorted(STARTS_AFTER_THE_CLOSE - PUBLIC_WORDS))
def test_e17_only_what_the_end_brings_about_or_comes_later_starts_in_a_closed_incident(kind):
    assert outside(kind, IncidentState.CLOSED).open


@pytest.mark.parametrize("kind", ROLLBACK_STEPS)
def test_a_step_whose_turn_it_is_starts_under_its_own_rule(kind):
    gate = gate_for(executing(kind))
    assert (gate.open, gate.rule, gate.state) == (True, FORMS[kind].rule, StepState.READY)


@pytest.mark.parametrize("kind", ROLLBACK_STEPS)
@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        pytest.param({"incident": IncidentState.ESCALATED}, "X2", id="escalated"),
        pytest.param({"plan_is_current": False}, "E17", id="replaced"),
        pytest.param({"plan_is_stopped": True}, "E17", id="stopped"),
        pytest.param({"plan_is_executed": False}, "D6", id="not executed"),
        pytest.param({"incident": IncidentState.DECLARED}, "E17", id="back at the decision"),
        pytest.param({"incident": IncidentState.CLOSED}, "E17", id="closed"),
    ],
)
def test_x2_e17_d6_what_freezes_a_plan_freezes_every_step_of_it(kind, changes, rule):
    gate = gate_for(executing(kind, **changes))
    assert (gate.open, gate.rule, gate.state) == (False, rule, StepState.BLOCKED)


@pytest.mark.parametrize("kind", ROLLBACK_STEPS)
def test_a_step_waits_for_the_one_before_it(kind):
    gate = gate_for(executing(kind, previous_done=False, review_granted=False))
    assert (gate.open, gate.state, gate.rule) == (False, StepState.BLOCKED, FORMS[kind].rule)


def test_a_step_that_waits_for_another_is_blocked_before_it_is_gated():
    situation = executing(StepKind.MERGE, answers=CUSTOMER_DATA, previous_done=False)
    assert gate_for(situation).state is StepState.BLOCKED
    assert gate_for(replace(situation, previous_done=True)).state is StepState.GATED


def test_r3_nothing_is_merged_that_nobody_reviewed():
    gate = gate_for(executing(StepKind.MERGE, review_granted=False))
    assert (gate.open, gate.rule, gate.state) == (False, "R3", StepState.GATED)


def test_e11_the_recorded_self_approval_of_the_on_call_engineer_is_a_review():
    assert gate_for(executing(StepKind.MERGE, review_granted=False, self_approval_recorded=True)).open


@pytest.mark.parametrize("hold_at", HoldAt)
@pytest.mark.parametrize("kind", ROLLBACK_STEPS)
def test_e10_m3_holds_the_push_or_by_the_switch_the_merge(kind, hold_at):
    held = {HoldAt.PUSH: {StepKind.PUSH_REVERT, StepKind.MERGE}, HoldAt.MERGE: {StepKind.MERGE}}[hold_at]
    situation = executing(kind, answers=CUSTOMER_DATA, hold_at=hold_at)
    gate = gate_for(situation)
    assert gate.open is (kind not in held)
    if kind in held:
        assert (gate.rule, gate.state) == ("M3", StepState.GATED)
    assert gate_for(replace(situation, approvals={"M3": True})).open


def test_e13_an_approval_that_is_no_longer_bound_to_this_plan_opens_nothing():
    situation = executing(StepKind.PUSH_REVERT, answers=CUSTOMER_DATA)
    assert not gate_for(replace(situation, approvals={"M3": False})).open


@pytest.mark.parametrize("hold_at", HoldAt)
def test_c1_the_confirmation_holds_the_push_whatever_the_switch(hold_at):
    situation = executing(StepKind.PUSH_REVERT, answers=OLD_CREDENTIAL, hold_at=hold_at)
    assert gate_for(situation).rule == "C1"
    assert gate_for(replace(situation, approvals={"C1": True})).open


@pytest.mark.parametrize("answer", [YES, UNKNOWN])
@pytest.mark.parametrize(
    ("rule", "answers"),
    [
        ("M2", {"migration": YES, "hotfix_tolerates": YES, "incompatible": None}),
        *(("X1", {field: None}) for field in NOT_FEASIBLE),
    ],
)
def test_m2_x1_a_yes_or_a_dont_know_closes_execute_and_names_the_rule(rule, answers, answer):
    asked = plain(**{field: given or answer for field, given in answers.items()})
    assert [hold.rule for hold in execution_holds(asked)] == [rule]
    assert gate_for(executing(StepKind.PUSH_REVERT, answers=asked)).rule == rule


@pytest.mark.parametrize("answer", [YES, UNKNOWN])
@pytest.mark.parametrize(
    ("rule", "answers"),
    [
        ("M3", {"migration": YES, "customer_data": None}),
        ("C1", {"credential_still_valid": YES, "credential_restored": None}),
    ],
)
def test_m3_c1_a_yes_or_a_dont_know_holds_the_push_until_people_have_spoken(rule, answers, answer):
    asked = plain(**{field: given or answer for field, given in answers.items()})
    assert execution_holds(asked) == ()
    gate = gate_for(executing(StepKind.PUSH_REVERT, answers=asked))
    assert (gate.rule, gate.state) == (rule, StepState.GATED)
    assert gate_for(executing(StepKind.PUSH_REVERT, answers=asked, approvals={rule: True})).open


def test_m1_a_forward_compatible_migration_runs():
    assert execution_holds(plain(migration=YES)) == ()


def test_e9_a_migration_that_nobody_has_looked_at_does_not_run():
    assert [hold.rule for hold in execution_holds(plain(migration=UNKNOWN))] == ["E9"]


def test_c2_a_dead_credential_does_not_run():
    assert [hold.rule for hold in execution_holds(plain(credential_restored=YES))] == ["C2"]


def test_d5_roll_forward_runs_with_all_four_conditions_and_not_with_three():
    assert execution_holds(ready_to_roll_forward(), path=Path.ROLL_FORWARD) == ()
    holds = execution_holds(ready_to_roll_forward(rollback_risky=NO), path=Path.ROLL_FORWARD)
    assert [hold.rule for hold in holds] == ["D5"]


@pytest.mark.parametrize("kind", ROLLBACK_STEPS)
def test_m2_no_approval_ever_lets_a_reverse_migration_run(kind):
    approved = executing(kind, answers=incompatible_migration(), approvals={"M3": True, "C1": True})
    assert (gate_for(approved).open, gate_for(approved).rule) == (False, "M2")


def test_a_shut_gate_is_a_refusal_with_its_rule():
    with pytest.raises(StepForbidden) as refusal:
        gate_for(executing(StepKind.MERGE, review_granted=False)).check()
    assert refusal.value.rule == "R3"
    gate_for(executing(StepKind.MERGE)).check()


@settings(max_examples=400)
@given(every_situation)
def test_an_open_gate_means_that_everything_a_step_needs_is_there(situation):
    gate = gate_for(situation)
    assert gate.rule in RULES
    assert gate.open is (gate.state is StepState.READY)
    if not gate.open:
        return
    assert situation.incident is IncidentState.EXECUTING
    assert situation.plan_is_current
    assert situation.plan_is_executed
    assert not situation.plan_is_stopped
    assert situation.previous_done
    assert situation.path in advise(situation.answers).open_paths
    if situation.kind is StepKind.MERGE:
        assert situation.review_granted or situation.self_approval_recorded
        _everything_is_approved(situation)
    if situation.kind is StepKind.PUSH_REVERT and situation.hold_at is HoldAt.PUSH:
        _everything_is_approved(situation)


def _everything_is_approved(situation: StepSituation) -> None:
    answers = situation.answers
    if situation.path is not Path.ROLLBACK:
        return
    if answers.migration is not NO and answers.customer_data is not NO:
        assert situation.approvals["M3"]
    if answers.credential_restored is not NO:
        assert situation.approvals["C1"]
