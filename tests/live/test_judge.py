"""The chaos program's judge must see each kind of miss, or its noughts mean nothing."""

import pytest

from tests.faults.live import Tally


@pytest.mark.parametrize(
    ("seen", "misses"),
    [
        ([1, 2, 3, 4], (0, 0, 0, 0)),
        ([1, 2, 4], (1, 0, 0, 0)),
        ([1, 2, 3, 3, 4], (0, 1, 0, 0)),
        ([1, 3, 2, 4], (0, 0, 1, 0)),
        ([1, 2], (0, 0, 0, 2)),
        ([], (0, 0, 0, 4)),
        ([2, 2, 1], (0, 1, 1, 2)),
    ],
)
def test_every_kind_of_miss_is_counted(seen: list[int], misses: tuple[int, int, int, int]) -> None:
    tally = Tally(events=4)
    tally.count(seen, head=4)
    assert (tally.lost, tally.twice, tally.order, tally.tail) == misses
    assert tally.clean is (misses == (0, 0, 0, 0))


def test_a_run_without_events_proves_nothing() -> None:
    assert not Tally().clean
    assert not Tally(events=1, resets=1).clean
