"""What the counters make of what customers met."""

import math

import pytest

from sandbox.shop.traffic import Traffic

UP = {"eu-1": True, "eu-2": False}


def watched(*answers: tuple[int, float], until: float = 10.0) -> Traffic:
    traffic = Traffic()
    traffic.snapshot(UP, at=0.0)
    for status, seconds in answers:
        traffic.record(status, seconds)
    traffic.snapshot(UP, at=until)
    return traffic


def test_the_error_ratio_counts_server_errors_only() -> None:
    window = watched((200, 0.1), (404, 0.1), (500, 0.1), (503, 0.1)).window(end=10.0, seconds=10.0)
    assert window is not None
    assert window.error_ratio == 0.5


def test_where_nobody_came_the_ratio_is_no_number() -> None:
    window = watched().window(end=10.0, seconds=10.0)
    assert window is not None
    assert math.isnan(window.error_ratio)
    assert math.isnan(window.latency(0.95))


def test_latency_lies_in_the_bucket_of_the_slowest_twentieth() -> None:
    window = watched(*[(200, 0.02)] * 94, *[(200, 0.7)] * 6).window(end=10.0, seconds=10.0)
    assert window is not None
    assert 0.5 < window.latency(0.95) <= 0.75
    assert window.latency(0.5) < 0.025


@pytest.mark.parametrize("moment", [-1.0, 0.0, 60.0])
def test_when_nobody_watched_there_is_no_window(moment: float) -> None:
    assert watched((200, 0.1)).window(end=moment, seconds=10.0) is None


def test_a_window_sees_only_its_own_seconds() -> None:
    traffic = watched((500, 0.1))
    traffic.record(200, 0.1)
    traffic.snapshot(UP, at=12.0)
    window = traffic.window(end=12.0, seconds=2.0)
    assert window is not None
    assert (window.requests, window.errors) == (1, 0)
    assert window.up == UP
