"""The small form of `python -m tests.benchmarks.pages`: what each page asks of the database, whatever the machine."""

import subprocess
import sys


def test_no_page_asks_more_of_the_database_than_it_may() -> None:
    """In a process of its own, since it has engines and settings of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.pages", "--incidents", "200", "--rounds", "1"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    print(ended.stdout)
    assert ended.returncode == 0, ended.stdout + ended.stderr
