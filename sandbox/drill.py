"""`make drill`: break the shop, roll it back through the console's own pages, and let the journal judge.

Nobody clicks: the drill is the on-call engineer and the reviewer. It speaks to the console only as a browser would, and
to the sandbox only as the people and machines outside would. Exit 0 only when the shop really recovered and every effect
took place exactly once.
"""

import argparse
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, Final

import httpx
from rich.console import Console
from rich.live import Live
from rich.table import Table

from rollback_console import engines
from sandbox.demo import DemoFault, Ports, readiness, start, variables
from sandbox.supervisor import ROOT, ChildEnded, Supervisor

FOLDER: Final = ROOT / ".local" / "drill"
PASSWORD: Final = "rollback-demo"
PUSH_GOAL, PULL_REQUEST_GOAL = 5.0, 10.0
ANSWERS: Final[Mapping[str, str]] = {
    "threshold_exceeded": "yes",
    "correctness_defect": "no",
    "compounding_operation": "no",
    "root_cause_identified": "no",
    "fix_small": "no",
    "fix_understood": "no",
    "fix_prepared": "no",
    "rollback_risky": "no",
    "migration": "no",
    "credential_restored": "no",
    "data_gone": "no",
    "irreversible_call": "no",
    "customer_state_changed": "no",
    "customer_impact": "yes",
}
LOOK: Final[Mapping[str, tuple[str, str]]] = {
    "done": ("✓", "green"),
    "running": ("●", "cyan"),
    "watching": ("◐", "cyan"),
    "ready": ("●", "cyan"),
    "failed": ("✗", "red"),
    "unknown": ("?", "red"),
}


class DrillFailed(Exception):
    """The drill did not reach its end; the words say what was waited for."""


@dataclass
class Browser:
    """A person at the console, as their browser speaks: a session, its token, forms."""

    client: httpx.Client

    @classmethod
    def signed_in(cls, address: str, username: str) -> "Browser":
        browser = cls(httpx.Client(base_url=address, timeout=20, trust_env=False, follow_redirects=True))
        browser.client.get("/accounts/login/")
        answer = browser.post("/accounts/login/", login=username, password=PASSWORD)
        if answer.url.path != "/":
            raise DrillFailed(f"{username} could not sign in.")
        return browser

    def post(self, path: str, /, **fields: str) -> httpx.Response:
        """Send a form; raises DrillFailed with the console's own words where it is refused."""
        token = self.client.cookies.get("csrftoken", "")
        answer = self.client.post(
            path, data=fields, headers={"X-CSRFToken": token, "Referer": str(self.client.base_url)}
        )
        if answer.is_error:
            words = " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())[:300]
            raise DrillFailed(f"{path} answered {answer.status_code}: {words}")
        return answer

    def room(self, number: str) -> dict[str, str]:
        """What the room's forms would send: its version, and the plan's digest where it shows one."""
        page = self.client.get(f"/incidents/{number}/").raise_for_status().text
        found = {
            "version": re.search(r'name="version" value="(\d+)"', page),
            "digest": re.search(r'name="digest" value="(\w+)"', page),
        }
        return {name: match.group(1) for name, match in found.items() if match}

    def act(self, number: str, what: str, **fields: str) -> None:
        """Press a button of the room, on the page as it is now."""
        self.post(f"/incidents/{number}/{what}", **self.room(number), **fields)


@dataclass
class Sight:
    """What the drill sees in the console's own rows, and when it first saw each moment."""

    number: str = ""
    moments: dict[str, datetime] = field(default_factory=dict)
    steps: list[Mapping[str, Any]] = field(default_factory=list)
    state: str = ""

    def look(self) -> None:
        """Read the newest incident; needs Django to be set up for the drill's database."""
        from incidents.models import Incident

        incident = Incident.objects.order_by("-declared_at").first()
        if incident is None:
            return
        self.number, self.state = incident.number, incident.state
        columns = ("kind", "rule", "state", "sentence", "position", "started_at", "finished_at", "evidence")
        self.steps = list(incident.steps.order_by("plan", "position", "asked_at").values(*columns))
        plan = incident.plans.order_by("-number").first()
        moments = {
            "onset": incident.onset_at,
            "declared": incident.declared_at,
            "decided": plan.made_at if plan else None,
            "executed": plan.executed_at if plan else None,
            "recovered": incident.recovered_at,
            **{str(step["kind"]): step["finished_at"] for step in self.steps if step["position"]},
        }
        self.moments = {name: at for name, at in moments.items() if at}

    def step(self, kind: str) -> Mapping[str, Any]:
        return next((step for step in self.steps if step["kind"] == kind), {})

    def table(self) -> Table:
        """Each step, its state, its time."""
        table = Table(title=f"{self.number or 'waiting for the alert'} {self.state}", title_justify="left", box=None)
        for name in ("", "rule", "step", "state", "s", ""):
            table.add_column(name, no_wrap=name != "")
        for step in self.steps:
            mark, colour = LOOK.get(step["state"], ("·", "dim"))
            begun, ended = step["started_at"], step["finished_at"]
            seconds = f"{(ended - begun).total_seconds():.1f}" if begun and ended else ""
            words = str(step["sentence"])[:90]
            kind = str(step["kind"]).replace("_", " ")
            table.add_row(f"[{colour}]{mark}[/]", step["rule"], kind, step["state"], seconds, words)
        return table


