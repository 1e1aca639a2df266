"""The sandbox as one ASGI application. PARTS is the one place to add a part."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from sandbox import control
from sandbox.control import ControlGate
from sandbox.faults import FaultGate
from sandbox.parts import Part
from sandbox.world import World

# Each module offers `part() -> Part`. They start in this order.
PARTS = (
    "sandbox.shop",
    "sandbox.codehost",
    "sandbox.actions",
    "sandbox.metrics",
    "sandbox.alerts",
    "sandbox.slack",
    "sandbox.flags",
    "sandbox.haproxy",
    "sandbox.better_stack",
    "sandbox.status",
    "sandbox.heartbeats",
    "sandbox.vault",
    "sandbox.page",
)


def make_part(module: str) -> Part:
    part: Part = import_module(module).part()
    return part


def make_app(world: World) -> ASGIApp:
    """The application of a world whose parts have been added; it starts and stops them."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await world.start()
        yield
        await world.stop()

    routes = [*control.routes(world)]
    for part in world.parts.values():
        routes += part.routes(world)
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: _in_json})
    return FaultGate(ControlGate(app), world.faults)


async def _in_json(request: Request, refused: Exception) -> Response:
    if not isinstance(refused, HTTPException):
        raise refused
    return JSONResponse({"message": refused.detail}, status_code=refused.status_code, headers=refused.headers)
