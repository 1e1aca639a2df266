"""A real HAProxy in front of two small web servers, thrown away afterwards."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from tests.real.waiting import until

CONFIGURATION = """
global
    stats socket {folder}/admin.sock mode 600 level admin
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend front
    bind unix@{folder}/front.sock mode 600
    default_backend shop
backend shop
    balance roundrobin
    server eu-1 127.0.0.1:{first}
    server eu-2 127.0.0.1:{second}
"""
MISSING = "HAProxy was not found. Run `make test-real`, which installs it, or install Debian's package haproxy as root."


@dataclass
class Shop:
    """One server: says its name at once, or on /slow when it is let go."""

    name: str
    begun: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Balancer:
    """Where its runtime socket lies, and how customers reach it."""

    folder: Path
    shops: tuple[Shop, Shop]

    @property
    def address(self) -> str:
        return str(self.folder / "admin.sock")

    def visit(self, path: str = "/") -> str:
        """Which server answered."""
        transport = httpx.HTTPTransport(uds=str(self.folder / "front.sock"))
        with httpx.Client(transport=transport, timeout=30) as customer:
            return customer.get(f"http://shop{path}").raise_for_status().text

    def visits(self, count: int = 8) -> set[str]:
        return {self.visit() for _ in range(count)}


@contextmanager
def running(folder: Path) -> Iterator[Balancer]:
    shops = (Shop("eu-1"), Shop("eu-2"))
    with ExitStack() as stack:
        first, second = (stack.enter_context(_open(shop)) for shop in shops)
        configuration = folder / "haproxy.cfg"
        configuration.write_text(CONFIGURATION.format(folder=folder, first=first, second=second))
        balancer = Balancer(folder, shops)
        process = subprocess.Popen([_program(), "-db", "-q", "-f", str(configuration)], stdin=subprocess.DEVNULL)
        stack.callback(process.wait, 10)
        stack.callback(process.terminate)
        until(lambda: process.poll() is None and (folder / "front.sock").exists() and balancer.visits(2))
        yield balancer


def _program() -> str:
    path = f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin"
    found = shutil.which("haproxy", path=path)
    assert found, MISSING
    return found


@contextmanager
def _open(shop: Shop) -> Iterator[int]:
    class Counter(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/slow":
                shop.begun.set()
                shop.let_go.wait(30)
            self.send_response(200)
            self.send_header("Content-Length", str(len(shop.name)))
            self.end_headers()
            self.wfile.write(shop.name.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Counter) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        serving.start()
        try:
            yield server.server_address[1]
        finally:
            shop.let_go.set()
            server.shutdown()
