"""Better Stack's heartbeats at `/betterstack/api/v1/heartbeat/TOKEN`: whoever stops beating is missed.

https://betterstack.com/docs/uptime/cron-and-heartbeat-monitor
"""

import time

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import secrets
from sandbox.parts import Part
from sandbox.world import World

PERIOD_SECONDS, GRACE_SECONDS = 60, 60
_AT = "/betterstack/api/v1/heartbeat/{token}"


class HeartbeatPart:
    """It remembers the last beat only; missing one, and hearing the next, are effects."""

    name = "heartbeat"
    world: World
    last: float | None

    async def start(self, world: World) -> None:
        self.world, self.last, self._missed = world, None, False
        world.spawn(self._watch())

    async def stop(self, world: World) -> None:
        """Its watch ends with the world."""

    def routes(self, world: World) -> list[BaseRoute]:
        return [
            Route(_AT, self.beat, methods=["GET", "POST"]),
            Route(f"{_AT}/fail", self.fail, methods=["GET", "POST"]),
        ]

    def state(self) -> dict[str, object]:
        ago = None if self.last is None else round(time.monotonic() - self.last, 1)
        return {"status": "pending" if ago is None else "down" if self._missed else "up", "seconds_ago": ago}

    async def beat(self, request: Request) -> Response:
        if not _knows(request):
            return _unknown()
        self.last = time.monotonic()
        if self._missed:
            self._missed = False
            self.world.journal.record(self.name, "heartbeat.recovered")
        return PlainTextResponse("OK")

    async def fail(self, request: Request) -> Response:
        """Says outright that something is wrong, instead of falling silent."""
        if not _knows(request):
            return _unknown()
        self._miss()
        return PlainTextResponse("OK")

    async def _watch(self) -> None:
        longest = (PERIOD_SECONDS + GRACE_SECONDS) * self.world.pace
        while True:
            await self.world.pause(1)
            if self.last is not None and time.monotonic() - self.last > longest:
                self._miss()

    def _miss(self) -> None:
        if not self._missed:
            self._missed = True
            self.world.journal.record(self.name, "heartbeat.missed")


def part() -> Part:
    return HeartbeatPart()


def _knows(request: Request) -> bool:
    return str(request.path_params["token"]) == secrets.HEARTBEAT_TOKEN


def _unknown() -> Response:
    return PlainTextResponse("Not found", status_code=404)
