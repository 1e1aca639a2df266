"""What people do outside the console, by `/control/merge`, `push`, `review`, `revert` and `rules`."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.codehost.forge import DEFAULT_BRANCH, Forge
from sandbox.codehost.records import PullRequest
from sandbox.codehost.refusals import Refused
from sandbox.codehost.repository import GitCommit, GitFailed
from sandbox.codehost.rules import MERGE_METHODS, Rules, UnknownRule
from sandbox.control import body_of

Asked = Mapping[str, Any]
_EVENTS = {"APPROVED": "APPROVE", "CHANGES_REQUESTED": "REQUEST_CHANGES", "COMMENTED": "COMMENT"}


def routes(forge: Callable[[], Forge]) -> list[BaseRoute]:
    operations = {"merge": merge, "push": push, "review": review, "revert": revert, "rules": change_rules}
    return [_route(f"/control/{name}", forge, operation) for name, operation in operations.items()]


def _route(path: str, forge: Callable[[], Forge], operation: Callable[[Forge, Asked], object]) -> Route:
    async def endpoint(request: Request) -> Response:
        asked = await body_of(request)
        try:
            return JSONResponse(await run_in_threadpool(operation, forge(), asked), status_code=201)
        except Refused as refused:
            return JSONResponse(refused.body(), status_code=refused.status)
        except GitFailed as failed:
            return JSONResponse({"message": str(failed)}, status_code=422)

    return Route(path, endpoint, methods=["POST"])


def merge(forge: Forge, asked: Asked) -> object:
    """{title, author, files, method}, or {number, author, method} for a pull request that is already there."""
    method, author = asked.get("method", "merge"), _text(asked, "author", "engineer")
    if method not in MERGE_METHODS:
        raise Refused(422, f"method is one of {', '.join(MERGE_METHODS)}.")
    if "number" in asked:
        pull = forge.store.pull(_number(asked))
        sha = forge.approve_and_merge(pull, author, method=method)
    else:
        pull, sha = forge.merge_change(author, _text(asked, "title"), _files(asked), method=method)
    return {"pull_request": pull.number, "sha": sha, "url": f"{forge.links.page}/pull/{pull.number}"}


def push(forge: Forge, asked: Asked) -> object:
    """{branch, title, files, author}: a commit on that branch, the default branch included."""
    branch, author = _text(asked, "branch"), _text(asked, "author", "engineer")
    return {"branch": branch, "sha": forge.commit_to(branch, author, _text(asked, "title"), _files(asked))}


def review(forge: Forge, asked: Asked) -> object:
    """{number, login, state, body?}: APPROVED, CHANGES_REQUESTED or COMMENTED."""
    state = _text(asked, "state", "APPROVED").upper()
    event, body = _EVENTS.get(state, state), str(asked.get("body", ""))
    given = forge.pulls.review(_number(asked), _text(asked, "login"), event=event, body=body)
    return asdict(given)


def revert(forge: Forge, asked: Asked) -> object:
    """{sha, branch?, open_pull_request?, merge?, author}: somebody reverts by hand, beside the console."""
    author, sha = _text(asked, "author", "engineer"), _text(asked, "sha")
    branch = _text(asked, "branch", f"revert-{sha[:7]}")
    answer: dict[str, object] = {"branch": branch, "sha": forge.revert(author, sha, branch=branch)}
    if branch != DEFAULT_BRANCH and (asked.get("open_pull_request") or asked.get("merge")):
        title = forge.repository.commit(str(answer["sha"])).title
        pull = forge.pulls.open(author, title=title, head=branch, base=DEFAULT_BRANCH)
        answer["pull_request"] = pull.number
        if asked.get("merge"):
            answer["merged_as"] = forge.approve_and_merge(pull, author, method="merge")
    return answer


def change_rules(forge: Forge, asked: Asked) -> object:
    try:
        return rules_line(forge.change_rules(**asked))
    except UnknownRule as unknown:
        raise Refused(422, str(unknown)) from unknown


def rules_line(rules: Rules) -> dict[str, object]:
    return asdict(rules)


def commit_line(forge: Forge, commit: GitCommit) -> dict[str, object]:
    return {
        "sha": commit.sha,
        "title": commit.title,
        "author": commit.author.who.name,
        "at": commit.committer.at.isoformat(),
        "url": f"{forge.links.page}/commit/{commit.sha}",
    }


def pull_line(forge: Forge, pull: PullRequest) -> dict[str, object]:
    return {
        "number": pull.number,
        "title": pull.title,
        "author": pull.author,
        "state": "merged" if pull.merged else pull.state,
        "sha": pull.merge_sha,
        "reviews": [f"{review.login}: {review.state}" for review in pull.reviews],
        "url": f"{forge.links.page}/pull/{pull.number}",
    }


def _text(asked: Asked, name: str, default: str | None = None) -> str:
    value = asked.get(name, default)
    if not isinstance(value, str) or not value:
        raise Refused(422, f"{name} is missing.")
    return value


def _number(asked: Asked) -> int:
    number = asked.get("number")
    if not isinstance(number, int):
        raise Refused(422, "number is missing.")
    return number


def _files(asked: Asked) -> dict[str, str | None]:
    files = asked.get("files")
    if not isinstance(files, dict) or not files:
        raise Refused(422, "files is an object of path and content; null deletes.")
    for path in files:
        if {"", ".", "..", ".git"} & set(path.split("/")):
            raise Refused(422, f"{path!r} is no path inside a repository.")
    return files
