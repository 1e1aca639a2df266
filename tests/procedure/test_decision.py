"""The decision (D1–D7), its precedence (E1, E2), and where M, C and X close or hold a path."""

from dataclasses import replace

import pytest

from incidents.procedure.answers import QUESTIONS, Answers
from incidents.procedure.decision import (
    OverrideNeedsReason,
    Path,
    PathClosed,
    advise,
    check_choice,
    needs_of,
    refuse_path,
)
from tests.procedure.situations import (
    NO,
    NOT_FEASIBLE,
    ROLL_FORWARD_NEEDS,
    UNKNOWN,
    YES,
    incompatible_migration,
    plain,
    ready_to_roll_forward,
)

NOTHING_FIRES = plain(threshold_exceeded=NO, root_cause_identified=YES)


@pytest.mark.parametrize(
    ("rule", "field", "answer"),
    [
        ("D1", "threshold_exceeded", YES),
        ("D2", "correctness_defect", YES),
        ("D3", "compounding_operation", YES),
        ("D4", "root_cause_identified", NO),
    ],
)
def test_d1_d2_d3_d4_each_alone_calls_for_the_default_rollback(rule, field, answer):
    advice = advise(replace(NOTHING_FIRES, **{field: answer}))
    assert advice.recommended is Path.ROLLBACK
    assert [(reason.rule, reason.question) for reason in advice.reasons] == [(rule, field)]


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ("D1", "threshold_exceeded"),
        ("D2", "correctness_defect"),
        ("D3", "compounding_operation"),
        ("D4", "root_cause_identified"),
    ],
)
def test_e2_a_reason_that_nobody_knows_says_so(rule, field):
    advice = advise(replace(NOTHING_FIRES, **{field: UNKNOWN}))
    assert advice.reasons[0].rule == rule
    assert advice.reasons[0].sentence.startswith("Not known, so it counts as")


def test_d5_rollback_is_the_fall_through_where_nothing_fires():
    advice = advise(NOTHING_FIRES)
    assert advice.recommended is Path.ROLLBACK
    assert [reason.rule for reason in advice.reasons] == ["D5"]


def test_d5_all_four_conditions_earn_roll_forward():
    advice = advise(ready_to_roll_forward())
    assert advice.recommended is Path.ROLL_FORWARD
    assert Path.ROLLBACK in advice.open_paths


@pytest.mark.parametrize("answer", [NO, UNKNOWN])
@pytest.mark.parametrize("missing", ROLL_FORWARD_NEEDS)
def test_d5_one_missing_condition_closes_roll_forward_and_is_named(missing, answer):
    advice = advise(ready_to_roll_forward(**{missing: answer}))
    assert advice.recommended is Path.ROLLBACK
    assert Path.ROLL_FORWARD not in advice.open_paths
    closure = advice.closed[Path.ROLL_FORWARD]
    assert (closure.rule, closure.missing) == ("D5", (missing,))
    assert QUESTIONS[missing].statement in closure.sentence


def test_d6_the_engineer_may_take_an_open_path_against_the_advice_with_a_reason():
    choice = check_choice(ready_to_roll_forward(), Path.ROLLBACK, "the fix needs a second look")
    assert (choice.against_advice, choice.reason) == (True, "the fix needs a second look")


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_d6_against_the_advice_without_a_reason_is_refused(reason):
    with pytest.raises(OverrideNeedsReason) as refusal:
        check_choice(ready_to_roll_forward(), Path.ROLLBACK, reason)
    assert refusal.value.rule == "D6"


def test_d6_with_the_advice_no_reason_is_needed():
    assert not check_choice(plain(), Path.ROLLBACK).against_advice


def test_d6_no_reason_opens_a_closed_path():
    with pytest.raises(PathClosed) as refusal:
        check_choice(plain(), Path.ROLL_FORWARD, "I insist")
    assert (refusal.value.rule, refusal.value.missing) == ("D5", ROLL_FORWARD_NEEDS)


