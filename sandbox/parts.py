"""What every part of the sandbox offers to the frame."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from starlette.routing import BaseRoute

if TYPE_CHECKING:
    from sandbox.world import World


class Part(Protocol):
    """One neighbour of the console: a code host, a shop, a chat.

    It reads its state in `start`, so that a reset is stop, wipe, start.
    """

    name: str

    def routes(self, world: World) -> list[BaseRoute]: ...

    async def start(self, world: World) -> None: ...

    async def stop(self, world: World) -> None: ...

    def state(self) -> dict[str, object]: ...


class NotStarted(RuntimeError):
    """A part was asked for something before the world started it, or after it was stopped."""


class DeployFailed(Exception):
    """The shop did not come up from the commit it was given; the words say why."""


class Shop(Protocol):
    """What the code host's workflow needs of the shop."""

    async def deploy(self, sha: str, checkout: Callable[[Path], None]) -> None:
        """Run the shop from `sha`; `checkout` writes that commit's files into a folder. Raises DeployFailed."""
        ...


class Memory:
    """A part's small state as one JSON file, replaced atomically, so that it survives a restart."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> dict[str, Any]:
        """What was written last; empty when nothing was."""
        if not self._file.exists():
            return {}
        content: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
        return content

    def write(self, content: dict[str, Any]) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(content), encoding="utf-8")
        fresh.replace(self._file)
