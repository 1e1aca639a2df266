"""`make demo`: the whole console against the sandbox, in the foreground, on the embedded engines."""

import argparse
import hashlib
import os
import re
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

import httpx

from rollback_console import engines
from sandbox import secrets
from sandbox.runtime_socket import socket_of
from sandbox.supervisor import ROOT, Child, ChildEnded, Supervisor

FOLDER: Final = engines.DEMO_FOLDER
CATALOGUE: Final = ROOT / "sandbox" / "catalogue.yaml"
USUAL_SANDBOX: Final = "http://127.0.0.1:8790"
READY_SECONDS: Final = 60
PYTHON: Final = sys.executable
MANAGE: Final = (PYTHON, "manage.py")
# Celery warns root at length; in the demo root is nobody's master but the sandbox's.
CELERY: Final = (PYTHON, "-W", "ignore:You're running the worker", "-m", "celery", "--quiet", "--app=rollback_console")
PREPARE: Final = Child("prepare", (PYTHON, "-m", "sandbox.prepare"))


_FINE: Final = re.compile(r'^INFO: (?!.*HTTP/1.1" [45])')
_LOOKED_AT: Final = re.compile(r"/readyz|/healthz|\[INFO\]")


class DemoFault(Exception):
    """The demo cannot start; the words say why and what to do."""


@dataclass(frozen=True, slots=True)
class Ports:
    """One for each who listens; all follow from the pages' own."""

    pages: int

    @property
    def live(self) -> int:
        return self.pages + 1

    @property
    def sandbox(self) -> int:
        return self.pages + 790

    @property
    def console_address(self) -> str:
        """Named, since a passkey needs a name."""
        return f"http://localhost:{self.pages}"

    @property
    def sandbox_address(self) -> str:
        return f"http://127.0.0.1:{self.sandbox}"

    def taken(self) -> list[int]:
        """Those on which somebody listens already."""
        return [port for port in (self.pages, self.live, self.sandbox) if not _is_free(port)]


def children(ports: Ports, folder: Path) -> tuple[Child, ...]:
    """What runs, in the order of starting; it is stopped in the opposite one."""
    state, console = str(folder / "sandbox"), f"http://127.0.0.1:{ports.pages}"
    world = (PYTHON, "-m", "sandbox", f"--port={ports.sandbox}")
    gunicorn = (PYTHON, "-m", "gunicorn", "rollback_console.wsgi", f"--bind=127.0.0.1:{ports.pages}")
    worker = ("worker", "--queues=steps,intake", "--concurrency=4", "--loglevel=WARNING", "--without-mingle")
    return (
        Child("sandbox", (*world, f"--state={state}", f"--console={console}"), unsaid=_FINE),
        Child("live", (*MANAGE, "runlive", f"--port={ports.live}")),
        Child(
            "pages",
            (
                *gunicorn,
                "--worker-class=gthread",
                "--workers=1",
                "--threads=8",
                "--graceful-timeout=2",
                "--no-control-socket",
            ),
            unsaid=_LOOKED_AT,
            variables={"DATABASE_POOL": "on"},
        ),
        Child("worker", (*CELERY, *worker, "--without-gossip", "--hostname=demo@localhost")),
        Child("beat", (*CELERY, "beat", f"--schedule={folder / 'beat'}", "--pidfile=", "--loglevel=WARNING")),
    )


def variables(ports: Ports, folder: Path) -> dict[str, str]:
    """The console's environment, with the sandbox for a world. The engines' addresses come from the engines."""
    world, state = ports.sandbox_address, folder / "sandbox"
    state.mkdir(mode=0o700, exist_ok=True)
    return {
        "CONSOLE_ENV": "demo",
        "PUBLIC_URL": ports.console_address,
        "LIVE_URL": f"http://localhost:{ports.live}",
        "CATALOGUE_FILE": str(_catalogue(ports, folder)),
        "MIRROR_FOLDER": str(folder / "mirrors"),
        "STATUS_FOLDER": str(folder / "status"),
        "EXPORT_FOLDER": str(folder / "exports"),
        "CHECKPOINT_FILE": str(folder / "elsewhere" / "checkpoints.jsonl"),
        "GITHUB_API_URL": f"{world}/github/api",
        "GITHUB_GIT_URL": f"{world}/github/git",
        "GITHUB_APP_ID": secrets.GITHUB_APP_ID,
        "GITHUB_APP_PRIVATE_KEY": secrets.app_private_key(state),
        "GITHUB_INSTALLATION_ID": secrets.GITHUB_INSTALLATION_ID,
        "GITHUB_WEBHOOK_SECRET": secrets.GITHUB_WEBHOOK_SECRET,
        "SLACK_API_URL": f"{world}/slack/api",
        "SLACK_TOKEN": secrets.SLACK_TOKEN,
        "SLACK_SIGNING_SECRET": secrets.SLACK_SIGNING_SECRET,
        "PROMETHEUS_URL": f"{world}/prometheus",
        "ALERT_WEBHOOK_TOKEN": secrets.ALERT_WEBHOOK_TOKEN,
        "BETTER_STACK_URL": f"{world}/betterstack",
        "BETTER_STACK_TOKEN": secrets.BETTER_STACK_TOKEN,
        "WAKE_POLICIES": "cto=1021,ciso=1022,dba=1023,deputy=1024",
        "PAGE_FORM_URL": f"{world}/betterstack/report",
        "BETTER_STACK_STATUS_PAGE": secrets.STATUS_PAGE,
        "STATUS_PAGE_URL": f"{world}/status",
        "UNLEASH_URL": f"{world}/unleash",
        "UNLEASH_TOKEN": secrets.UNLEASH_TOKEN,
        "VAULT_URL": f"{world}/vault",
        "VAULT_TOKEN": secrets.VAULT_TOKEN,
        "HAPROXY_ADDRESS": str(socket_of(state)),
        "SANDBOX_URL": world,
        "DRILL_STAND_INS": "oncall=oncall,engineer=engineer,reviewer=reviewer,cto=cto",
        "HEARTBEAT_URL": f"{world}/betterstack/api/v1/heartbeat/{secrets.HEARTBEAT_TOKEN}",
        "PYTHONUNBUFFERED": "1",
    }


