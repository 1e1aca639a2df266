"""Runs the suites of the tests one after another and sums them up: `python -m tests.suites unit browser faults`."""

import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

ROOT: Final = Path(__file__).resolve().parent.parent
REPORTS: Final = ROOT / ".local" / "reports"
PROVED: Final = ("approvals/test_machine.py", "approvals/test_defects.py", "incidents/test_machine.py")
SUITES: Final[dict[str, list[str]]] = {
    "unit": ["-n", "2", "--dist", "worksteal", "-m", "not browser and not faults and not benchmark and not real"],
    "browser": ["-m", "browser"],
    "faults": ["-m", "faults"],
    "benchmarks": ["-m", "benchmark"],
    "real": ["-m", "real"],
    "prove": [f"tests/{room}" for room in PROVED],
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one suite came to. A suite that ran nothing has failed."""

    suite: str
    passed: int
    failed: int
    skipped: int
    seconds: float
    exit_code: int
    shaky: int = 0

    @property
    def good(self) -> bool:
        return self.exit_code == 0 and self.passed > 0

    def __str__(self) -> str:
        parts = [f"{self.passed} passed"]
        parts += [f"{count} {word}" for count, word in ((self.failed, "failed"), (self.skipped, "skipped")) if count]
        parts += [f"{self.shaky} of them only at the second attempt"] if self.shaky else []
        parts += [] if self.good or self.failed else [f"pytest ended with {self.exit_code}"]
        return f"{self.suite}: {', '.join(parts)} in {self.seconds:.0f} s"


def run(suite: str) -> Outcome:
    """Run one suite in a pytest of its own, and what failed once more: whole stacks run here, on shared machines.

    A real defect fails twice. What passed only at the second attempt is counted in the summary, to be looked at.
    """
    first = run_once(suite)
    if not first.failed:
        return first
    again = run_once(suite, "--last-failed")
    return replace(
        first,
        passed=first.passed + again.passed,
        failed=again.failed,
        seconds=first.seconds + again.seconds,
        exit_code=again.exit_code,
        shaky=again.passed,
    )


def run_once(suite: str, *options: str) -> Outcome:
    """One pytest of one suite."""
    report = REPORTS / f"{suite}.xml"
    report.unlink(missing_ok=True)
    begun = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", *SUITES[suite], *options, "--junit-xml", str(report)]
    ended = subprocess.run(command, cwd=ROOT, check=False)
    return read(suite, report, time.monotonic() - begun, ended.returncode)


def read(suite: str, report: Path, seconds: float, exit_code: int) -> Outcome:
    """The outcome as pytest wrote it down; nothing passed where it wrote nothing."""
    if not report.exists():
        return Outcome(suite, 0, 0, 0, seconds, exit_code)
    counts = next(ET.parse(report).iter("testsuite")).attrib
    failed = int(counts["failures"]) + int(counts["errors"])
    skipped = int(counts["skipped"])
    return Outcome(suite, int(counts["tests"]) - failed - skipped, failed, skipped, seconds, exit_code)


def main(suites: list[str]) -> int:
    """Run the suites, print one line that sums up, and say by the exit code whether all is well."""
    if not suites or (strangers := [suite for suite in suites if suite not in SUITES]):
        print(f"Name suites among {', '.join(SUITES)}; not {', '.join(strangers) if suites else 'nothing'}.")
        return 2
    outcomes = [run(suite) for suite in suites]
    print(" · ".join(map(str, outcomes)))
    return 0 if all(outcome.good for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
