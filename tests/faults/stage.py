"""Everything that runs in a campaign: engines of its own, the sandbox, pages, workers and beat, in one folder."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import django
from redis import Redis

from rollback_console import engines
from sandbox import secrets
from sandbox.runtime_socket import socket_of
from sandbox.testing import Sandbox, running_sandbox
from tests.faults.boundaries import VARIABLE, Boundaries
from tests.faults.late import make_slow_calls_land
from tests.faults.post_office import PostOffice, running_post_office
from tests.faults.processes import ROOT, Kept

HANDS: Final = 10
"""More than are ever frozen at once, so that somebody is left to take their steps over."""
QUEUES: Final = ("steps", "intake")
CATALOGUE: Final = ROOT / "sandbox" / "catalogue.yaml"
CELERY: Final = (sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "--quiet")
WORKER: Final = (
    *CELERY, "--app=tests.faults.worker", "worker", f"--queues={','.join(QUEUES)}", f"--concurrency={HANDS}",
    "--loglevel=INFO", "--without-mingle", "--without-gossip",
)  # fmt: skip


@dataclass
class Stage:
    """What the faults are done to. `address` is the pages'."""

    folder: Path
    engines: engines.Engines
    sandbox: Sandbox
    address: str
    boundaries: Boundaries
    post_office: PostOffice
    kept: dict[str, Kept] = field(default_factory=dict)

    def restart_postgres(self) -> None:
        """Killed as the out-of-memory killer does it, and started again on the same data."""
        from django.db import connection

        server = self.engines.postgres.server
        assert server is not None
        server.kill()
        server.wait()
        self.engines.postgres.start()
        connection.close()

    def kill_redis(self) -> None:
        server = self.engines.valkey.server
        assert server is not None
        server.kill()
        server.wait()

    def start_redis(self) -> None:
        self.engines.valkey.start()

    def restart_redis(self) -> None:
        self.kill_redis()
        self.start_redis()

    def flush_redis(self) -> None:
        """Every queued message is gone, and every binding with it."""
        with self.redis() as client:
            client.flushall()

    def redis(self) -> Redis:
        return Redis.from_url(self.engines.valkey.address, socket_timeout=5)

    def keep_queues(self) -> None:
        """What the broker holds now, beside the logs."""
        with self.redis() as client:
            waiting = {name: [str(each)[:2000] for each in client.lrange(name, 0, 50)] for name in QUEUES}
            unacknowledged = [str(each)[:2000] for each in client.hvals("unacked")][:50]
        found = {"waiting": waiting, "unacknowledged": unacknowledged}
        (self.folder / "queues.json").write_text(json.dumps(found, indent=1))


@contextmanager
def running_stage(*, workers: int = 1) -> Iterator[Stage]:
    """Start it all and set Django up for its database. The folder stays; `throw_away` removes it."""
    folder = Path(tempfile.mkdtemp(prefix="rollback-faults-"))
    (folder / "logs").mkdir()
    with ExitStack() as stack, socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        pair = engines.ensure(folder / "engines")
        stack.callback(pair.stop)
        make_slow_calls_land()
        sandbox = stack.enter_context(running_sandbox(folder / "sandbox", console=address))
        post_office = stack.enter_context(running_post_office())
        mail = {"EMAIL_URL": f"smtp://127.0.0.1:{post_office.port}"}
        os.environ.update(_variables(folder, address, sandbox) | pair.variables | mail)
        _prepare()
        django.setup()
        stage = Stage(folder, pair, sandbox, address, Boundaries(folder / "boundaries"), post_office)
        stack.callback(_stop, stage)
        _start(stage, listening, workers)
        yield stage


def throw_away(stage: Stage) -> None:
    """Remove what a clean campaign leaves."""
    stage.engines.forget()
    shutil.rmtree(stage.folder, ignore_errors=True)


