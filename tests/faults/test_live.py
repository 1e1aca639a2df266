"""The short form of `python -m tests.faults.live`."""

import subprocess
import sys


def test_killed_processes_and_lost_doorbells_cost_no_page_an_entry() -> None:
    """In a process of its own, since it has engines and settings of its own."""
    command = [sys.executable, "-m", "tests.faults.live", "--clients", "60", "--seconds", "8"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    print(ended.stdout)
    assert ended.returncode == 0, ended.stdout + ended.stderr