@dataclass
class Stage:
    """The running console and sandbox, and who watches."""

    supervisor: Supervisor
    ports: Ports
    live: Live
    sight: Sight

    def control(self, order: str, **body: object) -> Any:
        """Tell the sandbox what people or machines outside do."""
        answer = httpx.post(f"{self.ports.sandbox_address}/control/{order}", json=body, timeout=20, trust_env=False)
        return answer.raise_for_status().json()

    def journal(self) -> list[dict[str, Any]]:
        """Every effect that took place, in order."""
        found: list[dict[str, Any]] = httpx.get(
            f"{self.ports.sandbox_address}/journal", timeout=20, trust_env=False
        ).json()
        return found

    def wait(self, holds: Callable[[], bool], what: str, *, seconds: float) -> None:
        """Watch until it holds; raises DrillFailed after `seconds`, naming what was waited for."""

        def seen() -> bool:
            self.sight.look()
            self.live.update(self.sight.table())
            return holds()

        if not self.supervisor.attend(seen, seconds=seconds):
            stuck = [f"{s['kind']}: {s['sentence']}" for s in self.sight.steps if s["state"] in ("failed", "unknown")]
            raise DrillFailed(f"After {seconds:.0f} s still not: {what}. {' '.join(stuck)}")


def drill(stage: Stage, scenario: str) -> None:
    """From a healthy shop to a broken one to a recovered one."""
    sight, address = stage.sight, f"http://127.0.0.1:{stage.ports.pages}"
    oncall = Browser.signed_in(address, "oncall")
    bad = stage.control("break", scenario=scenario)["merged"][0]
    stage.wait(lambda: bool(sight.number), "the alert opens an incident", seconds=90)
    number = sight.number
    _suspect(stage, oncall, number, bad["sha"])
    oncall.act(number, "announce", text="Checkout answers errors. We are on it.")
    oncall.act(number, "decide", path="rollback", **ANSWERS)
    oncall.act(number, "execute")
    stage.wait(
        lambda: "number" in sight.step("review").get("evidence", {}),
        "the pull request waits for its review",
        seconds=60,
    )
    stage.control("review", number=sight.step("review")["evidence"]["number"], login="reviewer", state="APPROVED")
    stage.wait(lambda: sight.state == "recovered", "the shop has recovered", seconds=180)
    oncall.act(number, "close")
    stage.wait(lambda: sight.state == "closed", "the incident is closed", seconds=30)


def _suspect(stage: Stage, oncall: Browser, number: str, sha: str) -> None:
    """The bad change must be the suspect, and its preview ready, before anybody decides."""
    from incidents.models import Change

    def read() -> bool:
        return Change.objects.filter(sha=sha, assessment__isnull=False).exists()

    stage.wait(read, "the bad change is previewed", seconds=60)
    oncall.act(number, "suspects", sha=sha)


def judge(stage: Stage) -> list[str]:
    """What the sandbox's journal says against the drill; empty when every effect took place exactly once."""
    entries = stage.journal()
    merge = stage.sight.step("merge").get("evidence", {}).get("merge_sha", "")
    number = str(stage.sight.step("review").get("evidence", {}).get("number", ""))
    branch = stage.sight.step("push_revert").get("evidence", {}).get("branch", "")
    wanted = {
        ("branch.pushed", f"{branch}@"): 1,
        ("pull_request.opened", branch): 1,
        ("pull_request.merged", number): 1,
        ("run.started", merge): 1,
        ("deployment.succeeded", merge): 1,
    }
    faults = [
        f"{effect} {key}: {found} times, not {times}"
        for (effect, key), times in wanted.items()
        if (found := sum(e["effect"] == effect and str(e["key"]).startswith(key) for e in entries)) != times
    ]
    keys = Counter(str(e["key"]) for e in entries if e["effect"] == "message.posted")
    faults += [f"message {key}: {times} times" for key, times in keys.items() if times > 1]
    asked = [step for step in stage.sight.steps if not step["position"]]
    if len(keys) != len(asked):
        faults.append(f"{len(asked)} messages were asked for, {len(keys)} were posted")
    return faults + _sickness(stage)


