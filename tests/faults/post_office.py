"""A mail server that takes every mail, and now and then breaks off before its answer, or asks for patience."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope


@dataclass
class PostOffice:
    """`taken` counts mails by their Message-ID. `to_lose` answers get lost, `to_put_off` mails are put off."""

    port: int = 0
    to_lose: int = 0
    to_put_off: int = 0
    taken: Counter[str] = field(default_factory=Counter)

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.to_put_off:
            self.to_put_off -= 1
            return "451 4.3.0 Try again later"
        self.taken[str(message_from_bytes(bytes(envelope.content or b""))["Message-ID"])] += 1
        if self.to_lose:
            self.to_lose -= 1
            server.transport.abort()
        return "250 OK"


@contextmanager
def running_post_office() -> Iterator[PostOffice]:
    """On a port that the system chose; aiosmtpd's own controller cannot say which."""
    office, loop = PostOffice(), asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: SMTP(office, loop=loop), "127.0.0.1", 0))
    office.port = server.sockets[0].getsockname()[1]
    serving = threading.Thread(target=loop.run_forever, daemon=True)
    serving.start()
    try:
        yield office
    finally:
        loop.call_soon_threadsafe(loop.stop)
        serving.join(10)
        server.close()
        loop.close()
