"""One running world for the tests that only look, a fresh one for those that break it, and a console that listens."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sandbox.testing import Sandbox, await_true, running_sandbox

ERRORS = "shop:http_error_ratio:rate10s"


class Console:
    """A stand-in for the console: keeps every webhook, answers with `status`."""

    def __init__(self) -> None:
        self.status = 202
        self.received: list[tuple[str, dict[str, str], Any]] = []
        console = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                console.received.append((self.path, dict(self.headers), body))
                self.send_response(console.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def alerts(self, name: str = "ShopErrorRatioHigh") -> list[dict[str, Any]]:
        """What was told about one alert: on a busy machine the shop may be slow as well."""
        told = [body for path, _, body in list(self.received) if path == "/hooks/alertmanager"]
        return [body for body in told if body["commonLabels"]["alertname"] == name]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A healthy shop with customers; shared, so a test leaves it as it found it."""
    with running_sandbox(tmp_path_factory.mktemp("world")) as sandbox:
        sandbox.await_entry("run.succeeded", within=30)
        await_measured(sandbox)
        yield sandbox


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    listening = Console()
    yield listening
    listening.close()


@pytest.fixture(scope="module")
def breakable(tmp_path_factory: pytest.TempPathFactory, console: Console) -> Iterator[Sandbox]:
    """A world with a console that listens, for tests that break it by `broken`."""
    with running_sandbox(tmp_path_factory.mktemp("breakable"), console=console.url) as sandbox:
        sandbox.await_entry("run.succeeded", within=30)
        await_measured(sandbox)
        yield sandbox


@contextmanager
def broken(sandbox: Sandbox, scenario: str) -> Iterator[list[str]]:
    """Merge a bad change, yield what was merged; on the way out revert it, and await the shop as it was."""
    merged: list[dict[str, Any]] = sandbox.control("break", scenario=scenario).json()["merged"]
    shas = [str(one["sha"]) for one in merged]
    try:
        yield shas
    finally:
        for sha in reversed(shas):
            reverted = sandbox.control("revert", sha=sha, branch="master").json()["sha"]
        sandbox.await_entry("shop.deployed", key=reverted, within=30)
        await_true(lambda: measured(sandbox, ERRORS) == [0.0], "no errors are left", within=30)


def measured(sandbox: Sandbox, query: str) -> list[float]:
    answer = sandbox.client.get("/prometheus/api/v1/query", params={"query": query}).raise_for_status().json()
    return [float(point["value"][1]) for point in answer["data"]["result"]]


def await_measured(sandbox: Sandbox) -> None:
    """Customers have come, and what they met has been measured."""
    await_true(lambda: measured(sandbox, "shop:http_requests:rate10s") > [5.0], "customers come", within=20)
