"""S4: no speculation."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.procedure.speculation import Speculation, speculation_in


@pytest.mark.parametrize(
    ("kind", "text", "marked"),
    [
        ("cause", "Errors because of the loyalty release", ["because of"]),
        ("cause", "The outage was caused by a bad index", ["caused"]),
        ("cause", "Root cause: the cache", ["Root cause"]),
        ("cause", "The new index broke checkout", ["index broke"]),
        ("guess", "It is probably the database", ["probably"]),
        ("guess", "Looks like checkout might be down", ["Looks like", "might"]),
        ("guess", "We think it is DNS", ["We think"]),
        ("name", "@engineer is looking at it", ["@engineer"]),
        ("name", "ask <@U0123ABC>", ["<@U0123ABC>"]),
        ("promise", "It will be fixed", ["will be fixed"]),
        ("promise", "Back in 10 minutes", ["in 10 minutes"]),
        ("promise", "Resolved by 15:00", ["Resolved by 15:00"]),
        ("promise", "It won’t happen again", ["won’t happen again"]),
    ],
)
def test_s4_causes_guesses_names_and_promises_are_marked(kind, text, marked):
    marks = speculation_in(text)
    assert [mark.text for mark in marks] == marked
    assert {mark.kind for mark in marks} == {Speculation(kind)}


@pytest.mark.parametrize(
    "text",
    [
        "5xx ratio at checkout above 1 % since 14:25 UTC.",
        "Decided: roll back #1187. Revert pushed, pull request #1191 open.",
        "@here checkout answers 500; rolling back.",
        "Mail to status@example.com fails.",
        "The seam carver in the metadata guesthouse is unaffected.",
        "Errors for 12 minutes; 3 of 4 regions affected.",
    ],
)
def test_s4_plain_facts_are_left_alone(text):
    assert speculation_in(text) == ()


def test_s4_known_people_are_marked_by_name_and_whole_words_only():
    marks = speculation_in("reviewer One merged it; the reviewers agree", people=["Reviewer One", " "])
    assert [(mark.start, mark.text, mark.kind) for mark in marks] == [(0, "reviewer One", Speculation.NAME)]


def test_s4_every_mark_says_why():
    (mark,) = speculation_in("Maybe DNS")
    assert mark.reason == "“Maybe” is a guess; say what is known."


PHRASES = st.sampled_from(["because ", "it seems ", "@engineer ", "back in 5 minutes ", "500s at checkout. ", "soon"])


@given(st.lists(PHRASES | st.text(max_size=5)).map("".join))
def test_marks_are_stretches_of_the_text_in_order_and_never_overlap(text):
    marks = speculation_in(text)
    assert all(text[mark.start : mark.end] == mark.text for mark in marks)
    assert all(one.end <= other.start for one, other in itertools.pairwise(marks))


def test_a_mark_within_another_is_not_told_twice():
    assert [mark.text for mark in speculation_in("@engineer looks", people=["engineer"])] == ["@engineer"]
