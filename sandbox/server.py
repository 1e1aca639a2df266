"""Serving a world by uvicorn, with a way for a fault to cut a connection."""

import asyncio
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.app import make_app
from sandbox.world import World


class CuttableProtocol(H11Protocol):
    """HTTP as usual, with `cut_connection` in every request's state."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # asyncio names the transport broadly, uvicorn narrowly
        self.app_state = cast("dict[str, Any]", {**self.app_state, "cut_connection": transport.abort})
        super().connection_made(transport)


def make_server(world: World, *, host: str, port: int, log_level: str = "warning") -> uvicorn.Server:
    # asyncio's own loop: uvloop cannot be closed (EBUSY) while a connection that a fault has cut is still going down.
    config = uvicorn.Config(
        make_app(world),
        host=host,
        port=port,
        loop="asyncio",
        http=CuttableProtocol,
        lifespan="on",
        log_level=log_level,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)
