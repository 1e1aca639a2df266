"""What T2 wants written, the silences a timeline shows, and two versions of a text."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.procedure.issues import LONGEST_TITLE, issue_body, issue_mark, issue_title
from incidents.procedure.merging_texts import MOST_COMPARED, both_in_one, difference, lines_of
from incidents.procedure.retrospective import SECTIONS, Section, late_by, silences, still_missing

NOON = datetime(2026, 5, 8, 12, 0, tzinfo=UTC)
WRITTEN = dict.fromkeys(Section, "Written.")
texts = st.lists(st.sampled_from(["a", "b", "c", "", " - d"]), max_size=12).map("\n".join)


def minutes(*after: int) -> list[datetime]:
    return [NOON + timedelta(minutes=each) for each in after]


def gaps(*after: int, end: int = 60) -> list[tuple[int, int]]:
    found = silences(minutes(*after), onset=NOON, end=NOON + timedelta(minutes=end))
    return [((gap.since - NOON).seconds // 60, (gap.until - NOON).seconds // 60) for gap in found]


def test_t2_a_timeline_marks_every_silence_between_onset_and_end() -> None:
    assert gaps(4, 15, 16, 50) == [(4, 15), (16, 50)]


def test_t2_ten_minutes_are_no_silence_yet() -> None:
    assert gaps(10, 20, 30, end=40) == []


def test_t2_what_lies_outside_the_outage_breaks_no_silence() -> None:
    assert gaps(-5, 70) == [(0, 60)]


@pytest.mark.parametrize("section", sorted(Section))
def test_t2_each_of_its_sections_must_be_written(section: Section) -> None:
    missing = still_missing(WRITTEN | {section: " \n"}, follow_ups=1, none_because="")
    assert missing == (SECTIONS[section].title,)


@pytest.mark.parametrize(
    ("follow_ups", "none_because", "missing"),
    [(0, " ", ("Follow-ups",)), (1, "", ()), (0, "All of it is tested by now.", ())],
)
def test_t2_follow_ups_are_there_or_it_says_why_there_are_none(
    follow_ups: int, none_because: str, missing: tuple[str, ...]
) -> None:
    assert still_missing(WRITTEN, follow_ups=follow_ups, none_because=none_because) == missing


@pytest.mark.parametrize(("after", "late"), [(-1, None), (0, None), (90, timedelta(minutes=90))])
def test_t1_a_term_is_missed_only_after_it(after: int, late: timedelta | None) -> None:
    assert late_by(NOON, NOON + timedelta(minutes=after)) == late


def test_without_a_term_nothing_is_late() -> None:
    assert late_by(None, NOON) is None


@given(before=texts, after=texts)
def test_a_difference_holds_both_texts_whole(before: str, after: str) -> None:
    lines = difference(before, after)
    assert [line.text for line in lines if line.side != "new"] == lines_of(before)
    assert [line.text for line in lines if line.side != "gone"] == lines_of(after)


@given(theirs=texts, mine=texts)
def test_both_in_one_loses_no_line_of_either(theirs: str, mine: str) -> None:
    kept = iter(lines_of(both_in_one(theirs, mine)))
    assert all(line in kept for line in lines_of(theirs))
    kept = iter(lines_of(both_in_one(theirs, mine)))
    assert all(line in kept for line in lines_of(mine))


def test_texts_too_long_to_compare_stand_whole() -> None:
    long = "\n".join(map(str, range(MOST_COMPARED + 1)))
    lines = difference(long, f"{long}\nmore")
    assert {line.side for line in lines} == {"gone", "new"}


def test_t2_an_issue_is_found_by_a_mark_that_no_reader_sees() -> None:
    body = issue_body(
        follow_up="7", kind="test gap", words="Test it.", incident="INC-2026-0001", title="Slow", url="http://c/r",
        owner="engineer", due_on="2026-05-20",
    )  # fmt: skip
    assert body.startswith("Test it.\n")
    assert issue_mark("7") in body
    assert "Owner: engineer. Due on 2026-05-20." in body


def test_t2_an_issues_title_is_the_first_line_and_short() -> None:
    assert issue_title("Test it.\nThoroughly.") == "Test it."
    assert len(issue_title("x" * 500)) == LONGEST_TITLE
