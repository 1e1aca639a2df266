"""The running console and sandbox of one drill."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
from rich.console import Console
from rich.live import Live

from rollback_console import engines
from sandbox.demo import Ports, readiness, start, variables
from sandbox.drill.browser import DrillFailed
from sandbox.drill.sight import Sight
from sandbox.supervisor import Supervisor


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


@contextmanager
def fresh_stage(ports: Ports, folder: Path, console: Console, log: IO[str]) -> Iterator[Stage]:
    """A console and a sandbox of the first day, ready; both are stopped on the way out. Raises DrillFailed."""
    engines.find(folder).forget()
    pair = engines.ensure(folder)
    names = {**variables(ports, folder), **pair.variables}
    supervisor = Supervisor({**os.environ, **names}, out=log)
    try:
        start(supervisor, ports, folder)
        _set_up_django(names)
        if not supervisor.attend(lambda: _well(ports), seconds=90):
            raise DrillFailed(f"The console did not get ready: {readiness(ports)}")
        sight = Sight()
        with Live(sight.table(), console=console, refresh_per_second=4, transient=True) as live:
            yield Stage(supervisor, ports, live, sight)
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

    django.setup()  # the settings read the environment above
