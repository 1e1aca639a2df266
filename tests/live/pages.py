"""A browser's page, as far as the stream goes: it keeps its cursor, reads events, and can come back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urlencode

from incidents.live import tickets
from incidents.live.audiences import Audience

PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    id: str
    data: str


def ticket_for(stream: str, *, user_id: int = 1, audience: Audience = Audience.VIEWER) -> str:
    return tickets.issue(user_id, stream, audience)


@dataclass
class Page:
    """One connection to the stream; `cursor` is what EventSource calls its last event id."""

    port: int
    ticket: str
    cursor: int = 0
    last_event_id: str = ""
    path: str = "/live/stream"
    method: str = "GET"
    more_headers: dict[str, str] = field(default_factory=dict)
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    unread: str = ""

    async def __aenter__(self) -> "Page":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        headers = {"Host": "localhost", **self.more_headers}
        if self.last_event_id:
            headers["Last-Event-ID"] = self.last_event_id
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        query = urlencode({"ticket": self.ticket, "cursor": self.cursor})
        self.writer.write(f"{self.method} {self.path}?{query} HTTP/1.1\r\n{lines}\r\n".encode())
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE)).decode().split("\r\n")
        self.status = int(head[0].split()[1])
        self.headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.writer.close()

    async def body(self) -> str:
        return (await self.reader.readexactly(int(self.headers["content-length"]))).decode()

    async def events(self) -> AsyncIterator[Event]:
        """Every event until the stream ends; the cursor moves as EventSource moves it."""
        while True:
            while "\n\n" in self.unread:
                block, self.unread = self.unread.split("\n\n", 1)
                if (event := self._read(block)) is not None:
                    yield event
            if not (text := await self._chunk()):
                return
            self.unread += text

    async def next(self, name: str = "message", *, patience: float = PATIENCE) -> Event:
        """The next event of that name; others are passed over."""
        async with asyncio.timeout(patience):
            async for event in self.events():
                if event.name == name:
                    return event
        raise EOFError("The stream ended first.")

    async def seen_until(self, last: int, *, patience: float = PATIENCE) -> list[int]:
        """The numbers of all entries shown, in the order they came, until that of `last`."""
        seen: list[int] = []
        async with asyncio.timeout(patience):
            async for event in self.events():
                if event.name == "message" and event.id:
                    seen += [int(number) for number in event.data.split(":")[1].split(",")]
                if last in seen:
                    return seen
        raise EOFError(f"The stream ended after {seen[-3:]}.")

    def _read(self, block: str) -> Event | None:
        fields: dict[str, list[str]] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(": ")
            fields.setdefault(name, []).append(value)
        if "data" not in fields:
            return None
        event = Event(*(fields.get(name, [default])[0] for name, default in (("event", "message"), ("id", ""))),
                      "\n".join(fields["data"]))  # fmt: skip
        if event.id:
            self.cursor = int(event.id)
        return event

    async def _chunk(self) -> str:
        try:
            size = int((await self.reader.readline()).strip() or b"0", 16)
            return (await self.reader.readexactly(size + 2))[:-2].decode() if size else ""
        except (ConnectionError, asyncio.IncompleteReadError):
            return ""
