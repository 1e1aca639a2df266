"""The world at a glance: what happens in the sandbox, with buttons to break it."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.faults import KINDS
from sandbox.parts import Part
from sandbox.shop.scenarios import SCENARIOS, Scenario
from sandbox.world import World

if TYPE_CHECKING:
    from sandbox.codehost.forge import Forge
    from sandbox.codehost.part import CodeHost

_FOLDER = Path(__file__).parent
_FILES = ("world.css", "world.js", "chart.js")
_COMMITS_SHOWN = 12
_ENTRIES_SHOWN = 40
_ENTRIES_READ = 400
_MARKED = ("shop.deployed", "shop.deploy_failed", "alert.firing", "alert.resolved")


class WorldPage:
    """Its files lie below `/control`, where no fault strikes and only this machine is answered."""

    name = "page"

    async def start(self, world: World) -> None:
        """It remembers nothing."""

    async def stop(self, world: World) -> None:
        """Nothing runs here."""

    def state(self) -> dict[str, object]:
        return {}

    def routes(self, world: World) -> list[BaseRoute]:
        async def index(request: Request) -> Response:
            return FileResponse(_FOLDER / "index.html", headers={"Cache-Control": "no-store"})

        async def file(request: Request) -> Response:
            name = request.path_params["name"]
            return FileResponse(_FOLDER / name) if name in _FILES else Response(status_code=404)

        async def seen(request: Request) -> Response:
            return JSONResponse(await run_in_threadpool(what_is_seen, world))

        return [Route("/", index), Route("/control/page", seen), Route("/control/page/{name}", file)]


def part() -> Part:
    return WorldPage()


def what_is_seen(world: World) -> dict[str, object]:
    """Everything the page shows, in one piece."""
    entries = [entry.as_json() for entry in world.journal.entries()[-_ENTRIES_READ:]]
    return {
        "console": world.console,
        "scenarios": [_told(each) for each in SCENARIOS.values()],
        "parts": world.state(),
        "commits": commits_on_branch(world) if "github" in world.parts else [],
        "faults": {"armed": world.faults.armed(), "kinds": KINDS},
        "journal": entries[-_ENTRIES_SHOWN:],
        "marks": [entry for entry in entries if entry["effect"] in _MARKED],
    }


def _told(scenario: Scenario) -> dict[str, object]:
    fix = scenario.fix.title if scenario.fix else ""
    return {"name": scenario.name, "button": scenario.button, "effect": scenario.effect, "fix": fix}


def commits_on_branch(world: World) -> list[dict[str, object]]:
    """What landed on the default branch, newest first, under its pull request's title where it has one."""
    from sandbox.codehost.forge import DEFAULT_BRANCH

    forge = cast("CodeHost", world.parts["github"]).forge
    with forge.store.lock:
        landed = forge.repository.log(DEFAULT_BRANCH, limit=_COMMITS_SHOWN, first_parent=True)
        titles = _titles(forge)
    return [
        {
            "sha": commit.sha,
            "title": titles.get(commit.sha, commit.title),
            "author": commit.author.who.name,
            "at": commit.committer.at.isoformat(),
            "url": f"{forge.links.page}/commit/{commit.sha}",
        }
        for commit in landed
    ]


def _titles(forge: "Forge") -> dict[str, str]:
    return {pull.merge_sha: f"{pull.title} (#{pull.number})" for pull in forge.store.pulls.values() if pull.merge_sha}
