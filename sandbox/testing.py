"""A sandbox for a test: its own thread, a free port, a fast pace, journal and faults within reach."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from tempfile import TemporaryDirectory

import httpx

from sandbox.app import PARTS, make_part
from sandbox.faults import Faults
from sandbox.journal import Entry, Journal
from sandbox.parts import NotStarted, Part
from sandbox.secrets import app_private_key
from sandbox.server import make_server
from sandbox.world import World

FAST = 0.02


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox; `client` speaks to its address."""

    world: World
    client: httpx.Client

    @property
    def url(self) -> str:
        return self.world.address

    @property
    def journal(self) -> Journal:
        return self.world.journal

    @property
    def faults(self) -> Faults:
        return self.world.faults

    def control(self, order: str, /, **body: object) -> httpx.Response:
        """POST /control/`order`; raises when the sandbox refuses."""
        return self.client.post(f"/control/{order}", json=body).raise_for_status()

    def await_entry(self, effect: str, *, key: str = "", since: int = 0, within: float = 10.0) -> Entry:
        """The first such journal entry, as soon as it is there; AssertionError after `within` seconds."""
        await_true(lambda: bool(self.journal.entries(since=since, effect=effect, key=key)), f"{effect} {key}", within)
        return self.journal.entries(since=since, effect=effect, key=key)[0]


def await_true(condition: Callable[[], bool], what: str, within: float = 10.0, *, every: float = 0.01) -> None:
    """Return as soon as `condition` holds, looked at `every` so many seconds; AssertionError after `within`."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"After {within:g} s still not: {what}")
        time.sleep(every)


@cache
def _key() -> str:
    with TemporaryDirectory() as folder:
        return app_private_key(Path(folder))


def _lay_in_a_key(folder: Path) -> None:
    """Making an RSA key takes longer than all the rest of a start: one serves every test."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "github-app.pem"
    if not file.exists():
        file.write_text(_key(), encoding="ascii")


@contextmanager
def running_sandbox(
    folder: Path, *, console: str = "", parts: Iterable[Part] | None = None, pace: float = FAST
) -> Iterator[Sandbox]:
    """Start a sandbox with its state in `folder`, every part or only `parts`; stop it on the way out."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        _lay_in_a_key(folder)
        world = World(folder, address=address, console=console, pace=pace)
        world.add([make_part(module) for module in PARTS] if parts is None else parts)
        server = make_server(world, host="127.0.0.1", port=0)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            await_true(lambda: server.started or not thread.is_alive(), "the sandbox answers", within=30)
            if not server.started:
                raise NotStarted("the sandbox; its log says why")
            plain = SSLContext(PROTOCOL_TLS_CLIENT)  # it speaks http: no certificates to load
            with httpx.Client(base_url=address, timeout=30, trust_env=False, verify=plain) as client:
                yield Sandbox(world, client)
        finally:
            server.should_exit = True
            thread.join(timeout=10)
