"""Who is told of what is due, and when: each mark once, none early, the late ones marked, nothing in a burst (T1)."""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from incidents.procedure.deadlines import (
    LATE_AFTER,
    MARKS,
    RUNGS,
    DeadlineKind,
    end_of,
    following,
    following_rung,
    plan_of,
    tell,
)
from tests.procedure.simulated_clock import Story, random_story

BERLIN = ZoneInfo("Europe/Berlin")
DUE = datetime(2026, 5, 9, 12, tzinfo=UTC)
RETROSPECTIVE = plan_of(DeadlineKind.RETROSPECTIVE, since=DUE - timedelta(hours=24), due_at=DUE, office=BERLIN)
STORIES = 10_000


@pytest.fixture(scope="module")
def stories() -> list[Story]:
    chance = random.Random(20260508)
    return [random_story(chance) for _ in range(STORIES)]


def names(told) -> list[str]:
    return [each.planned.mark.name for each in told if not each.passed_over]


# ── 10,000 random schedules with restarts and jumps ──────────────────────────────────────────────────────────────────
def test_t1_each_mark_is_settled_exactly_once_whatever_the_scheduler_went_through(stories):
    for story in stories:
        settled = [each.planned.mark.name for each in story.settled]
        assert len(settled) == len(set(settled))
        if story.done_at is None:
            assert set(settled) == {each.mark.name for each in story.planned}


def test_t1_nobody_is_told_before_the_moment(stories):
    assert all(each.planned.at <= waking.clock for story in stories for waking in story.wakings for each in waking.told)


def test_t1_what_is_told_late_is_marked_late_and_what_is_in_time_is_not(stories):
    for waking in (each for story in stories for each in story.wakings):
        for told in waking.told:
            lateness = waking.clock - told.planned.at
            assert told.late == (lateness if lateness > LATE_AFTER else timedelta(0))


def test_t1_nobody_gets_more_than_one_message_at_a_waking_and_it_is_the_newest(stories):
    for waking in (each for story in stories for each in story.wakings):
        said = {each.planned.mark.ear: each.planned.at for each in waking.told if not each.passed_over}
        assert len(said) == sum(not each.passed_over for each in waking.told)
        assert all(each.planned.at <= said[each.planned.mark.ear] for each in waking.told)


def test_t1_what_is_done_is_told_of_no_more(stories):
    done = [story for story in stories if story.done_at is not None]
    assert done
    assert all(waking.clock < story.done_at for story in done for waking in story.wakings)


def test_the_stories_hold_sleeps_bursts_and_jumps_back(stories):
    """The simulation would prove nothing without them."""
    wakings = [waking for story in stories for waking in story.wakings]
    assert any(each.passed_over for waking in wakings for each in waking.told)
    assert any(each.late > timedelta(hours=24) for waking in wakings for each in waking.told)
    assert any(after.clock < before.clock for s in stories for before, after in pairwise(s.wakings))


# ── one by one ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (-7, []),
        (-6, ["6 hours before"]),
        (-1, ["1 hour before"]),
        (0, ["due"]),
        (1, ["due", "1 hour after"]),
        (24, ["due", "1 hour after", "a day after"]),
    ],
)
def test_t1_after_a_sleep_the_newest_is_said_once_to_each_the_ladder_climbs_on(hours, said):
    assert names(tell(RETROSPECTIVE, told=set(), now=DUE + timedelta(hours=hours))) == said


def test_t1_a_scheduler_that_slept_a_day_passes_over_what_was_missed_and_says_so():
    told = tell(RETROSPECTIVE, told=set(), now=DUE + timedelta(minutes=30))
    assert [(each.planned.mark.name, each.passed_over) for each in told] == [
        ("6 hours before", True), ("1 hour before", True), ("due", False),
    ]  # fmt: skip
    assert told[-1].late == timedelta(minutes=30)


def test_t1_what_lay_before_the_setting_is_none_of_its_marks():
    planned = plan_of(DeadlineKind.RETROSPECTIVE, since=DUE - timedelta(hours=2), due_at=DUE, office=BERLIN)
    assert planned[0].mark.name == "1 hour before"


def test_t1_a_clock_set_back_tells_nobody_again():
    assert tell(RETROSPECTIVE, told={"6 hours before", "1 hour before"}, now=DUE - timedelta(hours=3)) == ()


@pytest.mark.parametrize(
    ("day", "ends", "hours"),
    [
        (date(2026, 3, 29), datetime(2026, 3, 29, 22, tzinfo=UTC), 23),
        (date(2026, 10, 25), datetime(2026, 10, 25, 23, tzinfo=UTC), 25),
        (date(2026, 5, 8), datetime(2026, 5, 8, 22, tzinfo=UTC), 24),
    ],
)
def test_t2_a_day_ends_at_its_own_midnight_whatever_daylight_saving_makes_of_it(day, ends, hours):
    assert end_of(day, BERLIN) == ends
    assert end_of(day, BERLIN) - end_of(day - timedelta(days=1), BERLIN) == timedelta(hours=hours)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 5, 8)])
def test_t2_a_follow_up_is_told_of_at_nine_by_the_office_clock_on_both_sides_of_daylight_saving(day):
    due_at = end_of(day, BERLIN)
    planned = plan_of(DeadlineKind.FOLLOW_UP, since=due_at - timedelta(days=9), due_at=due_at, office=BERLIN)
    local = [each.at.astimezone(BERLIN) for each in planned]
    assert [at.date() - day for at in local] == [timedelta(days=days) for days in (-1, 0, 1, 3)]
    assert {(at.hour, at.minute) for at in local} == {(9, 0)}


def test_t1_the_escalation_that_comes_next_is_the_first_rung_that_was_not_told():
    assert following_rung(RETROSPECTIVE, set()).mark.ear == "cto"
    assert following_rung(RETROSPECTIVE, {"1 hour after"}).mark.ear == "ciso"
    assert following_rung(RETROSPECTIVE, {"1 hour after", "a day after"}) is None
    assert following(RETROSPECTIVE, {"6 hours before"}).mark.name == "1 hour before"


@pytest.mark.parametrize("kind", DeadlineKind)
def test_marks_of_a_kind_have_names_of_their_own_and_climb(kind):
    marks = MARKS[kind]
    assert len({mark.name for mark in marks}) == len(marks)
    rungs = [mark.ear for mark in marks if mark.ear in RUNGS]
    assert rungs == sorted(rungs, key=["cto", "ciso"].index)
