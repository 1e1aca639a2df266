"""A code host with a small past, a shop that only remembers what it was given, and a console that only listens."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from sandbox.actions import Actions
from sandbox.codehost import CodeHost
from sandbox.codehost.accounts import person_token
from sandbox.parts import DeployFailed
from sandbox.testing import Sandbox, running_sandbox
from sandbox.world import World
from tests.sandbox.codehost.past import short_history, speaking_as


@dataclass
class RememberingShop:
    """Stands in for the shop: checks the commit out as the real one does."""

    name: str = "shop"
    deployed: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    breaks_on: str = "no such word"
    folder: Path = Path()

    def routes(self, world: World) -> list:
        return []

    async def start(self, world: World) -> None:
        self.folder = world.folder(self.name)

    async def stop(self, world: World) -> None: ...

    def state(self) -> dict[str, object]:
        return {"deployed": [sha for sha, _ in self.deployed]}

    async def deploy(self, sha: str, checkout: Callable[[Path], None]) -> None:
        checkout(self.folder / sha)
        files = {file.name: file.read_text() for file in (self.folder / sha).iterdir() if file.is_file()}
        if any(self.breaks_on in text for text in files.values()):
            raise DeployFailed("The shop does not start.")
        self.deployed.append((sha, files))


@dataclass(frozen=True)
class Heard:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> str:
        return self.headers["x-github-event"]

    def json(self) -> dict:
        return json.loads(self.body)


@pytest.fixture
def shop() -> RememberingShop:
    return RememberingShop()


@pytest.fixture
def console() -> Iterator[tuple[str, list[Heard]]]:
    """The address of a console that answers 202 to everything, and what it heard."""
    heard: list[Heard] = []

    class Listening(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(Heard(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def sandbox(tmp_path: Path, shop: RememberingShop) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path / "state", parts=[shop, CodeHost(short_history), Actions()]) as running:
        running.await_entry("deployment.succeeded")
        yield running


@pytest.fixture
def heard_sandbox(tmp_path: Path, shop: RememberingShop, console: tuple[str, list[Heard]]) -> Iterator[Sandbox]:
    parts = [shop, CodeHost(short_history), Actions()]
    with running_sandbox(tmp_path / "state", console=console[0], parts=parts) as running:
        running.await_entry("deployment.succeeded")
        yield running


@pytest.fixture
def github(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """Speaks as the console's App."""
    with speaking_as(sandbox) as client:
        yield client


@pytest.fixture
def oncall(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """Speaks as the on-call engineer."""
    with speaking_as(sandbox, person_token("oncall")) as client:
        yield client