def _sickness(stage: Stage) -> list[str]:
    """Whether customers are served again, by the front door itself and by the alert's own series."""
    query = {"query": "shop:http_error_ratio:rate10s"}
    answer = httpx.get(f"{stage.ports.sandbox_address}/prometheus/api/v1/query", params=query, trust_env=False).json()
    values = [float(each["value"][1]) for each in answer["data"]["result"]]
    return [] if values and max(values) < 0.05 else [f"the shop's error ratio is {values or 'unknown'}"]


def report(console: Console, sight: Sight, faults: list[str], began: float) -> None:
    """The total and its parts, and the two figures that have a goal."""
    table = Table(title="The drill and its parts", title_justify="left", box=None)
    table.add_column("from")
    table.add_column("to")
    table.add_column("s", justify="right")
    order = [
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
    ]
    known = [name for name in order if name in sight.moments]
    for before, after in pairwise(known):
        table.add_row(before, after, f"{_between(sight, before, after):.1f}")
    console.print(table)
    pushed, opened = _between(sight, "executed", "push_revert"), _between(sight, "executed", "open_pull_request")
    console.print(f"last gate → pushed branch {pushed:5.2f} s (goal ≤ {PUSH_GOAL:.0f} s)")
    console.print(f"last gate → pull request  {opened:5.2f} s (goal ≤ {PULL_REQUEST_GOAL:.0f} s)")
    console.print(f"onset → recovered         {_between(sight, 'onset', 'recovered'):5.1f} s")
    console.print(f"the whole drill           {time.monotonic() - began:5.1f} s, with starting and stopping everything")
    for fault in faults:
        console.print(f"[red]✗ {fault}[/]")
    if not faults:
        console.print("[green]✓ recovered, and every effect took place exactly once[/]")


def _between(sight: Sight, before: str, after: str) -> float:
    if before not in sight.moments or after not in sight.moments:
        return float("nan")
    return (sight.moments[after] - sight.moments[before]).total_seconds()


def run(ports: Ports, folder: Path, scenario: str, console: Console, log: IO[str]) -> int:
    """One drill on a fresh console and a fresh sandbox; 0 only when nothing is to be said against it."""
    began, sight = time.monotonic(), Sight()
    engines.find(folder).forget()
    pair = engines.ensure(folder)
    supervisor = Supervisor({**os.environ, **variables(ports, folder), **pair.variables}, out=log)
    try:
        console.print("Starting the console and the sandbox …")
        start(supervisor, ports, folder)
        _set_up_django({**variables(ports, folder), **pair.variables})
        if not supervisor.attend(lambda: _well(ports), seconds=90):
            raise DrillFailed(f"The console did not get ready: {readiness(ports)}")
        with Live(sight.table(), console=console, refresh_per_second=4, transient=not console.is_terminal) as live:
            stage = Stage(supervisor, ports, live, sight)
            drill(stage, scenario)
        faults = judge(stage)
        console.print(sight.table())
        report(console, sight, faults, began)
        return 1 if faults else 0
    finally:
        supervisor.stop()
        pair.stop()


def _well(ports: Ports) -> bool:
    found = readiness(ports)
    return bool(found) and all(part["ok"] for part in found.values())


def _set_up_django(names: Mapping[str, str]) -> None:
    """The drill reads rows as the console's own processes do, from the same environment."""
    os.environ.update(names)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_console.settings")
    import django

    django.setup()


def main(arguments: list[str] | None = None) -> int:
    """Run the drill; 1 where the shop did not recover, or an effect was lost or repeated."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.drill", description=__doc__)
    parser.add_argument("--port", type=int, default=8600, help="the pages' port; the others follow from it")
    parser.add_argument("--scenario", default="errors")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    asked = parser.parse_args(arguments)
    asked.folder.mkdir(parents=True, exist_ok=True)
    console, log = Console(), asked.folder.parent / f"{asked.folder.name}.log"
    with log.open("w", encoding="utf-8") as lines:
        try:
            return run(Ports(asked.port), asked.folder, asked.scenario, console, lines)
        except (DrillFailed, DemoFault, ChildEnded, engines.EngineFault, httpx.HTTPError) as fault:
            console.print(f"[red]✗ {fault}[/]")
            console.print(f"What every process said: {log.relative_to(ROOT) if log.is_relative_to(ROOT) else log}")
            return 1


if __name__ == "__main__":
    sys.exit(main())
