"""Waiting for what announces itself to nobody."""

import asyncio
from collections.abc import Callable


async def until(holds: Callable[[], bool], *, every: float = 0.05) -> None:
    """Return as soon as `holds` answers yes; a caller bounds it with `asyncio.timeout`."""
    while not holds():  # noqa: ASYNC110 - a process that ends or a counter that falls sets no event
        await asyncio.sleep(every)
