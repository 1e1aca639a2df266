"""The benchmark of readings measures what it says, at a small size; its goal is for a quiet machine."""

import pytest

from tests.benchmarks import assessment

pytestmark = pytest.mark.benchmark


def test_it_measures_and_says_whether_the_goal_is_met(capsys: pytest.CaptureFixture[str]) -> None:
    assert assessment.main(["--merges", "300"]) == 0
    said = capsys.readouterr().out
    assert "299 merges" in said
    assert "goal p95" in said
