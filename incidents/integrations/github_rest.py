"""GitHub's REST API as reading one, reading lists, and writing: signed, paged, conditional."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Final, TypeVar

import httpx

from incidents.integrations.credentials import ACCEPT, Credentials
from incidents.integrations.errors import IntegrationError
from incidents.integrations.fields import Fields, Unexpected, parse_json
from incidents.integrations.outbound import Outbound, Params, Reply

T = TypeVar("T")

PAGE: Final = 100
_MOST: Final = 1000
_MOST_KEPT: Final = 256
_LARGEST_KEPT: Final = 200_000
_MOVED: Final = "The repository was renamed or moved: correct its name in the catalogue."
_ADVICE: Final = {
    301: _MOVED,
    302: _MOVED,
    307: _MOVED,
    308: _MOVED,
    401: "The console's credentials are wrong, expired or revoked: have an administrator renew them, then retry.",
    403: "The console's account may not do this: have an administrator grant it, then retry.",
    404: "It is not there, or the console's account may not see it: check the name and the account's access.",
    405: "A rule stands in the way (review, check, merge method), or it is merged already: look at the pull request.",
    409: "It has changed since the console read it: look again before you go on.",
    422: "GitHub cannot do it as asked: its reason says what to change.",
}


class Rest:
    """One account's way to GitHub. Every method takes how to read the answer, and `doing`: the words for an error."""

    def __init__(self, api_url: str, credentials: Credentials, transport: httpx.BaseTransport | None) -> None:
        self._credentials = credentials
        self._out = Outbound("GitHub", api_url, headers=ACCEPT, advice=_ADVICE, transport=transport)
        self._kept = _Kept()

    def understood(self, doing: str) -> AbstractContextManager[None]:
        """Turns Unexpected into IntegrationError, for what is put together from several answers."""
        return self._out.understood(doing)

    def one(
        self,
        address: str,
        read: Callable[[Fields], T],
        doing: str,
        *,
        params: Params | None = None,
        fresh: bool = False,
    ) -> T:
        """One object; `fresh` asks for it unconditionally."""
        reply = self._get(address, doing, params=params, fresh=fresh)
        with self._out.understood(doing):
            return read(Fields.parse(reply.body))

    def all(
        self,
        address: str,
        read: Callable[[Fields], T],
        doing: str,
        *,
        params: Params | None = None,
        under: str = "",
    ) -> list[T]:
        """Every item; where there are more than a thousand, a part of them would mislead, so it is an error."""
        found = self.newest(address, read, doing, _MOST + 1, params=params, under=under)
        if len(found) > _MOST:
            words = f"GitHub has more than {_MOST} entries for {doing}: more than the console reads."
            raise IntegrationError(words, retryable=False)
        return found

    def newest(
        self,
        address: str,
        read: Callable[[Fields], T],
        doing: str,
        limit: int,
        *,
        params: Params | None = None,
        under: str = "",
    ) -> list[T]:
        """The first `limit` items of a list, following its pages; `under` is the key that holds it, if any."""
        found: list[T] = []
        query: Params | None = {"per_page": min(limit, PAGE), **(params or {})}
        while len(found) < limit:
            reply = self._get(address, doing, params=query, fresh=False)
            with self._out.understood(doing):
                page = [read(each) for each in _listed(reply.body, under)]
            found += page
            if not reply.next or not page:
                break
            address, query = self._own(reply.next, doing), None
        return found[:limit]

    def write(self, method: str, address: str, content: object, read: Callable[[Fields], T], doing: str) -> T:
        """Sends once; an answer that is lost, or cannot be read, leaves the effect in doubt."""
        reply = self._ask(method, address, doing, writes=True, content=content)
        with self._out.understood(doing, writes=True):
            return read(Fields.parse(reply.body))

    def remove(self, address: str, doing: str) -> None:
        """Deletes once; GitHub answers 204 without a body."""
        self._ask("DELETE", address, doing, writes=True)

    def _get(self, address: str, doing: str, *, params: Params | None, fresh: bool) -> Reply:
        """Conditional where an earlier answer is kept: a 304 costs nothing of the rate limit."""
        key = str(httpx.URL(address, params=params) if params else address)
        kept = None if fresh else self._kept.get(key)
        condition = {"If-None-Match": kept.headers["etag"]} if kept else {}
        reply = self._ask("GET", address, doing, headers=condition, params=params)
        if kept and reply.status == httpx.codes.NOT_MODIFIED:
            return kept
        if not fresh and "etag" in reply.headers:
            self._kept.put(key, reply)
        return reply

    def _ask(
        self,
        method: str,
        address: str,
        doing: str,
        *,
        writes: bool = False,
        headers: Mapping[str, str] | None = None,
        params: Params | None = None,
        content: object = None,
    ) -> Reply:
        signed = {"Authorization": f"Bearer {self._credentials.token()}", **(headers or {})}
        try:
            return self._out.ask(
                method, address, doing=doing, writes=writes, headers=signed, params=params, json=content
            )
        except IntegrationError as error:
            if error.status == httpx.codes.UNAUTHORIZED:
                self._credentials.forget()
            raise

    def _own(self, address: str, doing: str) -> str:
        if self._out.is_own(address):
            return address
        words = f"GitHub named a next page on another host, while {doing}: GITHUB_API_URL is not its own address."
        raise IntegrationError(words, retryable=False)


class _Kept:
    """The newest answers that have an ETag."""

    def __init__(self) -> None:
        self._replies: OrderedDict[str, Reply] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Reply | None:
        with self._lock:
            return self._replies.get(key)

    def put(self, key: str, reply: Reply) -> None:
        if len(reply.body) > _LARGEST_KEPT:
            return
        with self._lock:
            self._replies.pop(key, None)
            self._replies[key] = reply
            while len(self._replies) > _MOST_KEPT:
                self._replies.popitem(last=False)


def _listed(body: bytes, under: str) -> list[Fields]:
    content = parse_json(body)
    if under:
        return Fields(content).each(under)
    if not isinstance(content, list):
        raise Unexpected("the whole is not a list")
    return [Fields(each, f"[{place}]") for place, each in enumerate(content)]
