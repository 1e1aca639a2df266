"""`make drill`: break the shop, roll it back through the console's own pages, and let the journal judge.

Nobody clicks: the drill is the on-call engineer and the reviewer. It speaks to the console only as a browser would,
and to the sandbox only as the people and machines outside would. Exit 0 only when the shop really recovered and every
effect took place exactly once, every time.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

from rich.console import Console

from sandbox.demo import Ports
from sandbox.drill.drilling import drill, figures_file
from sandbox.drill.report import Round, summary
from sandbox.supervisor import ROOT

FOLDER: Final = ROOT / ".local" / "drill"


def main(arguments: list[str] | None = None) -> int:
    """Run the drill, or several one after another; 1 where one of them was not green."""
    asked = _parser().parse_args(arguments)
    folder: Path = asked.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if asked.times == 1:
            rounds = [drill(Ports(asked.port), folder, asked.scenario, asked.number)]
        else:
            rounds = [_in_its_own_process(asked, folder, number) for number in range(1, asked.times + 1)]
            summary(Console(), rounds)
    except KeyboardInterrupt:
        return 1
    return 1 if any(each.faults for each in rounds) else 0


def _in_its_own_process(asked: argparse.Namespace, folder: Path, number: int) -> Round:
    """Settings are read once in a process, and every drill has a console of its own."""
    written = figures_file(folder, number)
    written.unlink(missing_ok=True)
    options = (f"--port={asked.port}", f"--scenario={asked.scenario}", f"--folder={folder}", f"--number={number}")
    ended = subprocess.run((sys.executable, "-m", "sandbox.drill", *options), cwd=ROOT, check=False)
    if not written.exists():
        return Round.broken_off(f"It ended by itself with {ended.returncode}.")
    return Round.read(written)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.drill", description=__doc__)
    parser.add_argument("--port", type=int, default=8600, help="the pages' port; the others follow from it")
    parser.add_argument("--scenario", default="errors")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where its logs and data are kept")
    parser.add_argument("--times", type=int, default=1, help="how many drills, one after another")
    parser.add_argument("--number", type=int, default=1, help="which of several this is: its log and figures bear it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
