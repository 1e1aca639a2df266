"""The form's questions and their answers."""

from dataclasses import fields, replace

import pytest
from hypothesis import given

from incidents.procedure.answers import QUESTIONS, Answer, Answers, UnreadableAnswers, is_asked, unanswered
from incidents.procedure.decision import Path, closure
from tests.procedure.situations import NO, PLAIN, UNKNOWN, YES, every_answer, plain


def test_every_answer_has_its_question():
    assert [each.name for each in fields(Answers)] == list(QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_every_question_is_one_plain_sentence_with_help(question):
    assert question.text.endswith("?")
    assert question.help.endswith(".")
    assert len(question.text) <= 90


@pytest.mark.parametrize("field", ["data_gone", "irreversible_call", "customer_state_changed"])
def test_e2_dont_know_is_yes_until_answered(field):
    assert Answers().counts(field)
    assert not plain().counts(field)


@pytest.mark.parametrize("field", ["migration", "incompatible", "customer_data", "credential_restored"])
def test_e9_dont_know_counts_as_the_careful_answer(field):
    assert Answers().counts(field)


@pytest.mark.parametrize("field", ["fix_small", "fix_understood", "fix_prepared", "rollback_risky", "flag_isolates"])
def test_e9_dont_know_never_counts_in_favour_of_an_exception(field):
    assert not Answers().counts(field)


def test_e8_a_required_column_without_a_default_is_asked_for_as_one_the_old_code_fails_on():
    question = QUESTIONS["incompatible"]
    assert (question.rule, question.careful) == ("M2", YES)
    assert "a new required column without a database default" in question.help
    assert closure(plain(migration=YES, incompatible=YES, hotfix_tolerates=YES), Path.ROLLBACK).rule == "M2"
    assert closure(plain(migration=YES, incompatible=NO), Path.ROLLBACK) is None


def test_what_was_not_answered_is_not_known():
    assert Answers.from_form({"threshold_exceeded": "yes", "csrfmiddlewaretoken": "x", "migration": ""}) == Answers(
        threshold_exceeded=YES
    )


def test_an_unreadable_answer_is_named_by_its_field():
    with pytest.raises(UnreadableAnswers) as refusal:
        Answers.from_form({"data_gone": "perhaps", "migration": "YES", "fix_small": "no"})
    assert set(refusal.value.problems) == {"data_gone", "migration"}
    assert QUESTIONS["data_gone"].text in refusal.value.words


@pytest.mark.parametrize("field", ["incompatible", "customer_data"])
def test_no_migration_and_yet_one_is_a_contradiction_and_asked_again(field):
    with pytest.raises(UnreadableAnswers) as refusal:
        Answers.from_form(plain(**{field: YES}).by_field())
    assert set(refusal.value.problems) == {field}


@given(every_answer)
def test_recorded_answers_are_read_back_as_they_were(answers):
    if answers.migration is NO:
        answers = replace(answers, incompatible=NO, customer_data=UNKNOWN)
    assert Answers.from_form(answers.by_field()) == answers


@pytest.mark.parametrize(
    ("answers", "field", "asked"),
    [
        (plain(), "incompatible", False),
        (plain(migration=UNKNOWN), "incompatible", True),
        (plain(migration=YES), "flag_isolates", False),
        (plain(migration=YES, incompatible=YES), "flag_isolates", True),
        (plain(incompatible=YES), "flag_isolates", False),
        (plain(), "credential_still_valid", False),
        (plain(credential_restored=YES), "credential_still_valid", True),
        (plain(), "data_gone", True),
    ],
)
def test_a_follow_up_is_asked_only_where_it_has_a_point(answers, field, asked):
    assert is_asked(field, answers) is asked


def test_the_unanswered_questions_are_those_with_a_point():
    assert unanswered(PLAIN) == ()
    some = plain(data_gone=UNKNOWN, incompatible=UNKNOWN, customer_impact=UNKNOWN)
    assert [each.field for each in unanswered(some)] == ["data_gone", "customer_impact"]


def test_an_answer_is_given_as_it_was_said():
    assert plain().of("threshold_exceeded") is Answer.YES


def test_a_bare_word_is_no_answer():
    with pytest.raises(TypeError, match="data_gone"):
        replace(PLAIN, data_gone="yes")
