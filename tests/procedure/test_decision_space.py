"""What holds for every set of answers there is: 3^19 of them, sampled, and exhausted where the rules meet."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.procedure.answers import QUESTIONS, Answer, Answers, is_asked
from incidents.procedure.decision import (
    Path,
    PathClosed,
    advise,
    check_choice,
    closure,
    needs_of,
    open_paths,
    recommend,
)
from incidents.procedure.gates import execution_holds
from incidents.procedure.rules import RULES
from tests.procedure.situations import NO, NOT_FEASIBLE, ROLL_FORWARD_NEEDS, UNKNOWN, YES, every_answer, plain

MEETING = ("migration", "incompatible", "hotfix_tolerates", "flag_isolates", "credential_restored",
           "credential_still_valid", "data_gone", "rollback_risky")  # fmt: skip
fields = st.sampled_from(list(QUESTIONS))
MOST = settings(max_examples=200)


def _carefully(answers: Answers) -> Answers:
    """Every "don't know" replaced by the careful answer."""
    known = {field: question.careful for field, question in QUESTIONS.items() if answers.of(field) is UNKNOWN}
    return replace(answers, **known)


def _x1(careful: Answers) -> bool:
    return YES in [careful.of(field) for field in NOT_FEASIBLE]


def _m2(careful: Answers) -> bool:
    return careful.migration is YES and careful.incompatible is YES


def _c2(careful: Answers) -> bool:
    return careful.credential_restored is YES and careful.credential_still_valid is NO


def _expected(careful: Answers) -> set[Path]:
    """The open paths, told once more in other words: the procedure's sentences, one after another."""
    m2_paths = {Path.HOTFIX} if careful.hotfix_tolerates is YES else set()
    m2_paths |= {Path.ISOLATE} if careful.flag_isolates is YES else set()
    if _x1(careful):
        return {Path.ESCALATE}
    if _m2(careful):
        return {Path.ESCALATE} | m2_paths
    forward = {Path.ROLL_FORWARD} if all(careful.of(need) is YES for need in ROLL_FORWARD_NEEDS) else set()
    back = {Path.ROTATE_FORWARD} if _c2(careful) else {Path.ROLLBACK}
    return {Path.ESCALATE} | forward | back


def test_e1_the_open_paths_are_exactly_those_of_the_procedure_wherever_its_rules_meet():
    for given_ in product(Answer, repeat=len(MEETING)):
        answers = plain(fix_small=YES, fix_understood=YES, fix_prepared=YES, **dict(zip(MEETING, given_, strict=True)))
        assert set(open_paths(answers)) == _expected(_carefully(answers)), answers


@MOST
@given(every_answer)
def test_e1_the_open_paths_are_exactly_those_of_the_procedure(answers):
    assert set(open_paths(answers)) == _expected(_carefully(answers))


@MOST
@given(every_answer)
def test_e1_rollback_is_never_open_where_x1_or_m2_holds(answers):
    careful = _carefully(answers)
    assert Path.ROLLBACK not in open_paths(answers) or not (_x1(careful) or _m2(careful))


@MOST
@given(every_answer)
def test_d5_roll_forward_is_open_only_with_all_four_conditions_said_yes(answers):
    open_ = Path.ROLL_FORWARD in open_paths(answers)
    assert not open_ or all(answers.of(need) is YES for need in ROLL_FORWARD_NEEDS)


@MOST
@given(every_answer)
def test_d6_there_is_always_an_open_path_and_the_advised_one_is_open(answers):
    advice = advise(answers)
    assert advice.open_paths
    assert advice.recommended in advice.open_paths
    assert advice.reasons


@MOST
@given(every_answer)
def test_every_path_is_either_open_or_closed_by_a_rule_with_words(answers):
    shut = {path: closed for path in Path if (closed := closure(answers, path))}
    assert set(open_paths(answers)) == set(Path) - shut.keys()
    assert {each.rule for each in shut.values()} <= RULES.keys()
    assert all(each.sentence.endswith(".") for each in shut.values())


@MOST
@given(every_answer)
def test_a_closed_path_names_the_answers_that_keep_it_closed_by_that_rule(answers):
    for path in set(Path) - set(open_paths(answers)):
        shut = closure(answers, path)
        assert shut.missing
        otherwise = {field: NO if answers.counts(field) else YES for field in shut.missing}
        assert closure(replace(answers, **otherwise), path) != shut


@MOST
@given(every_answer, fields)
def test_e9_dont_know_never_opens_what_the_careful_answer_closes(answers, field):
    unknown, careful = replace(answers, **{field: UNKNOWN}), replace(answers, **{field: QUESTIONS[field].careful})
    assert set(open_paths(unknown)) <= set(open_paths(careful))


@MOST
@given(every_answer, fields)
def test_e9_dont_know_never_drops_a_need_of_the_careful_answer(answers, field):
    unknown, careful = replace(answers, **{field: UNKNOWN}), replace(answers, **{field: QUESTIONS[field].careful})
    for path in Path:
        assert {need.rule for need in needs_of(careful, path)} <= {need.rule for need in needs_of(unknown, path)}


@MOST
@given(every_answer, fields, st.sampled_from(Path))
def test_e9_dont_know_never_lets_run_what_the_careful_answer_holds(answers, field, path):
    unknown, careful = replace(answers, **{field: UNKNOWN}), replace(answers, **{field: QUESTIONS[field].careful})
    assert not execution_holds(careful, path=path) or execution_holds(unknown, path=path)


@MOST
@given(every_answer)
def test_what_would_change_is_true_and_complete(answers):
    told = {(change.field, change.answer): change for change in advise(answers).would_change}
    for field, answer in product(QUESTIONS, (YES, NO)):
        other = replace(answers, **{field: answer})
        differs = (recommend(other), open_paths(other)) != (recommend(answers), open_paths(answers))
        assert ((field, answer) in told) == (differs and is_asked(field, answers)), (field, answer)
        if change := told.get((field, answer)):
            assert (change.recommended, change.open_paths) == (recommend(other), open_paths(other))


@MOST
@given(every_answer)
def test_a_question_without_a_point_never_decides_anything(answers):
    for field in QUESTIONS:
        if not is_asked(field, answers):
            advised = {recommend(replace(answers, **{field: answer})) for answer in Answer}
            assert advised == {recommend(answers)}, field


@MOST
@given(every_answer, st.sampled_from(Path), st.sampled_from(["", "because I say so"]))
def test_d6_no_reason_takes_a_closed_path(answers, path, reason):
    if path in open_paths(answers):
        return
    with pytest.raises(PathClosed):
        check_choice(answers, path, reason)


@MOST
@given(every_answer)
def test_e9_c1_x1_m2_a_rollback_is_executed_only_where_nothing_closes_it_and_somebody_has_looked(answers):
    if execution_holds(answers):
        return
    assert answers.migration is not UNKNOWN
    assert answers.credential_restored is NO or answers.credential_still_valid is YES
    assert {answers.of(field) for field in NOT_FEASIBLE} == {NO}
    assert answers.migration is NO or answers.incompatible is NO
