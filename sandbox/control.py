"""The frame's own doors: `/control/state`, `/control/faults`, `/control/reset` and `/journal`."""

from ipaddress import ip_address

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.faults import UnknownFault
from sandbox.world import World


class ControlGate:
    """ASGI middleware: what steers the sandbox answers to this machine only, and to no page of another site."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _steers(scope["path"]) and not _from_here(Request(scope)):
            refusal = JSONResponse({"message": "The sandbox is controlled from its own machine."}, status_code=403)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _steers(path: str) -> bool:
    """Control endpoints, and the buttons of the code host's pages."""
    return path.startswith("/control") or path.endswith(("/approve", "/comment"))


def _from_here(request: Request) -> bool:
    try:
        loopback = request.client is None or ip_address(request.client.host).is_loopback
    except ValueError:
        return False
    return loopback and request.headers.get("sec-fetch-site", "none") in ("none", "same-origin")


async def body_of(request: Request) -> dict[str, object]:
    """The JSON object a control request carries; 400 where it carries something else."""
    try:
        body = await request.json() if await request.body() else {}
    except ValueError as wrong:
        raise HTTPException(400, "The body is not JSON.") from wrong
    if not isinstance(body, dict):
        raise HTTPException(400, "The body is not a JSON object.")
    return body


def routes(world: World) -> list[BaseRoute]:
    return [*_reading(world), *_faults(world), *_resetting(world)]


def _reading(world: World) -> list[BaseRoute]:
    async def journal(request: Request) -> Response:
        since = request.query_params.get("since", "0")
        if not since.isdecimal():
            raise HTTPException(400, "since is a number.")
        filters = {name: request.query_params.get(name, "") for name in ("part", "effect", "key")}
        return JSONResponse([entry.as_json() for entry in world.journal.entries(since=int(since), **filters)])

    async def state(request: Request) -> Response:
        return JSONResponse(world.state())

    return [Route("/journal", journal), Route("/control/state", state)]


def _faults(world: World) -> list[BaseRoute]:
    async def armed(request: Request) -> Response:
        return JSONResponse(world.faults.armed())

    async def arm(request: Request) -> Response:
        body = await body_of(request)
        try:
            world.faults.arm(str(body.pop("kind", "")), **body)
        except UnknownFault as unknown:
            raise HTTPException(400, str(unknown)) from unknown
        return JSONResponse(world.faults.armed(), status_code=201)

    async def disarm(request: Request) -> Response:
        world.faults.clear()
        return Response(status_code=204)

    path = "/control/faults"
    return [
        Route(path, armed, methods=["GET"]),
        Route(path, arm, methods=["POST"]),
        Route(path, disarm, methods=["DELETE"]),
    ]


def _resetting(world: World) -> list[BaseRoute]:
    async def reset(request: Request) -> Response:
        await world.reset()
        return JSONResponse(world.state())

    return [Route("/control/reset", reset, methods=["POST"])]
