"""The campaign: whole rollbacks, and responses beside them, on real processes, one class of fault at a time.

The journal and the ledger judge.
`python -m tests.faults.campaign [--kind WORDS] [--rounds N]`; exit 1 on anything lost, repeated, out of order or stuck.
"""

import argparse
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.faults.boundaries import PLANTED, PLANTS
from tests.faults.classes import CLASSES
from tests.faults.responses import RESPONSES
from tests.faults.stage import Stage, running_stage, throw_away
from tests.faults.turns import TURNS

if TYPE_CHECKING:
    from tests.faults.judge import Verdict

KINDS: Final = {**CLASSES, **RESPONSES, **TURNS}
HEAD: Final = ("runs", "faults", "lost", "repeated", "out of order", "stuck", "record", "asked", "   s")
TITLE: Final = f"{'':<42}{'  '.join(HEAD)}"


@dataclass
class Row:
    """What one class of fault came to, over its runs. `asked`: a person was asked, in a sentence, and retried."""

    kind: str
    runs: int = 0
    faults: int = 0
    lost: int = 0
    repeated: int = 0
    out_of_order: int = 0
    stuck: int = 0
    record: int = 0
    asked: int = 0
    seconds: float = 0.0
    words: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return self.runs > 0 and self.faults > 0 and not self.words

    def add(self, verdict: "Verdict") -> None:
        self.lost += len(verdict.lost)
        self.repeated += len(verdict.repeated)
        self.out_of_order += len(verdict.out_of_order)
        self.stuck += len(verdict.stuck)
        self.record += len(verdict.record)
        self.words += verdict.faults

    def __str__(self) -> str:
        counts = (
            self.runs, self.faults, self.lost, self.repeated, self.out_of_order, self.stuck, self.record, self.asked,
            round(self.seconds),
        )  # fmt: skip
        cells = (str(count).rjust(len(name)) for count, name in zip(counts, HEAD, strict=True))
        return f"{self.kind:<42}{'  '.join(cells)}"


def run(stage: Stage, row: Row) -> None:
    """One walk under one class of fault, added to its row; one that does not end is stuck and ends the campaign."""
    from tests.faults.walking import begin

    began, fault = time.monotonic(), KINDS[row.kind]()
    row.runs += 1
    walk = begin(stage, row.kind)
    try:
        fault.arm(walk)
        walk.go(fault)
    except Exception as broken:  # noqa: BLE001 - whatever ends a walk early is said, with the evidence kept
        row.words.append("".join(traceback.format_exception(broken)))
    missed = fault.missed(walk)
    row.words += [f"never injected: {each}" for each in missed]
    row.add(walk.verdict())
    row.faults += fault.injected
    row.asked += len(walk.asked)
    row.seconds += time.monotonic() - began
    for sentence in walk.asked:
        print(f"    a person was asked: {sentence}", flush=True)
    if row.clean:
        _make_ready_for_the_next(stage)
        walk.end()


def _make_ready_for_the_next(stage: Stage) -> None:
    stage.boundaries.clear()
    stage.sandbox.faults.clear()


def campaign(kinds: Iterable[str], rounds: int, report: Path | None) -> bool:
    """Every class, `rounds` times on one stage; keeps everything where a run is not clean, and says where."""
    rows = [Row(kind) for kind in kinds]
    with running_stage() as stage:
        print(TITLE, flush=True)
        for row in rows:
            for _ in range(rounds):
                run(stage, row)
                if row.words:
                    break
            print(row, flush=True)
            _write(report, rows)
            if row.words:
                _keep_evidence(stage, row)
                return False
    throw_away(stage)
    return True


def _write(report: Path | None, rows: list[Row]) -> None:
    if report:
        report.write_text(json.dumps([asdict(row) for row in rows]))


def _keep_evidence(stage: Stage, row: Row) -> None:
    from incidents.models import Step

    (stage.folder / "steps.json").write_text(json.dumps(list(Step.objects.values()), indent=1, default=str))
    stage.keep_queues()
    print("\n".join(f"    {words}" for words in row.words))
    print(f"Database, logs, queues and journal are kept in {stage.folder}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign; 1 where a run was not clean."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign", description=__doc__)
    parser.add_argument("--kind", action="append", default=[], help="only classes whose name holds these words")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--report", type=Path, help="write the rows here as JSON, after every class")
    parser.add_argument("--plant", choices=PLANTS, default="", help="a defect for the campaign to find")
    asked = parser.parse_args(arguments)
    os.environ[PLANTED] = asked.plant
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that everything started is stopped
    return 0 if campaign(_chosen(asked.kind), asked.rounds, asked.report) else 1


def _chosen(words: list[str]) -> list[str]:
    """The classes of these names; words that name none choose all whose name holds them."""
    parts = [each for each in words if each not in KINDS]
    return [name for name in KINDS if not words or name in words or any(part in name for part in parts)]


if __name__ == "__main__":
    sys.exit(main())
