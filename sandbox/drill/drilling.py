"""One drill, from a fresh console and a fresh sandbox to its figures."""

import time
from pathlib import Path
from typing import Final

import httpx
from rich.console import Console

from rollback_console import engines
from sandbox.demo import DemoFault, Ports
from sandbox.drill.browser import DrillFailed
from sandbox.drill.judge import judge
from sandbox.drill.report import Round, report
from sandbox.drill.rollback import roll_back
from sandbox.drill.sight import Sight
from sandbox.drill.stage import fresh_stage
from sandbox.supervisor import ROOT, ChildEnded

BROKEN_OFF: Final = (DrillFailed, DemoFault, ChildEnded, engines.EngineFault, httpx.HTTPError)


def figures_file(folder: Path, number: int) -> Path:
    return folder / f"drill-{number}.json"


def drill(ports: Ports, folder: Path, scenario: str, number: int) -> Round:
    """One drill on a fresh console and a fresh sandbox, shown as it happens; what broke it off is among its faults.

    What every process said, and the figures, stay in `folder` under the drill's number.
    """
    stage_folder, log = folder / "stage", folder / f"drill-{number}.log"
    began, sight, console = time.monotonic(), Sight(), Console()
    console.print("Starting the console and the sandbox …")
    try:
        if taken := ports.taken():
            raise DemoFault(f"Port {' and '.join(map(str, taken))} taken: choose others by --port.")
        stage_folder.mkdir(exist_ok=True)
        with log.open("w", encoding="utf-8") as lines, fresh_stage(ports, stage_folder, console, lines) as stage:
            sight = stage.sight
            roll_back(stage, scenario)
            faults = judge(stage)
    except BROKEN_OFF as fault:
        shown = log.relative_to(ROOT) if log.is_relative_to(ROOT) else log
        faults = [f"{fault} What every process said: {shown}"]
    found = Round.of(sight, time.monotonic() - began, faults)
    report(console, sight, found)
    found.write(figures_file(folder, number))
    return found
