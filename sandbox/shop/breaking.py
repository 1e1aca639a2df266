"""`POST /control/break {"scenario": name}`: merge a bad change, or several, as somebody of the team would."""

from typing import TYPE_CHECKING, cast

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.control import body_of
from sandbox.shop.edits import EditDoesNotFit
from sandbox.shop.scenarios import SCENARIOS, BadChange, Scenario
from sandbox.world import World

if TYPE_CHECKING:
    from sandbox.codehost.forge import Forge


def routes(world: World) -> list[BaseRoute]:
    async def break_it(request: Request) -> Response:
        asked = await body_of(request)
        scenario = SCENARIOS.get(str(asked.get("scenario", "errors")))
        if scenario is None:
            raise HTTPException(400, f"There is no such scenario; there are: {', '.join(SCENARIOS)}.")
        merged = await run_in_threadpool(merge_scenario, world, scenario, str(asked.get("method", "merge")))
        return JSONResponse({"scenario": scenario.name, "merged": merged}, status_code=201)

    return [Route("/control/break", break_it, methods=["POST"])]


def merge_scenario(world: World, scenario: Scenario, method: str = "merge") -> list[dict[str, object]]:
    """Merge the scenario's changes one after the other; refuses with 409 where the shop is broken that way already."""
    from sandbox.codehost.part import CodeHost

    forge = cast("CodeHost", world.parts["github"]).forge
    try:
        return [_merge(forge, change, method) for change in scenario.changes]
    except EditDoesNotFit as already:
        raise HTTPException(409, "The shop is broken in this way already: revert it first.") from already


def _merge(forge: "Forge", change: BadChange, method: str) -> dict[str, object]:
    from sandbox.codehost.forge import DEFAULT_BRANCH

    with forge.store.lock:
        paths = sorted({edit.path for edit in change.edits})
        tree = {path: forge.repository.git("cat-file", "blob", f"{DEFAULT_BRANCH}:{path}") + "\n" for path in paths}
        pull, sha = forge.merge_change(change.author, change.title, change.files(tree), method=method)
    return {
        "title": change.title,
        "pull_request": pull.number,
        "sha": sha,
        "url": f"{forge.links.page}/pull/{pull.number}",
    }
