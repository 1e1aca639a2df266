"""A finding is overruled to the stricter side alone, to the looser with a reason and a second person (M2, M3, C1)."""

import pytest

from incidents.procedure.answers import Answer, Answers
from incidents.procedure.decision import Path, needs_of
from incidents.procedure.overruling import (
    SECONDS,
    Found,
    OverrulingNeedsReason,
    as_rows,
    from_rows,
    overruled_by,
    require_reason,
)

LOOSE = Answers(migration=Answer.YES, incompatible=Answer.NO, customer_data=Answer.NO, credential_restored=Answer.NO)
FOUND = {field: Found(Answer.YES, f"found {field}") for field in SECONDS}


def test_a_looser_answer_than_what_was_found_overrules_it() -> None:
    assert [each.field for each in overruled_by(LOOSE, FOUND)] == [
        "incompatible",
        "customer_data",
        "credential_restored",
    ]


@pytest.mark.parametrize("answer", [Answer.YES, Answer.UNKNOWN])
@pytest.mark.parametrize("field", sorted(SECONDS))
def test_the_same_or_a_careful_answer_overrules_nothing(field: str, answer: Answer) -> None:
    assert overruled_by(Answers(**{field: answer}), {field: FOUND[field]}) == ()


@pytest.mark.parametrize("found", [Answer.NO, Answer.UNKNOWN])
@pytest.mark.parametrize("field", sorted(SECONDS))
def test_to_the_stricter_side_the_engineer_answers_alone(field: str, found: Answer) -> None:
    assert overruled_by(Answers(**{field: Answer.YES}), {field: Found(found, "read")}) == ()
    assert overruled_by(Answers(**{field: Answer.NO}), {field: Found(found, "read")}) == ()


def test_what_was_found_stands_inside_a_sentence() -> None:
    overruled = overruled_by(LOOSE, {"incompatible": Found(Answer.YES, "orders.note is gone.")})
    [need] = [need for need in needs_of(LOOSE, Path.ROLLBACK, overruled) if need.holds]
    assert need.sentence.startswith("The console found: orders.note is gone. It was answered otherwise")


def test_m2_a_looser_answer_needs_a_word_why_and_says_what_was_found() -> None:
    overruled = overruled_by(LOOSE, FOUND)
    with pytest.raises(OverrulingNeedsReason, match=r"found incompatible.*the on-call DBA must agree"):
        require_reason(overruled, "  ")
    require_reason(overruled, "Nobody reads the column.")
    require_reason((), "")


@pytest.mark.parametrize(
    ("field", "rule", "role"),
    [("incompatible", "M2", "dba"), ("customer_data", "M2", "dba"), ("credential_restored", "C2", "ciso")],
)
def test_m2_c2_the_rollback_then_waits_for_the_second_person(field: str, rule: str, role: str) -> None:
    overruled = from_rows(as_rows(overruled_by(LOOSE, {field: FOUND[field]})))
    needs = [need for need in needs_of(LOOSE, Path.ROLLBACK, overruled) if need.holds]
    assert [(need.rule, need.seats) for need in needs] == [(rule, (role,))]
    assert f"found {field}" in needs[0].sentence
    assert not [need for need in needs_of(LOOSE, Path.ROLLBACK) if need.holds]
    assert not [need for need in needs_of(LOOSE, Path.HOTFIX, overruled) if need.holds]
