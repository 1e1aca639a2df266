"""The steps' forms, and the moves of steps and incidents."""

import itertools

import pytest

from incidents.procedure.planning import ROLLBACK_STEPS
from incidents.procedure.steps import (
    ENDED,
    FORMS,
    INCIDENT_MOVES,
    RESOLUTIONS,
    STEP_MOVES,
    IncidentState,
    Promise,
    Resolution,
    StepKind,
    StepState,
    incident_may_move,
    may_close_as,
    may_move,
    promise_of,
    rule_of,
)

RULES_OF_KINDS = {
    "page_on_call": "S1",
    "flag_off": "S2",
    "flag_on": "S2",
    "drain": "S3",
    "undrain": "S3",
    "announce": "S4",
    "inform_cto": "D7",
    "post_commands": "E19",
    "push_revert": "R1",
    "open_pull_request": "R2",
    "review": "R3",
    "merge": "R4",
    "deploy": "R4",
    "prove_recovery": "R5",
    "find_fix": "D5",
    "isolate": "M2",
    "rotate_credential": "C2",
    "wake_by_phone": "E15",
    "wake_by_chat": "E15",
    "wake_by_mail": "E15",
    "remind_by_chat": "T1",
    "remind_by_mail": "T1",
    "publish_status": "P1",
    "post_status": "P1",
    "freeze": "R4",
    "unfreeze": "R4",
    "push_reapply": "R1",
    "propose_reapply": "R2",
    "register_retro": "T1",
    "open_issue": "T2",
    "close_issue": "T2",
}
OTHER_PATHS = (StepKind.FIND_FIX, StepKind.ISOLATE, StepKind.ROTATE_CREDENTIAL)


def test_every_kind_of_step_carries_out_its_rule():
    assert {kind.value: rule_of(kind) for kind in StepKind} == RULES_OF_KINDS


def test_s_steps_and_words_stand_outside_the_plan():
    assert [kind for kind in StepKind if FORMS[kind].in_plan] == [*ROLLBACK_STEPS, *OTHER_PATHS]


@pytest.mark.parametrize(
    "kind",
    ["announce", "inform_cto", "post_commands", "page_on_call", "wake_by_phone", "wake_by_chat", "remind_by_chat"],
)
def test_whatever_cannot_be_keyed_outside_promises_no_more_than_looking_up(kind):
    assert promise_of(kind) is Promise.LOOK_UP


KEYED = ("push_revert", "open_pull_request", "merge", "flag_off", "flag_on", "drain", "undrain")


@pytest.mark.parametrize("kind", KEYED)
def test_r1_r2_r4_take_effect_once(kind):
    assert promise_of(StepKind(kind)) is Promise.KEYED


def test_p1_public_words_outside_promise_neither() -> None:
    assert promise_of(StepKind.POST_STATUS) is Promise.NEITHER


def test_what_cannot_be_undone_says_what_to_do_instead():
    assert all(form.undo for form in FORMS.values() if not form.reversible)


def test_every_state_of_a_step_has_its_moves_and_none_leads_to_itself():
    assert STEP_MOVES.keys() == set(StepState)
    assert not any(may_move(state, state) for state in StepState)


@pytest.mark.parametrize("ended", sorted(ENDED))
def test_what_has_ended_stays_as_it_ended(ended):
    assert not any(may_move(ended, state) for state in StepState)


@pytest.mark.parametrize("state", [StepState.BLOCKED, StepState.GATED, StepState.FAILED, StepState.UNKNOWN])
def test_nothing_runs_that_was_not_ready(state):
    assert not may_move(state, StepState.RUNNING)


@pytest.mark.parametrize("state", [StepState.BLOCKED, StepState.GATED])
def test_nothing_is_done_that_was_not_ready(state):
    assert not may_move(state, StepState.DONE)


@pytest.mark.parametrize("state", [StepState.FAILED, StepState.UNKNOWN])
@pytest.mark.parametrize("way_out", [StepState.READY, StepState.SKIPPED, StepState.CANCELLED, StepState.DONE])
def test_a_person_always_has_a_way_out_of_failed_and_unknown(state, way_out):
    assert may_move(state, way_out)


def test_e17_what_is_under_way_is_not_cancelled():
    assert not may_move(StepState.RUNNING, StepState.CANCELLED)


@pytest.mark.parametrize("state", [each for each in StepState if each not in ENDED])
def test_every_step_can_come_to_an_end(state):
    reached, edge = {state}, {state}
    while edge:
        edge = {to for each in edge for to in STEP_MOVES[each]} - reached
        reached |= edge
    assert reached >= ENDED


def test_the_main_path_of_an_incident():
    path = ["declared", "decided", "executing", "recovered", "closed"]
    moves = itertools.pairwise(path)
    assert all(incident_may_move(IncidentState(from_), IncidentState(to)) for from_, to in moves)


@pytest.mark.parametrize("state", [IncidentState.EXECUTING, IncidentState.RECOVERED])
def test_e17_it_did_not_help_leads_back_to_the_decision(state):
    assert incident_may_move(state, IncidentState.DECLARED)


@pytest.mark.parametrize("state", sorted(set(IncidentState) - {IncidentState.ESCALATED, IncidentState.CLOSED}))
def test_x2_every_open_incident_can_be_escalated(state):
    assert incident_may_move(state, IncidentState.ESCALATED)


def test_e20_an_escalated_incident_never_comes_back_under_our_plan():
    assert INCIDENT_MOVES[IncidentState.ESCALATED] == {IncidentState.CLOSED}


@pytest.mark.parametrize("state", [IncidentState.DECLARED, IncidentState.DECIDED])
def test_e17_a_false_alarm_is_closed_before_anything_ran(state):
    assert may_close_as(state, Resolution.FALSE_ALARM)


@pytest.mark.parametrize("state", IncidentState)
def test_an_incident_closes_exactly_where_there_is_a_resolution_for_it(state):
    assert incident_may_move(state, IncidentState.CLOSED) is bool(RESOLUTIONS[state])


def test_only_a_recovered_incident_is_closed_as_recovered():
    assert [state for state in IncidentState if may_close_as(state, Resolution.RECOVERED)] == [IncidentState.RECOVERED]
