"""What customers talk to: passes each request on to an instance in turn, and counts what came of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
from starlette.requests import Request
from starlette.responses import Response

from sandbox.shop.instances import Instance
from sandbox.shop.traffic import Traffic

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"]
_NOBODY_HOME = b'{"error": "The shop is closed for a moment."}'


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    content_type: str = "application/json"


class FrontDoor:
    def __init__(self, instances: Sequence[Instance], traffic: Traffic, client: httpx.AsyncClient) -> None:
        self._instances = instances
        self._traffic = traffic
        self._turn = 0
        self._client = client

    async def ask(self, method: str, path: str, *, content: bytes = b"", content_type: str = "") -> Answer:
        """Pass one request on: 503 where no instance is up, 502 where the instance breaks off."""
        started = time.perf_counter()
        answer = await self._pass_on(method, path, content, content_type)
        self._traffic.record(answer.status, time.perf_counter() - started)
        return answer

    async def serve(self, request: Request) -> Response:
        """The same for a request from outside, below `/shop`."""
        path = "/" + request.path_params["path"]
        kind = request.headers.get("content-type", "")
        answer = await self.ask(request.method, path, content=await request.body(), content_type=kind)
        return Response(answer.body, status_code=answer.status, headers={"content-type": answer.content_type})

    async def _pass_on(self, method: str, path: str, content: bytes, content_type: str) -> Answer:
        instance = self._next_in_turn()
        if instance is None:
            return Answer(503, _NOBODY_HOME)
        instance.in_flight += 1
        try:
            answer = await self._client.request(
                method,
                f"http://127.0.0.1:{instance.port}{path}",
                content=content,
                headers={"content-type": content_type},
            )
        except httpx.TransportError:
            return Answer(502, _NOBODY_HOME)
        finally:
            instance.in_flight -= 1
        return Answer(answer.status_code, answer.content, answer.headers.get("content-type", ""))

    def _next_in_turn(self) -> Instance | None:
        self._turn += 1
        up = [instance for instance in self._instances if instance.up and not instance.drained]
        return up[self._turn % len(up)] if up else None
