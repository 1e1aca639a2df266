"""The frame every part stands in: state folder, journal, faults, the console's address, and the other parts."""

import asyncio
import logging
import shutil
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any, cast

from sandbox import secrets
from sandbox.deliveries import Deliveries
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.parts import Memory, NotStarted, Part, Shop

logger = logging.getLogger("sandbox")


class World:
    """One sandbox. `address` is its own base address, `console` the console's; `pace` multiplies every wait."""

    def __init__(self, state_folder: Path, *, address: str = "", console: str = "", pace: float = 1.0) -> None:
        self.state_folder = state_folder.resolve()
        self.state_folder.mkdir(parents=True, exist_ok=True)
        self.address = address.rstrip("/")
        self.console = console.rstrip("/")
        self.pace = pace
        self.journal = Journal(self.state_folder / "journal.jsonl")
        self.faults = Faults()
        self.deliveries = Deliveries(self.console, self.journal, self.faults)
        self.app_private_key = secrets.app_private_key(self.state_folder)
        self.parts: dict[str, Part] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, parts: Iterable[Part]) -> None:
        """Parts start in this order and stop in the opposite one."""
        self.parts.update({part.name: part for part in parts})

    @property
    def shop(self) -> Shop:
        return cast("Shop", self.parts["shop"])

    def folder(self, name: str) -> Path:
        """A folder for one part alone; a reset empties it."""
        folder = self.state_folder / "parts" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def memory(self, name: str) -> Memory:
        return Memory(self.folder(name) / "memory.json")

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self.pace)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let `work` run beside the requests until it ends or the world stops; its failure is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def spawn_soon(self, work: Coroutine[Any, Any, None]) -> None:
        """As `spawn`, from any thread."""
        if self._loop is None:
            raise NotStarted("the world")
        self._loop.call_soon_threadsafe(self.spawn, work)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            logger.error("Work in the sandbox failed", exc_info=failure)

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.deliveries.start()
        for part in self.parts.values():
            await part.start(self)

    async def stop(self) -> None:
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for part in reversed(self.parts.values()):
            await part.stop(self)
        await self.deliveries.stop()

    async def reset(self) -> None:
        """Back to the first day: everything but the keys is forgotten."""
        await self.stop()
        shutil.rmtree(self.state_folder / "parts", ignore_errors=True)
        self.journal.clear()
        self.faults.clear()
        await self.start()

    def state(self) -> dict[str, dict[str, object]]:
        return {name: part.state() for name, part in self.parts.items()}
