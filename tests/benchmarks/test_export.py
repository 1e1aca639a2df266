"""The small form of `python -m tests.benchmarks.export`: that it measures at all; goals are for a machine at rest."""

import subprocess
import sys


def test_the_export_the_verifier_and_the_appends_are_measured_against_their_goals() -> None:
    """In a process of its own, since it has engines and settings of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.export", "--entries", "20000", "--seconds", "1"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    print(ended.stdout)
    assert ended.returncode in (0, 1), ended.stdout + ended.stderr
    assert ended.stdout.count(" goal ") == 5, ended.stdout + ended.stderr