def _variables(folder: Path, address: str, sandbox: Sandbox) -> dict[str, str]:
    return {
        "CONSOLE_ENV": "test",
        "LOG_FORMAT": "json",
        "POLL_SECONDS": "1",
        "LOG_LEVEL": "ERROR",  # this process's own; those that are kept say more
        "PUBLIC_URL": address,
        "CATALOGUE_FILE": str(_catalogue(folder)),
        "MIRROR_FOLDER": str(folder / "mirrors"),
        "STATUS_FOLDER": str(folder / "status"),
        "GITHUB_API_URL": f"{sandbox.url}/github/api",
        "GITHUB_GIT_URL": f"{sandbox.url}/github/git",
        "GITHUB_TOKEN": secrets.GITHUB_TOKEN,
        "GITHUB_APP_ID": "",
        "GITHUB_WEBHOOK_SECRET": secrets.GITHUB_WEBHOOK_SECRET,
        "SLACK_API_URL": f"{sandbox.url}/slack/api",
        "SLACK_TOKEN": secrets.SLACK_TOKEN,
        "SLACK_SIGNING_SECRET": secrets.SLACK_SIGNING_SECRET,
        "PROMETHEUS_URL": f"{sandbox.url}/prometheus",
        "BETTER_STACK_URL": f"{sandbox.url}/betterstack",
        "BETTER_STACK_TOKEN": secrets.BETTER_STACK_TOKEN,
        "BETTER_STACK_STATUS_PAGE": secrets.STATUS_PAGE,
        "WAKE_POLICIES": "cto=1021,ciso=1022,dba=1023,deputy=1024",
        "STATUS_PAGE_URL": f"{sandbox.url}/status",
        "UNLEASH_URL": f"{sandbox.url}/unleash",
        "UNLEASH_TOKEN": secrets.UNLEASH_TOKEN,
        "VAULT_URL": f"{sandbox.url}/vault",
        "VAULT_TOKEN": secrets.VAULT_TOKEN,
        "HAPROXY_ADDRESS": str(socket_of(folder / "sandbox")),
        "ALERT_WEBHOOK_TOKEN": secrets.ALERT_WEBHOOK_TOKEN,
        VARIABLE: str(folder / "boundaries"),
        "DJANGO_SETTINGS_MODULE": "rollback_console.settings",
    }


def _catalogue(folder: Path) -> Path:
    """Two good samples prove a recovery here: the campaign waits for dozens of them."""
    written = folder / "catalogue.yaml"
    written.write_text(CATALOGUE.read_text().replace("recovery_samples: 5", "recovery_samples: 2"))
    return written


def _prepare() -> None:
    subprocess.run([sys.executable, "-m", "sandbox.prepare"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _start(stage: Stage, listening: socket.socket, workers: int) -> None:
    """The listening socket is ours, so that the pages' address outlives them."""
    fd = listening.fileno()
    pages = (
        sys.executable, "-m", "gunicorn", "tests.faults.pages", f"--bind=fd://{fd}", "--worker-class=gthread",
        "--threads=4", "--no-control-socket", "--graceful-timeout=2",
    )  # fmt: skip
    _keep(stage, "pages", pages, pass_fds=[fd])
    for number in range(1, workers + 1):
        _keep(stage, f"worker-{number}", (*WORKER, f"--hostname=worker-{number}@localhost"))
    beat = ("--app=rollback_console", "beat", f"--schedule={stage.folder / 'beat'}", "--pidfile=")
    _keep(stage, "beat", (*CELERY, *beat))


def _keep(stage: Stage, name: str, command: tuple[str, ...], pass_fds: list[int] | None = None) -> None:
    log = stage.folder / "logs" / f"{name}.log"
    stage.kept[name] = Kept(name, command, {**os.environ, "LOG_LEVEL": "INFO"}, log, pass_fds=pass_fds or [])


def _stop(stage: Stage) -> None:
    for each in reversed(stage.kept.values()):
        each.stop()
