"""Hearing the doorbell: a name on Redis that says where to look, and nothing else."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from redis import RedisError
from redis.asyncio import Redis

from incidents.dispatch import DOORBELL

AGAIN_AFTER_SECONDS: Final = 1.0
log = structlog.get_logger(__name__)


class Doorbell:
    """Subscribes for ever. While Redis is away it is deaf, says so once, and the hub's own polls stand in."""

    def __init__(self, address: str, rung: Callable[[str | None], None]) -> None:
        self._address = address
        self._rung = rung
        self.connected = False

    async def listen(self) -> None:
        """Call `rung` with each stream's name, and with None whenever rings may have been missed."""
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as fault:
                if self.connected:
                    log.warning("doorbell_deaf", why=str(fault))
            self.connected = False
            await asyncio.sleep(AGAIN_AFTER_SECONDS)

    async def _listen(self) -> None:
        redis = Redis.from_url(self._address, socket_connect_timeout=2, health_check_interval=10)
        async with redis, redis.pubsub(ignore_subscribe_messages=True) as bell:
            await bell.subscribe(DOORBELL)
            self.connected = True
            self._rung(None)
            while True:
                message = await bell.get_message(timeout=5.0)
                if message is not None:
                    self._rung(message["data"].decode())
