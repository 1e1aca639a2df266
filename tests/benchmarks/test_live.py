"""The small form of `python -m tests.benchmarks.live`: noughts and ratios only, since machines differ."""

import subprocess
import sys


def test_the_live_stream_keeps_near_its_floor_and_delivers_everything() -> None:
    """In a process of its own, since it has engines and settings of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.live", "--viewers", "500", "--events", "20"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    print(ended.stdout)
    assert ended.returncode == 0, ended.stdout + ended.stderr
