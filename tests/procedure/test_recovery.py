"""R5 and E12: is it over?"""

from datetime import UTC, datetime, timedelta
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.procedure.recovery import STALE_AFTER, Sample, judge

DEPLOYED = datetime(2026, 5, 8, 3, 0, tzinfo=UTC)
STEP = timedelta(seconds=15)
GOOD, BAD = 0.1, 8.0


def series(*values, start=DEPLOYED + STEP):
    return [Sample(start + number * STEP, value) for number, value in enumerate(values)]


def judged(samples, **changes):
    now = max((each.at for each in samples), default=DEPLOYED)
    known = {
        "threshold": 1.0,
        "above": True,
        "deployed_at": DEPLOYED,
        "needed": 3,
        "alert_state": "inactive",
        "now": now,
    }
    return judge(samples, **known | changes)


def test_r5_the_alert_inactive_and_enough_good_samples_since_the_deploy_are_recovery():
    recovery = judged(series(BAD, GOOD, GOOD, GOOD))
    assert (recovery.state, recovery.good, recovery.needed) == ("recovered", 3, 3)


@pytest.mark.parametrize("count", [1, 2])
def test_e12_too_few_good_samples_are_not_yet_recovery(count):
    recovery = judged(series(BAD, *[GOOD] * count))
    assert (recovery.state, recovery.good) == ("not_yet", count)


def test_e12_good_samples_count_only_in_a_row():
    assert judged(series(GOOD, GOOD, BAD, GOOD, GOOD)).state == "not_yet"


def test_e12_on_the_threshold_is_not_under_it():
    assert judged(series(1.0, 1.0, 1.0)).good == 0


def test_e12_samples_before_or_at_the_deploy_count_for_nothing():
    before = series(GOOD, GOOD, GOOD, GOOD, start=DEPLOYED - 3 * STEP)
    assert judged(before).state == "no_data"


def test_e12_samples_of_the_future_count_for_nothing():
    assert judged(series(GOOD, GOOD, GOOD), now=DEPLOYED + STEP).good == 1


@pytest.mark.parametrize("state", ["firing", "pending"])
def test_e12_an_alert_that_is_not_inactive_is_not_recovery(state):
    assert judged(series(GOOD, GOOD, GOOD), alert_state=state).state == "not_yet"


@pytest.mark.parametrize("state", [None, "", "nodata"])
def test_e12_an_alert_whose_state_is_not_known_is_inconclusive(state):
    assert judged(series(GOOD, GOOD, GOOD), alert_state=state).state == "inconclusive"


@pytest.mark.parametrize("missing", [None, nan, inf, -inf])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_e12_a_missing_sample_is_never_good(missing, place):
    values = [GOOD, GOOD, GOOD]
    values[place] = missing
    assert judged(series(GOOD, *values)).state == "inconclusive"


@pytest.mark.parametrize("samples", [[], series(None, nan, None)], ids=["empty", "empty values"])
def test_e12_silence_is_never_recovery(samples):
    assert judged(samples).state == "no_data"


def test_e12_a_series_that_stopped_is_silence():
    samples = series(GOOD, GOOD, GOOD)
    assert judged(samples, now=samples[-1].at + STALE_AFTER).state == "recovered"
    assert judged(samples, now=samples[-1].at + STALE_AFTER + timedelta(seconds=1)).state == "no_data"


def test_e12_a_gap_in_the_series_breaks_the_row():
    samples = series(GOOD, GOOD, GOOD, GOOD)
    del samples[2]
    assert judged(samples, every=STEP).good == 1
    assert judged(samples).good == 3


def test_e12_the_same_sample_read_twice_counts_once():
    assert judged(series(GOOD) * 3).good == 1


def test_e12_of_two_samples_for_one_moment_the_worse_counts():
    assert judged([*series(GOOD, GOOD, GOOD), *series(GOOD, GOOD, BAD)]).good == 0


def test_an_alert_on_too_little_is_judged_the_other_way_round():
    assert judged(series(5.0, 5.0, 5.0), above=False).state == "recovered"
    assert judged(series(0.5, 0.5, 0.5), above=False).state == "not_yet"


def test_no_samples_needed_would_make_silence_recovery_and_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        judged(series(GOOD), needed=0)


values = st.none() | st.floats()


@given(st.lists(values, max_size=12), st.integers(1, 5), st.sampled_from(["inactive", "firing", "pending", None]))
def test_e12_recovery_always_means_enough_good_samples_and_an_inactive_alert(given_values, needed, state):
    samples = series(*given_values)
    recovery = judged(samples, needed=needed, alert_state=state)
    last = [each.value for each in samples[-needed:]]
    good = len(last) == needed and all(value is not None and -inf < value < 1.0 for value in last)
    assert (recovery.state == "recovered") == (good and state == "inactive")
    assert recovery.sentence.endswith(".")


@given(st.lists(values, max_size=12), st.randoms())
def test_the_order_in_which_samples_arrive_changes_nothing(given_values, chance):
    samples = series(*given_values)
    shuffled = samples.copy()
    chance.shuffle(shuffled)
    assert judged(shuffled) == judged(samples)
