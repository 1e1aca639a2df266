"""Actions as a part of the sandbox: a push to the default branch starts a deploy."""

from typing import cast

from starlette.routing import BaseRoute

from sandbox.actions import control
from sandbox.actions.book import Book
from sandbox.actions.rest import Operations
from sandbox.actions.runner import Runner
from sandbox.codehost.part import CodeHost
from sandbox.parts import NotStarted
from sandbox.world import World


class Actions:
    """Stands beside the code host (part `github`) and deploys into the part `shop`."""

    name = "actions"

    def __init__(self) -> None:
        self._book: Book | None = None
        self._runner: Runner | None = None

    @property
    def book(self) -> Book:
        if self._book is None:
            raise NotStarted("Actions")
        return self._book

    @property
    def runner(self) -> Runner:
        if self._runner is None:
            raise NotStarted("Actions")
        return self._runner

    async def start(self, world: World) -> None:
        forge = _code_host(world).forge
        self._book = Book(forge, world.memory(self.name))
        self._runner = Runner(world, self._book)
        forge.listeners.append(self._runner.on_push)
        self._runner.start()

    async def stop(self, world: World) -> None:
        self._book = self._runner = None

    def routes(self, world: World) -> list[BaseRoute]:
        return [*Operations(self).routes(_code_host(world).rest), *control.routes(self)]

    def state(self) -> dict[str, object]:
        newest = list(self.book.runs.values())[:-21:-1]
        return {"next": self.book.next, "runs": [control.line(self, run) for run in newest]}


def _code_host(world: World) -> CodeHost:
    return cast("CodeHost", world.parts["github"])
