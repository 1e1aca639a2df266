"""One way in for every REST operation: who calls, what was asked, and the answer with GitHub's headers."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.codehost.forge import FULL_NAME, Forge
from sandbox.codehost.refusals import Refused, bad_credentials, invalid, not_found

PREFIX = "/github/api"
_HOURLY_LIMIT = 5000


@dataclass(frozen=True, slots=True)
class Call:
    """One request, understood: `login` is who the token speaks for, empty for an App's JWT."""

    forge: Forge
    login: str
    path: Mapping[str, str]
    query: QueryParams
    body: Mapping[str, Any]
    address: str
    bearer: str

    def number(self, name: str) -> int:
        """A number in the path; 404 where it is none."""
        if not self.path[name].isdecimal():
            raise not_found()
        return int(self.path[name])

    def text(self, name: str, *, of: str, default: str | None = None) -> str:
        """A text in the body; 422 where it is missing or no text."""
        value = self.body.get(name, default)
        if not isinstance(value, str):
            raise invalid(of, name, f"{name} is missing or no string", code="missing_field")
        return value

    def page(self) -> tuple[int, int]:
        """(skip, limit), from `page` and `per_page` (at most 100)."""
        try:
            size = min(100, max(1, int(self.query.get("per_page", "30"))))
            return (max(1, int(self.query.get("page", "1"))) - 1) * size, size
        except ValueError as wrong:
            raise Refused(422, "Invalid pagination") from wrong


@dataclass(frozen=True, slots=True)
class Answer:
    body: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Operation = Callable[[Call], Answer]


class Meter:
    """Counts requests against the hour, for the x-ratelimit headers."""

    def __init__(self) -> None:
        self.used = 0
        self.resets_at = 0

    def count(self) -> None:
        if time.time() >= self.resets_at:
            self.used, self.resets_at = 0, int(time.time()) + 3600
        self.used += 1

    def resource(self) -> dict[str, int]:
        return {"limit": _HOURLY_LIMIT, "remaining": max(0, _HOURLY_LIMIT - self.used)} | {
            "reset": self.resets_at,
            "used": self.used,
        }

    def headers(self) -> dict[str, str]:
        return {f"x-ratelimit-{name}": str(value) for name, value in self.resource().items()} | {
            "x-ratelimit-resource": "core"
        }


class Rest:
    """Makes routes of operations. `forge` is asked for at each call, since a reset makes a new one."""

    def __init__(self, forge: Callable[[], Forge]) -> None:
        self._forge = forge
        self.meter = Meter()

    def route(self, path: str, method: str, operation: Operation, *, by_app: bool = False) -> Route:
        """`path` begins below the API's root; `by_app` operations take the App's JWT instead of a token."""

        async def endpoint(request: Request) -> Response:
            self.meter.count()
            try:
                call = await self._understood(request, by_app)
                answer = await run_in_threadpool(_locked, operation, call)
            except Refused as refused:
                answer = Answer(refused.body(), refused.status)
            return self._response(request, answer)

        return Route(PREFIX + path, endpoint, methods=[method])

    def repo_route(self, path: str, method: str, operation: Operation) -> Route:
        return self.route("/repos/{owner}/{name}" + path, method, operation)

    async def _understood(self, request: Request, by_app: bool) -> Call:
        forge = self._forge()
        token = _bearer(request)
        login = "" if by_app else forge.tokens.login(token)
        path = {name: str(value) for name, value in request.path_params.items()}
        if "owner" in path and f"{path['owner']}/{path['name']}" != FULL_NAME:
            raise not_found()
        return Call(forge, login, path, request.query_params, await _body(request), str(request.url), token)

    def _response(self, request: Request, answer: Answer) -> Response:
        content = b"" if answer.status == 204 else json.dumps(answer.body).encode()
        headers = {**self.meter.headers(), **answer.headers, "x-github-request-id": "SANDBOX"}
        if request.method == "GET" and answer.status == 200:
            headers["etag"] = f'"{hashlib.sha256(content).hexdigest()}"'
            if request.headers.get("if-none-match", "").removeprefix("W/") == headers["etag"]:
                return Response(b"", 304, headers)
        return Response(content, answer.status, headers, media_type="application/json; charset=utf-8")


def paged(call: Call, items: Sequence[object]) -> list[Any]:
    """The page of `items` that was asked for."""
    skip, limit = call.page()
    return list(items[skip : skip + limit])


def next_page(call: Call, total: int) -> dict[str, str]:
    """The Link header GitHub pages with, where there is more."""
    skip, limit = call.page()
    if skip + limit >= total:
        return {}
    query = QueryParams({**call.query, "page": str(skip // limit + 2)})
    return {"link": f'<{call.address.partition("?")[0]}?{query}>; rel="next"'}


def _locked(operation: Operation, call: Call) -> Answer:
    with call.forge.store.lock:
        return operation(call)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in ("bearer", "token"):
        raise bad_credentials("Requires authentication")
    return token


async def _body(request: Request) -> dict[str, Any]:
    content = await request.body()
    if not content:
        return {}
    try:
        body = json.loads(content)
    except ValueError as wrong:
        raise Refused(400, "Problems parsing JSON") from wrong
    if not isinstance(body, dict):
        raise Refused(400, "Body should be a JSON object")
    return body
