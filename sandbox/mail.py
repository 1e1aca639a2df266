"""A mailbox for everything the console sends: a small SMTP server that delivers to the journal."""

import asyncio
import email
from email import policy

from starlette.routing import BaseRoute

from sandbox.parts import Part
from sandbox.world import World

_GREETINGS = ("HELO", "EHLO")
_LONGEST_MESSAGE = 1_000_000


class MailPart:
    """Listens on the port of `/control/state`, the same at every start where it is free."""

    name = "mail"
    world: World
    port = 0

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None

    def routes(self, world: World) -> list[BaseRoute]:
        return []

    async def start(self, world: World) -> None:
        self.world = world
        memory = world.memory(self.name)
        self._server = await self._listen(memory.read().get("port", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        memory.write({"port": self.port})

    async def stop(self, world: World) -> None:
        if self._server is not None:
            self._server.close()

    def state(self) -> dict[str, object]:
        sent = self.world.journal.entries(part=self.name)[-20:]
        return {"port": self.port, "messages": [{"at": entry.at, **entry.detail} for entry in sent]}

    async def _listen(self, port: int) -> asyncio.Server:
        try:
            return await asyncio.start_server(self._converse, "127.0.0.1", port, limit=_LONGEST_MESSAGE)
        except OSError:
            return await asyncio.start_server(self._converse, "127.0.0.1", 0, limit=_LONGEST_MESSAGE)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: RFC 5321's minimum, every recipient welcome."""
        try:
            writer.write(b"220 sandbox\r\n")
            while line := await reader.readline():
                verb = line.split(maxsplit=1)[0].upper().decode("ascii", "replace") if line.strip() else ""
                writer.write(await self._reply(verb, reader, writer))
                if verb == "QUIT":
                    break
        finally:
            writer.close()

    async def _reply(self, verb: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        if verb in _GREETINGS:
            return b"250-sandbox\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
        if verb == "DATA":
            writer.write(b"354 go on\r\n")
            self._deliver(await reader.readuntil(b"\r\n.\r\n"))
        return b"221 bye\r\n" if verb == "QUIT" else b"250 OK\r\n"

    def _deliver(self, received: bytes) -> None:
        message = email.message_from_bytes(_unstuffed(received), policy=policy.default)
        body = message.get_body(("plain", "html"))
        self.world.journal.record(
            self.name,
            "mail.delivered",
            key=str(message["Message-ID"] or ""),
            to=str(message["To"]),
            subject=str(message["Subject"]),
            text=body.get_content() if body else "",
        )


def part() -> Part:
    return MailPart()


def _unstuffed(received: bytes) -> bytes:
    """Without the closing dot, and the doubled dots of RFC 5321 §4.5.2."""
    return received.removesuffix(b"\r\n.\r\n").replace(b"\r\n..", b"\r\n.").replace(b"\r\n", b"\n")
