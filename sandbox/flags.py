"""Unleash at `/unleash/api`: the admin and the client API, as much of both as the console and the shop use.

https://docs.getunleash.io/reference/api/unleash; measured against the real server in design/integrations.md.
"""

import hashlib
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import secrets
from sandbox.parts import Memory, Part
from sandbox.world import World

PROJECT, ENVIRONMENT = "default", "production"
NAMES = ("loyalty-points", "gift-wrapping")
_ONE = "/unleash/api/admin/projects/{project}/features/{name}/environments/{environment}"


class FlagsPart:
    """Turning on what is on changes nothing, and answers as if it had."""

    name = "unleash"
    world: World
    memory: Memory
    flags: dict[str, bool]

    async def start(self, world: World) -> None:
        self.world, self.memory = world, world.memory(self.name)
        self.flags = dict.fromkeys(NAMES, True) | self.memory.read().get("flags", {})

    async def stop(self, world: World) -> None:
        """Nothing runs here."""

    def routes(self, world: World) -> list[BaseRoute]:
        return [
            Route(_ONE, self.show, methods=["GET"]),
            Route(f"{_ONE}/{{word:str}}", self.turn, methods=["POST"]),
            Route("/unleash/api/client/features", self.tell_clients, methods=["GET"]),
        ]

    def state(self) -> dict[str, object]:
        return {"flags": [{"name": name, "on": on} for name, on in self.flags.items()]}

    async def show(self, request: Request) -> Response:
        return self._refusal(request) or JSONResponse(self._shown(request.path_params["name"]))

    async def turn(self, request: Request) -> Response:
        """200 with an empty body, a repeat included."""
        name, word = request.path_params["name"], request.path_params["word"]
        refusal = self._refusal(request)
        if refusal or word not in ("on", "off"):
            return refusal or _not_found(f"There is no {word} here.")
        changed = self.flags[name] != (word == "on")
        self.flags[name] = word == "on"
        if changed:
            self.memory.write({"flags": self.flags})
            self.world.journal.record(self.name, f"flag.turned_{word}", key=name)
        return Response()

    async def tell_clients(self, request: Request) -> Response:
        """What programs poll: every flag, and 304 while nothing has changed."""
        if request.headers.get("authorization") not in (secrets.UNLEASH_CLIENT_TOKEN, secrets.UNLEASH_TOKEN):
            return _unauthorised()
        told = {"version": 2, "features": [self._told(name) for name in self.flags]}
        tag = f'"{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return JSONResponse(told, headers={"ETag": tag})

    def _refusal(self, request: Request) -> Response | None:
        asked = request.path_params
        if request.headers.get("authorization") != secrets.UNLEASH_TOKEN:
            return _unauthorised()
        if (asked["project"], asked["environment"]) != (PROJECT, ENVIRONMENT) or asked["name"] not in self.flags:
            return _not_found(f"Could not find feature {asked['name']}")
        return None

    def _shown(self, name: str) -> dict[str, Any]:
        return {"name": ENVIRONMENT, "type": "production", "enabled": self.flags[name], "strategies": _EVERYBODY}

    def _told(self, name: str) -> dict[str, Any]:
        return {"name": name, "type": "release", "enabled": self.flags[name], "strategies": _EVERYBODY}


_EVERYBODY = [{"name": "default", "parameters": {}, "constraints": []}]


def part() -> Part:
    return FlagsPart()


def _unauthorised() -> Response:
    words = "You must log in to use Unleash."
    return JSONResponse({"name": "AuthenticationRequired", "message": words}, status_code=401)


def _not_found(words: str) -> Response:
    return JSONResponse({"name": "NotFoundError", "message": words}, status_code=404)
