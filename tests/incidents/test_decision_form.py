"""The form asks what can close a rollback, advises nothing aloud before, and never answers for anybody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.procedure.answers import QUESTIONS, UnreadableAnswers
from incidents.procedure.decision import Path
from incidents.queries.decisions import GUARDS, Form, advice_view, question_groups

KNOWN = {"threshold_exceeded": "yes", "customer_impact": "yes"}
DEFAULT = dict.fromkeys(
    ("data_gone", "irreversible_call", "customer_state_changed", "migration", "credential_restored"), "no"
)
forms = st.dictionaries(st.sampled_from(sorted(QUESTIONS)), st.sampled_from(["yes", "no", "unknown"]))


def form(**words: str) -> Form:
    return Form.of({**KNOWN, **words})


def test_before_anybody_answers_five_questions_are_open_and_nothing_is_advised_aloud() -> None:
    view = advice_view(form(), change="#17")
    assert view.words == "5 questions still open."
    assert (view.tone, view.closes, view.fired) == ("wait", "X1", ())
    assert [question.rule for question in view.pending] == ["X1", "X1", "X1", "M1", "C1"]


def test_d1_five_answers_are_enough_for_the_default_where_the_alert_has_fired() -> None:
    view = advice_view(form(**DEFAULT), change="#17")
    assert (view.advised, view.act, view.pending, view.blockers) == (Path.ROLLBACK, "Roll back #17", (), ())
    assert [fired.rule for fired in view.fired] == ["D1"]


@pytest.mark.parametrize(
    ("answered", "rule"),
    [({"correctness_defect": "yes"}, "D2"), ({"compounding_operation": "yes"}, "D3"), ({}, "D4")],
)
def test_d2_d3_d4_without_an_alert_the_advice_names_the_ground_for_the_rollback(
    answered: dict[str, str], rule: str
) -> None:
    calm = {"threshold_exceeded": "no", "correctness_defect": "no", "compounding_operation": "no"}
    known = {"root_cause_identified": "no" if rule == "D4" else "yes"}
    view = advice_view(form(**DEFAULT, **{**calm, **known, **answered}), change="#17")
    assert (view.advised, [fired.rule for fired in view.fired]) == (Path.ROLLBACK, [rule])


@pytest.mark.parametrize("word", ["yes", "unknown"])
def test_what_cannot_be_taken_back_is_escalated_aloud_whatever_is_still_open(word: str) -> None:
    view = advice_view(form(data_gone=word))
    assert (view.advised, view.tone, view.pending) == (Path.ESCALATE, "danger", ())


@pytest.mark.parametrize("missing", DEFAULT)
def test_one_open_question_keeps_the_rollback_from_being_advised(missing: str) -> None:
    view = advice_view(form(**{field: word for field, word in DEFAULT.items() if field != missing}), change="#17")
    assert [question.key for question in view.pending] == [missing]
    assert view.words == "1 question still open."


@pytest.mark.parametrize(("word", "shown"), [("", False), ("no", False), ("yes", True), ("unknown", True)])
def test_a_question_that_follows_another_waits_for_its_yes_or_dont_know(word: str, shown: bool) -> None:
    asked = form(migration=word)
    assert asked.shows("incompatible") is shown
    assert not asked.shows("hotfix_tolerates")


@given(forms)
def test_nothing_is_answered_for_anybody(words: dict[str, str]) -> None:
    try:
        read = Form.of(words)
    except UnreadableAnswers:
        return
    questions = [question for group in question_groups(read, {}) for question in group.questions]
    assert {question.key: question.answer for question in questions if question.answer} == words


@given(forms)
def test_a_rollback_is_never_one_press_away_while_a_guard_that_could_close_it_is_open(words: dict[str, str]) -> None:
    try:
        read = Form.of(words)
    except UnreadableAnswers:
        return
    view = advice_view(read, change="#17")
    if view.advised == Path.ROLLBACK and not view.pending and not view.blockers:
        assert read.open_in(*GUARDS) == ()


def test_a_rollback_without_a_named_change_asks_for_its_name() -> None:
    assert advice_view(form(**DEFAULT)).nameless


def test_groups_that_need_nobody_now_are_folded_and_say_why() -> None:
    groups = {group.key: group for group in question_groups(form(), {})}
    assert [key for key, group in groups.items() if group.folded] == ["decide", "roll_forward", "customers"]
    assert "closes roll-forward" in groups["roll_forward"].words
    assert groups["irreversible"].said == "3 open"
    answered = {group.key: group for group in question_groups(form(**DEFAULT), {})}
    assert (answered["irreversible"].said, answered["migrations"].said) == ("all no", "no")
