"""What a drill took, and what several did."""

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from sandbox.drill.sight import Sight

PUSH_GOAL, PULL_REQUEST_GOAL = 5.0, 10.0
MOMENTS: Final = (
    "onset",
    "declared",
    "decided",
    "executed",
    "push_revert",
    "open_pull_request",
    "review",
    "merge",
    "deploy",
    "recovered",
)


@dataclass(frozen=True, slots=True)
class Round:
    """One drill's figures in seconds, NaN where it did not get there; it is green without faults."""

    pushed: float
    pull_request: float
    recovered: float
    whole: float
    faults: tuple[str, ...]

    @classmethod
    def of(cls, sight: Sight, whole: float, faults: Sequence[str]) -> "Round":
        """`pushed` and `pull_request` count from the last gate, `recovered` from the first error."""
        pushed, opened = sight.seconds("executed", "push_revert"), sight.seconds("executed", "open_pull_request")
        return cls(pushed, opened, sight.seconds("onset", "recovered"), whole, tuple(faults))

    @classmethod
    def broken_off(cls, fault: str) -> "Round":
        return cls(math.nan, math.nan, math.nan, math.nan, (fault,))

    @classmethod
    def read(cls, file: Path) -> "Round":
        content = json.loads(file.read_text(encoding="utf-8"))
        return cls(**{**content, "faults": tuple(content["faults"])})

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @property
    def figures(self) -> tuple[float, float, float, float]:
        return self.pushed, self.pull_request, self.recovered, self.whole


def report(console: Console, sight: Sight, found: Round) -> None:
    """The total and its parts, and the two figures that have a goal."""
    table = Table(title="The drill and its parts", title_justify="left", box=None)
    for end in ("from", "to"):
        table.add_column(end)
    table.add_column("s", justify="right")
    for before, after in pairwise(name for name in MOMENTS if name in sight.moments):
        table.add_row(before, after, f"{sight.seconds(before, after):.1f}")
    console.print(sight.table(), table)
    console.print(f"last gate → pushed branch {_judged(found.pushed, PUSH_GOAL)} s (goal ≤ {PUSH_GOAL:.0f} s)")
    goal = PULL_REQUEST_GOAL
    console.print(f"last gate → pull request  {_judged(found.pull_request, goal)} s (goal ≤ {goal:.0f} s)")
    console.print(f"onset → recovered         {found.recovered:5.1f} s")
    console.print(f"the whole drill           {found.whole:5.1f} s, with starting and stopping everything")
    for fault in found.faults:
        console.print(f"[red]✗ {fault}[/]")
    if not found.faults:
        console.print("[green]✓ recovered, and every effect took place exactly once[/]")


def summary(console: Console, rounds: Sequence[Round]) -> None:
    """A row for each drill, then the smallest, the middle and the largest of the green ones."""
    green = [each for each in rounds if not each.faults]
    table = Table(title=f"{len(green)} of {len(rounds)} drills green", title_justify="left", box=None)
    for name in ("drill", "→ pushed branch", "→ pull request", "onset → recovered", "the whole drill"):
        table.add_column(name, justify="right")
    for place, each in enumerate(rounds, 1):
        table.add_row(f"[red]✗[/] {place}" if each.faults else f"[green]✓[/] {place}", *_cells(each.figures))
    if green:
        table.add_section()
        for name, choose in (("min", min), ("median", statistics.median), ("max", max)):
            columns = zip(*(each.figures for each in green), strict=True)
            table.add_row(name, *_cells([choose(column) for column in columns]))
    console.print(table)


def _cells(figures: Sequence[float]) -> list[str]:
    pushed, opened, *totals = figures
    return [_judged(pushed, PUSH_GOAL), _judged(opened, PULL_REQUEST_GOAL), *(_shown(each, 1) for each in totals)]


def _judged(seconds: float, goal: float) -> str:
    return _shown(seconds, 2) if seconds <= goal or math.isnan(seconds) else f"[red]{_shown(seconds, 2)}[/]"


def _shown(seconds: float, digits: int) -> str:
    return "–" if math.isnan(seconds) else f"{seconds:5.{digits}f}"
