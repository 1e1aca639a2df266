"""One running copy of the shop: a real process, started from a release and ended with its parent."""

import asyncio
import contextlib
import ctypes
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from sandbox import secrets
from sandbox.parts import DeployFailed
from sandbox.shop.waiting import until

NAMES = ("eu-1", "eu-2")
_HEALTHY_WITHIN_SECONDS = 10.0
_EMPTY_WITHIN_SECONDS = 2.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Instance:
    """`ready` says that the front door may send customers here; `drained`, that an administrator forbids it."""

    def __init__(self, name: str, folder: Path, client: httpx.AsyncClient, *, flags: str = "") -> None:
        self.name = name
        self.sha = ""
        self.port = 0
        self.ready = False
        self.drained = False
        self.in_flight = 0
        self._flags = flags
        self._folder = folder
        self._client = client
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def up(self) -> bool:
        return self.ready and self._process is not None and self._process.poll() is None

    async def restart(self, sha: str, release: Path) -> None:
        """Run `release` instead of what ran before; raises DeployFailed unless it becomes healthy in time."""
        await self.stop()
        self.sha = sha
        self._process = self._launch(release)
        try:
            async with asyncio.timeout(_HEALTHY_WITHIN_SECONDS):
                self.port = await self._announced_port(self._process)
                await self._until_healthy()
        except (TimeoutError, ChildProcessError) as failed:
            await self.stop()
            raise DeployFailed(f"{self.name} did not start from {sha[:7]}: {self._last_words()}") from failed
        self.ready = True

    async def stop(self) -> None:
        """Take no more customers, let those inside finish, end."""
        self.ready = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_EMPTY_WITHIN_SECONDS):
                await until(lambda: not self.in_flight)
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _launch(self, release: Path) -> subprocess.Popen[bytes]:
        environment = {
            "SHOP_INSTANCE": self.name,
            "SHOP_RELEASE": self.sha,
            "SHOP_DATABASE": str(self._folder / "shop.sqlite3"),
            "SHOP_PORT": "0",
            "SHOP_FLAGS": self._flags,
            "SHOP_FLAGS_TOKEN": secrets.UNLEASH_CLIENT_TOKEN,
        }
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-ESs", "-m", "shop"],
                cwd=release,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, no lock taken
            )

    @property
    def _log(self) -> Path:
        return self._folder / f"{self.name}.log"

    async def _announced_port(self, process: subprocess.Popen[bytes]) -> int:
        line = await asyncio.to_thread(process.stdout.readline) if process.stdout else b""
        if not line:
            raise ChildProcessError("ended before it listened")
        return int(line.split()[-1])

    async def _until_healthy(self) -> None:
        while not await self._healthy():  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(0.05)

    async def _healthy(self) -> bool:
        try:
            answer = await self._client.get(f"http://127.0.0.1:{self.port}/health", timeout=2)
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "it said nothing")

    def state(self) -> dict[str, object]:
        return {"name": self.name, "sha": self.sha, "up": self.up, "drained": self.drained}


def _die_with_parent() -> None:
    """A killed sandbox leaves no shop behind (prctl(2), Linux only)."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
