"""The live process's web face: raw ASGI, since a stream inside Django's handler holds a thread a viewer."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qs

from incidents.live import tickets, wire
from incidents.live.feeds import Reader
from incidents.live.hub import Hub

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

PATH: Final = "/live/stream"
HEALTH_PATH: Final = "/live/healthz"
STREAM_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


class LiveApplication:
    """`/live/stream?ticket=…&cursor=…` and `/live/healthz`; only pages of `origin` may read them from elsewhere."""

    def __init__(self, hub: Hub, *, origin: str, died: Callable[[], None]) -> None:
        self._hub = hub
        self._origin = origin.encode()
        self._died = died

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] == "lifespan.startup":
            self._hub.start(self._died)
            await send({"type": "lifespan.startup.complete"})
        await self._hub.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        cors = self._cors(scope)
        if scope["path"] not in {PATH, HEALTH_PATH}:
            await _say(send, 404, "There is nothing here.", cors)
        elif scope["method"] != "GET":
            await _say(send, 405, "Only GET.", [*cors, (b"allow", b"GET")])
        elif scope["path"] == HEALTH_PATH:
            await _say(send, 200, json.dumps(self._hub.report()), [], kind=b"application/json")
        else:
            await self._open(scope, receive, send, cors)

    async def _open(self, scope: Message, receive: Receive, send: Send, cors: Headers) -> None:
        query = parse_qs(scope["query_string"].decode("ascii", "replace"))
        try:
            ticket = tickets.read(query.get("ticket", [""])[0])
        except tickets.TicketRefused as refusal:
            await _say(send, 403, str(refusal), cors)
            return
        if not self._hub.admits(ticket):
            await _say(send, 403, "Signed out since this ticket was given.", cors)
            return
        reader = Reader(ticket, _cursor(scope, query), cut=scope["state"]["transport"].abort)
        await send({"type": "http.response.start", "status": 200, "headers": [*STREAM_HEADERS, *cors]})
        writing = asyncio.create_task(_write(reader, send))
        self._hub.join(reader)
        try:
            await _until_gone(receive)
        finally:
            self._hub.leave(reader)
            await writing

    def _cors(self, scope: Message) -> Headers:
        allowed = [(b"vary", b"origin")]
        if (b"origin", self._origin) in scope["headers"]:
            allowed.append((b"access-control-allow-origin", self._origin))
        return allowed


async def _write(reader: Reader, send: Send) -> None:
    """Send what the reader is given until it is let go, then its last word; `sending_since` shows stalls."""
    now = asyncio.get_running_loop().time
    await send({"type": "http.response.body", "body": wire.RETRY, "more_body": True})
    while (chunk := await reader.next()) is not None:
        reader.sending_since = now()
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
        reader.sending_since = None
    await send({"type": "http.response.body", "body": reader.farewell, "more_body": False})


async def _until_gone(receive: Receive) -> None:
    """Until the peer hangs up, or the response has been completed."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _cursor(scope: Message, query: dict[str, list[str]]) -> int:
    """The last number the page has seen: `Last-Event-ID` wins over the address; nonsense counts as nothing seen."""
    told = dict(scope["headers"]).get(b"last-event-id", b"").decode("ascii", "replace")
    text = told or query.get("cursor", [""])[0]
    return int(text) if text.isdecimal() and len(text) < 19 else 0


async def _say(send: Send, status: int, words: str, more: Headers, *, kind: bytes = b"text/plain") -> None:
    body = words.encode() + b"\n"
    headers = [
        (b"content-type", kind + b"; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *more]})
    await send({"type": "http.response.body", "body": body, "more_body": False})
