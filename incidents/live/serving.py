"""Serving the stream by uvicorn: stalled peers freed by the kernel, a farewell on SIGTERM, gone within two seconds."""

import asyncio
import os
import resource
import socket
import threading
from types import FrameType
from typing import Any, Final, cast
from urllib.parse import urlsplit

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from incidents.live.hub import Hub
from incidents.live.stream import LiveApplication

BACKLOG: Final = 4096
MOST_FILES: Final = 65_536
PEER_SILENT_MILLISECONDS: Final = 20_000
GRACE_SECONDS: Final = 1
LONGEST_END_SECONDS: Final = 1.8


class OpenProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, with the transport in the request's state, so that a stalled reader can be cut off."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # asyncio names the transport broadly, uvicorn narrowly
        self.app_state = cast("dict[str, Any]", {**self.app_state, "transport": transport})
        super().connection_made(transport)


class LiveServer(uvicorn.Server):
    """Says farewell before it waits for connections to close; uvicorn alone never ends with open streams."""

    hub: Hub
    has_process_to_itself = False

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        self.has_process_to_itself = True
        super().run(sockets)

    def end(self) -> None:
        """End well, and at any rate in time: a page loses nothing, since it comes back by its cursor."""
        self.should_exit = True
        if self.has_process_to_itself:
            last_resort = threading.Timer(LONGEST_END_SECONDS, lambda: os._exit(1 if self.hub.failure else 0))
            last_resort.daemon = True
            last_resort.start()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Being told to end is no fault; uvicorn would raise the signal once more when all is done."""
        self.end()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.hub.farewell()
        await super().shutdown(sockets)


def make_server(hub: Hub, *, origin: str) -> LiveServer:
    """A server for one hub. When a task of the hub ends, the server stops by itself and `hub.failure` says why."""

    def died() -> None:
        server.end()

    config = uvicorn.Config(
        cast("Any", LiveApplication(hub, origin=origin, died=died)),
        http=OpenProtocol,
        ws="none",
        loop="uvloop",
        lifespan="on",
        access_log=False,  # a ticket rides in the query string
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = LiveServer(config)
    server.hub = hub
    return server


def origin_of(address: str) -> str:
    """Scheme, host and port of an address, as browsers send them in `Origin`."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Where the system can, it gives up on peers that stopped reading."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, PEER_SILENT_MILLISECONDS)
    listening.bind((host, port))
    listening.listen(BACKLOG)
    listening.setblocking(False)
    return listening


def allow_many_files() -> None:
    """A connection is a file; the usual soft limit of 1,024 is not enough."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