def start(supervisor: Supervisor, ports: Ports, folder: Path) -> None:
    """Start the pages first, so that somebody can look, and the rest once they answer.

    The database is prepared before them only where it was not prepared for this very code.
    """
    stamp, wanted = folder / "prepared", _fingerprint()
    prepared = stamp.exists() and stamp.read_text() == wanted
    named = {child.name: child for child in children(ports, folder)}
    if not prepared:
        supervisor.start(named.pop("sandbox"))
        supervisor.finish(PREPARE)
        stamp.write_text(wanted)
    supervisor.start(named.pop("pages"))
    supervisor.attend(lambda: _pages_answer(ports), seconds=READY_SECONDS)
    for child in named.values():
        supervisor.start(child)
    if prepared:
        supervisor.finish(PREPARE)


def readiness(ports: Ports) -> dict[str, Any]:
    """What /readyz says of each part; empty while the pages do not answer."""
    try:
        answer: dict[str, Any] = httpx.get(f"http://127.0.0.1:{ports.pages}/readyz", timeout=3, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return {}
    return answer


def run(ports: Ports, folder: Path) -> None:
    """Start everything, say where it is, and stay until interrupted. Raises DemoFault, EngineFault or ChildEnded."""
    if taken := ports.taken():
        raise DemoFault(
            f"Port {' and '.join(map(str, taken))} taken: something else listens there. "
            f"Choose another, for instance: make demo PORT={_free_pages_port(ports.pages)}"
        )
    begun = time.monotonic()
    pair = engines.ensure(folder)
    supervisor = Supervisor({**os.environ, **variables(ports, folder), **pair.variables})
    try:
        if not pair.owned:
            raise DemoFault(
                "The demo's engines are in use: another demo or manage.py runs in this checkout. End it first."
            )
        start(supervisor, ports, folder)
        _welcome(supervisor, ports, begun)
        supervisor.attend(lambda: False)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        supervisor.say("demo", "Stopping …")
        supervisor.stop()
        pair.stop()
        supervisor.say("demo", f"Stopped. The data stay in {_shown(folder)}; make demo-reset clears them.")


def reset(folder: Path) -> None:
    """Forget all that the demo has kept. Raises DemoFault while it runs."""
    if not folder.exists():
        return
    pair = engines.find(folder)
    if pair.postgres.answers() or pair.valkey.answers():
        raise DemoFault("The demo is running. End it first (Ctrl-C).")
    pair.forget()


def main(arguments: list[str] | None = None) -> int:
    """Run, or reset; 1 where it could not."""
    asked = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        if asked.reset:
            reset(asked.folder)
        else:
            run(Ports(asked.port), asked.folder)
    except KeyboardInterrupt:
        return 0
    except (DemoFault, engines.EngineFault, ChildEnded) as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


def _welcome(supervisor: Supervisor, ports: Ports, begun: float) -> None:
    """Wait until all parts are well, and say where and as whom to go in; what is not well is named."""
    found: dict[str, Any] = {}

    def all_well() -> bool:
        found.update(readiness(ports))
        return bool(found) and all(part["ok"] for part in found.values())

    if not supervisor.attend(all_well, seconds=READY_SECONDS):
        for part in found.values():
            if not part["ok"]:
                supervisor.say("demo", part["words"])
        if not found:
            supervisor.say("demo", "The pages do not answer yet.")
    for line in (
        "",
        f"The console   {ports.console_address}/",
        f"The sandbox   {ports.sandbox_address}/   (break the shop there)",
        "Sign in as    oncall, with the password rollback-demo; also engineer, reviewer, cto, ciso, dba, auditor,",
        "              administrator, with the same one",
        f"Ready in {time.monotonic() - begun:.1f} s. Ctrl-C stops everything and keeps the data.",
        "",
    ):
        supervisor.say("demo", line)


def _catalogue(ports: Ports, folder: Path) -> Path:
    """The demo's catalogue, with links to where the sandbox really is."""
    written = folder / "catalogue.yaml"
    written.write_text(CATALOGUE.read_text().replace(USUAL_SANDBOX, ports.sandbox_address))
    return written


def _pages_answer(ports: Ports) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{ports.pages}/accounts/login/", timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _fingerprint() -> str:
    """Changes with any migration, ours or a package's."""
    ours = sorted(str(file.relative_to(ROOT)) for file in ROOT.glob("*/migrations/*.py"))
    lock = (ROOT / "requirements" / "run.txt").read_bytes()
    return hashlib.sha256(lock + "\n".join(ours).encode()).hexdigest()


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_pages_port(taken: int) -> int:
    return next(port for port in range(taken + 10, 65_000, 10) if not Ports(port).taken())


def _shown(folder: Path) -> Path:
    return folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="the pages' port; the others follow from it")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where everything is kept")
    parser.add_argument("--reset", action="store_true", help="forget everything kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