@pytest.mark.parametrize("impact", [YES, UNKNOWN])
def test_d7_the_cto_is_informed_of_a_rollback_that_customers_feel_and_nothing_waits_for_it(impact):
    needs = {need.rule: need for need in advise(plain(customer_impact=impact)).needs}
    assert needs["D7"].seats == ("cto",)
    assert not needs["D7"].holds


def test_d7_an_internal_service_informs_nobody():
    assert advise(plain(customer_impact=NO)).needs == ()


def test_m1_a_forward_compatible_migration_leaves_the_rollback_open():
    advice = advise(plain(migration=YES, incompatible=NO))
    assert advice.recommended is Path.ROLLBACK
    assert Path.ROLLBACK in advice.open_paths


@pytest.mark.parametrize("migration", [YES, UNKNOWN])
@pytest.mark.parametrize("incompatible", [YES, UNKNOWN])
def test_m2_a_plain_rollback_is_not_offered_where_the_old_code_fails(migration, incompatible):
    advice = advise(incompatible_migration(migration=migration, incompatible=incompatible))
    assert advice.closed[Path.ROLLBACK].rule == "M2"
    assert advice.recommended is Path.HOTFIX


def test_m2_the_hotfix_need_not_be_already_prepared():
    assert Path.HOTFIX in advise(incompatible_migration(fix_prepared=NO)).open_paths


def test_m2_roll_forward_means_the_hotfix_that_tolerates_the_schema_even_with_all_of_d5():
    answers = incompatible_migration(**dict.fromkeys(ROLL_FORWARD_NEEDS, YES))
    assert advise(answers).closed[Path.ROLL_FORWARD].rule == "M2"
    assert advise(answers).recommended is Path.HOTFIX


@pytest.mark.parametrize(
    ("hotfix", "prepared", "flag", "path"),
    [
        (YES, YES, YES, Path.HOTFIX),
        (YES, NO, YES, Path.ISOLATE),
        (YES, NO, NO, Path.HOTFIX),
        (NO, YES, YES, Path.ISOLATE),
    ],
)
def test_m2_isolates_behind_the_flag_while_the_fix_is_prepared(hotfix, prepared, flag, path):
    answers = incompatible_migration(hotfix_tolerates=hotfix, fix_prepared=prepared, flag_isolates=flag)
    assert advise(answers).recommended is path


@pytest.mark.parametrize("path", [Path.HOTFIX, Path.ISOLATE])
def test_m2_its_paths_are_closed_where_no_such_migration_is(path):
    assert advise(plain(hotfix_tolerates=YES, flag_isolates=YES)).closed[path].rule == "M2"


@pytest.mark.parametrize("customer_data", [YES, UNKNOWN])
@pytest.mark.parametrize("migration", [YES, UNKNOWN])
def test_m3_a_migration_on_customer_data_asks_the_cto_and_the_dba(migration, customer_data):
    answers = plain(migration=migration, incompatible=NO, customer_data=customer_data)
    needs = {need.rule: need for need in needs_of(answers, Path.ROLLBACK)}
    assert needs["M3"].seats == ("cto", "dba")
    assert needs["M3"].holds


def test_m3_does_not_apply_without_a_migration():
    assert "M3" not in {need.rule for need in needs_of(plain(customer_data=UNKNOWN), Path.ROLLBACK)}


def test_c1_a_confirmed_credential_leaves_the_rollback_open_and_asks_for_the_record():
    advice = advise(plain(credential_restored=YES, credential_still_valid=YES))
    assert advice.recommended is Path.ROLLBACK
    assert "C1" in {need.rule for need in advice.needs if need.holds}


def test_c1_an_unconfirmed_credential_closes_the_rollback_until_it_is_confirmed():
    advice = advise(plain(credential_restored=YES, credential_still_valid=UNKNOWN))
    assert advice.closed[Path.ROLLBACK].rule == "C1"
    assert advice.closed[Path.ROLLBACK].missing == ("credential_still_valid",)


