"""The real console against the sandbox, for a browser: engines, sandbox, pages, live, worker and beat on free ports."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx

from rollback_console import engines
from sandbox.demo import PREPARE, Ports, children, readiness, variables
from sandbox.drill.browser import PASSWORD, Browser, DrillFailed
from sandbox.supervisor import ROOT, Child
from tests.faults.processes import Kept

KEPT: Final = ROOT / ".local" / "artifacts" / "browser"
PACE: Final = "--pace=0.3"
READY_SECONDS: Final = 90
ADMIT: Final = """
from django.contrib.auth.models import User
User.objects.filter(username="{0}").exists() or User.objects.create_user("{0}", password="{1}")
"""


@dataclass(frozen=True)
class Stage:
    """What runs, and the hands of those who are not in a browser."""

    folder: Path
    ports: Ports
    environment: dict[str, str]
    kept: dict[str, Kept]

    @property
    def address(self) -> str:
        return self.ports.console_address

    def control(self, order: str, **body: object) -> Any:
        """Tell the sandbox what people or machines outside do."""
        address = f"{self.ports.sandbox_address}/control/{order}"
        return httpx.post(address, json=body, timeout=30, trust_env=False).raise_for_status().json()

    def admit(self, name: str) -> None:
        """Somebody who may sign in, and nothing else."""
        command = (sys.executable, "manage.py", "shell", "--verbosity=0", "--command", ADMIT.format(name, PASSWORD))
        subprocess.run(command, cwd=ROOT, env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def declare(self, title: str, suspect: str = "") -> str:
        """An incident without an alert, as the on-call engineer declares it; else its suspect is a harmless change."""
        oncall = self._oncall()
        changes = oncall.client.get("/changes/").text.partition("#16 ")[2]
        (sha, *_) = [suspect] if suspect else re.findall(r"suspect=([0-9a-f]{40})", changes)
        told = {"title": title, "service": "shop", "severity": "2", "trigger": "U2", "customers_affected": "on"}
        return str(oncall.post("/incidents/declare/", **told, suspect=sha).url.path.split("/")[2])

    def break_shop(self, scenario: str) -> str:
        """Merge the scenario's change, and wait until the console has read it; its id."""
        sha, oncall = str(self.control("break", scenario=scenario)["merged"][0]["sha"]), self._oncall()
        page = f"/changes/shop/{sha}/"
        await_true(lambda: "What it did" in oncall.client.get(page).text, f"{scenario} is read", READY_SECONDS)
        return sha

    def end_by_hand(self, number: str) -> None:
        """It was escalated, and mended outside the console: its retrospective is open from then on."""
        oncall = self._oncall()
        oncall.act(number, "escalate", reason="It cannot be taken back.")
        oncall.act(number, "close", reason="Mended by hand.", public_stays="yes")

    def calm_down(self) -> None:
        """Whatever a test left open is ended: it did not help, and was a false alarm."""
        oncall = self._oncall()
        for number in re.findall(r'class="title" href="/incidents/(INC-[\d-]+)/', oncall.client.get("/").text):
            for way in ("close", "no-help", "false-alarm"):
                with suppress(DrillFailed):
                    oncall.act(number, way, reason="It was a test.", public_stays="yes")

    def _oncall(self) -> Browser:
        return Browser.signed_in(self.ports.console_address, "oncall")

    def freeze(self, name: str) -> None:
        """The process stops answering, and nobody is told."""
        os.killpg(self.kept[name].pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        os.killpg(self.kept[name].pid, signal.SIGCONT)


@contextmanager
def running_stage() -> Iterator[Stage]:
    """Start it all; the logs stay beside the screenshots."""
    folder, ports = Path(tempfile.mkdtemp(prefix="rollback-browser-")), free_ports()
    logs = KEPT / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        pair = engines.ensure(folder / "engines", durable=False)
        stack.callback(pair.forget)
        stack.callback(pair.stop)
        environment = {**os.environ, **variables(ports, folder), **pair.variables}
        world, *others = children(ports, folder)
        kept: dict[str, Kept] = {}
        _keep(stack, kept, replace(world, command=(*world.command, PACE)), environment, logs)
        subprocess.run(PREPARE.command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        for child in others:
            _keep(stack, kept, child, environment, logs)
        await_true(lambda: _well(ports), "the console is ready", READY_SECONDS)
        reader = Browser.signed_in(ports.console_address, "auditor")
        previewed = "reverts cleanly"
        await_true(lambda: previewed in reader.client.get("/changes/").text, "the changes are previewed", READY_SECONDS)
        yield Stage(folder, ports, environment, kept)


def _keep(stack: ExitStack, kept: dict[str, Kept], child: Child, environment: dict[str, str], logs: Path) -> None:
    log = logs / f"{child.name}.log"
    kept[child.name] = Kept(child.name, child.command, {**environment, **child.variables}, log)
    stack.callback(kept[child.name].stop)


def _well(ports: Ports) -> bool:
    found = readiness(ports)
    return bool(found) and all(part["ok"] for part in found.values())


def await_true(holds: Callable[[], bool], what: str, seconds: float) -> None:
    """Return as soon as it holds; AssertionError after `seconds`."""
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit, f"After {seconds:g} s still not: {what}"
        time.sleep(0.1)


def free_ports() -> Ports:
    """Ports for all who listen, none of them taken."""
    tried = (Ports(random.randrange(20_000, 50_000)) for _ in range(200))
    return next(ports for ports in tried if not ports.taken())
