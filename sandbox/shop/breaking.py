"""What somebody of the team does to the shop's code.

`POST /control/break {"scenario": name}` merges a bad change, or several; `POST /control/fix {"scenario": name}` opens
the pull request that would mend it, and merges nothing; `POST /control/resolve {"scenario": name, "branch": name}`
undoes it by hand on a branch, as who resolves a conflict does.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.codehost.repository import GitFailed
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

    async def prepare_fix(request: Request) -> Response:
        asked = await body_of(request)
        scenario = SCENARIOS.get(str(asked.get("scenario", "errors")))
        if scenario is None or scenario.fix is None:
            fixes = ", ".join(each.name for each in SCENARIOS.values() if each.fix)
            raise HTTPException(400, f"There is no fix for that; there is one for: {fixes}.")
        opened = await run_in_threadpool(open_fix, world, scenario.fix)
        return JSONResponse({"scenario": scenario.name, "opened": opened}, status_code=201)

    async def resolve(request: Request) -> Response:
        asked = await body_of(request)
        scenario = SCENARIOS.get(str(asked.get("scenario", "")))
        if scenario is None or not asked.get("branch"):
            raise HTTPException(400, f"scenario is one of {', '.join(SCENARIOS)}, and branch a name.")
        sha = await run_in_threadpool(undo_on_a_branch, world, scenario, str(asked["branch"]))
        return JSONResponse({"branch": asked["branch"], "sha": sha}, status_code=201)

    return [
        Route("/control/resolve", resolve, methods=["POST"]),
        Route("/control/break", break_it, methods=["POST"]),
        Route("/control/fix", prepare_fix, methods=["POST"]),
    ]


def merge_scenario(world: World, scenario: Scenario, method: str = "merge") -> list[dict[str, object]]:
    """Merge the scenario's changes one after the other, or undo the fix that has mended them.

    Refuses with 409 where the shop is broken that way already.
    """
    from sandbox.codehost.part import CodeHost

    forge = cast("CodeHost", world.parts["github"]).forge
    for changes in _ways_to_break(scenario):
        with suppress(EditDoesNotFit, GitFailed):
            return [_merge(forge, change, method) for change in changes]
    raise HTTPException(409, "The shop is broken in this way already: revert it first.")


def _ways_to_break(scenario: Scenario) -> Iterator[tuple[BadChange, ...]]:
    yield scenario.changes
    if scenario.fix:
        yield (scenario.fix.undone(scenario.again),)


def undo_on_a_branch(world: World, scenario: Scenario, branch: str) -> str:
    """Undo the scenario's changes by hand on a branch, as who resolves a conflict does; 409 where none is there."""
    from sandbox.codehost.part import CodeHost

    forge = cast("CodeHost", world.parts["github"]).forge
    with forge.store.lock:
        files: dict[str, str] = {}
        for change in scenario.changes:
            files |= _tree(forge, change)
        try:
            for change in reversed(scenario.changes):
                files |= {path: text for path, text in change.undone("").files(files).items() if text is not None}
        except (EditDoesNotFit, GitFailed) as whole:
            raise HTTPException(409, "The shop is not broken in that way: there is nothing to resolve.") from whole
        title = f"Undo “{scenario.changes[0].title}” by hand"
        return forge.commit_to(branch, scenario.changes[-1].author, title, dict(files))


def open_fix(world: World, fix: BadChange) -> dict[str, object]:
    """Push the fix to a branch of its own and open its pull request; 409 where there is nothing to mend."""
    from sandbox.codehost.forge import DEFAULT_BRANCH
    from sandbox.codehost.part import CodeHost

    forge = cast("CodeHost", world.parts["github"]).forge
    with forge.store.lock:
        try:
            files = fix.files(_tree(forge, fix))
        except (EditDoesNotFit, GitFailed) as whole:
            raise HTTPException(409, "The shop is not broken in that way: there is nothing to mend.") from whole
        branch = f"{fix.author}/mend-it-{forge.store.next_number()}"
        sha = forge.commit_to(branch, fix.author, fix.title, files)
        pull = forge.pulls.open(fix.author, title=fix.title, head=branch, base=DEFAULT_BRANCH)
    url = f"{forge.links.page}/pull/{pull.number}"
    return {"title": fix.title, "pull_request": pull.number, "sha": sha, "branch": branch, "url": url}


def _tree(forge: "Forge", change: BadChange) -> dict[str, str]:
    """The files that the change edits, as they stand on the branch."""
    from sandbox.codehost.forge import DEFAULT_BRANCH

    paths = sorted({edit.path for edit in change.edits})
    return {path: forge.repository.git("cat-file", "blob", f"{DEFAULT_BRANCH}:{path}") + "\n" for path in paths}


def _merge(forge: "Forge", change: BadChange, method: str) -> dict[str, object]:
    with forge.store.lock:
        pull, sha = forge.merge_change(change.author, change.title, change.files(_tree(forge, change)), method=method)
    return {
        "title": change.title,
        "pull_request": pull.number,
        "sha": sha,
        "url": f"{forge.links.page}/pull/{pull.number}",
    }