@pytest.mark.parametrize("restored", [YES, UNKNOWN])
def test_c2_a_dead_credential_is_rotated_forward_rather_than_rolled_back_to(restored):
    advice = advise(plain(credential_restored=restored, credential_still_valid=NO))
    assert advice.recommended is Path.ROTATE_FORWARD
    assert advice.closed[Path.ROLLBACK].rule == "C2"


def test_c2_rolling_forward_brings_no_credential_back_and_stays_open():
    advice = advise(ready_to_roll_forward(credential_restored=YES))
    assert advice.recommended is Path.ROLL_FORWARD
    assert Path.ROLLBACK not in advice.open_paths


@pytest.mark.parametrize("answer", [YES, UNKNOWN])
@pytest.mark.parametrize("field", NOT_FEASIBLE)
def test_x1_each_question_alone_leaves_only_the_escalation(field, answer):
    advice = advise(ready_to_roll_forward(**{field: answer}))
    assert advice.open_paths == (Path.ESCALATE,)
    assert {closure.rule for closure in advice.closed.values()} == {"X1"}
    assert (advice.reasons[0].rule, advice.reasons[0].question) == ("X1", field)


def test_x2_the_ciso_and_the_cto_are_called():
    advice = advise(plain(data_gone=YES))
    assert [(need.rule, need.seats) for need in advice.needs] == [("X2", ("ciso", "cto"))]
    assert advice.reasons[-1].rule == "X2"


def test_x2_the_engineer_may_always_call_for_help_with_a_reason():
    assert check_choice(plain(), Path.ESCALATE, "the revert conflicts everywhere").against_advice


def test_e1_x1_goes_over_m2():
    advice = advise(incompatible_migration(data_gone=YES))
    assert advice.open_paths == (Path.ESCALATE,)


def test_e1_m2_goes_over_d():
    advice = advise(incompatible_migration(threshold_exceeded=YES))
    assert Path.ROLLBACK not in advice.open_paths


def test_e1_where_neither_holds_rollback_stays_open_beside_roll_forward():
    assert advise(ready_to_roll_forward()).open_paths == (Path.ROLLBACK, Path.ROLL_FORWARD, Path.ESCALATE)


@pytest.mark.parametrize("hotfix", [NO, UNKNOWN])
@pytest.mark.parametrize("flag", [NO, UNKNOWN])
def test_e2_a_drop_that_nothing_tolerates_or_isolates_is_x1(hotfix, flag):
    advice = advise(incompatible_migration(hotfix_tolerates=hotfix, flag_isolates=flag))
    assert advice.open_paths == (Path.ESCALATE,)
    assert "E2" in {reason.rule for reason in advice.reasons}


def test_e2_with_nothing_answered_only_the_escalation_is_open():
    assert advise(Answers()).open_paths == (Path.ESCALATE,)


def test_refusing_names_the_rule_and_says_nothing_of_an_open_path():
    refuse_path(plain(), Path.ROLLBACK)
    with pytest.raises(PathClosed) as refusal:
        refuse_path(plain(data_gone=YES), Path.ROLLBACK)
    assert str(refusal.value) == "Data is gone that the old code needs. Only the escalation is open. (X1)"


def test_what_would_change_names_the_answer_and_its_effect():
    changes = {(change.field, change.answer): change for change in advise(plain(data_gone=UNKNOWN)).would_change}
    assert changes["data_gone", NO].recommended is Path.ROLLBACK
    assert changes["data_gone", NO].sentence == (
        "“Has data been deleted or overwritten that the old code needs?” If no: the advice would be to roll back."
    )


def test_what_nobody_knows_is_said_in_one_sentence():
    closed = advise(Answers()).closed[Path.ROLLBACK]
    assert closed.sentence.count("Not known, so it counts as yes") == 1
