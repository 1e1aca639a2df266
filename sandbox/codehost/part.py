"""The code host as a part of the sandbox."""

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.codehost import control, pages
from sandbox.codehost.backend import GitDoor
from sandbox.codehost.forge import DEFAULT_BRANCH, FULL_NAME, Forge
from sandbox.codehost.rest import commits, issues, pulls, rules, statuses
from sandbox.codehost.rest.calls import Rest
from sandbox.codehost.seeding import SeedCommit
from sandbox.parts import NotStarted
from sandbox.world import World


class CodeHost:
    """`history` is asked for once, when the repository is made."""

    name = "github"

    def __init__(self, history: Callable[[], Sequence[SeedCommit]]) -> None:
        self._history = history
        self._forge: Forge | None = None
        self.rest = Rest(lambda: self.forge)

    @property
    def forge(self) -> Forge:
        if self._forge is None:
            raise NotStarted("the code host")
        return self._forge

    async def start(self, world: World) -> None:
        self._forge = Forge(world, self._history)

    async def stop(self, world: World) -> None:
        self._forge = None

    def routes(self, world: World) -> list[BaseRoute]:
        door = GitDoor()

        async def git(request: Request) -> Response:
            return await door.answer(request, self.forge)

        return [
            Route("/github/git/{repository:path}.git/{service:path}", git, methods=["GET", "POST"]),
            *statuses.routes(self.rest),
            *commits.routes(self.rest),
            *pulls.routes(self.rest),
            *issues.routes(self.rest),
            *rules.routes(self.rest),
            *control.routes(lambda: self.forge),
            *pages.routes(lambda: self.forge),
        ]

    def state(self) -> dict[str, object]:
        forge = self.forge
        with forge.store.lock:
            head = forge.repository.head(DEFAULT_BRANCH)
            return {
                "repository": FULL_NAME,
                "default_branch": DEFAULT_BRANCH,
                "clone_url": forge.links.git,
                "head": head,
                "commits": [
                    control.commit_line(forge, commit)
                    for commit in forge.repository.log(head or "", limit=20, first_parent=True)
                ],
                "pull_requests": [control.pull_line(forge, pull) for pull in forge.pulls.listed(state="all")[:20]],
                "rules": control.rules_line(forge.store.rules),
            }
