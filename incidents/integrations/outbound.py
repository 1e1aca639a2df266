"""One HTTP exchange with an outside system: the one place where its failures become IntegrationError."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from incidents.integrations.errors import IntegrationError
from incidents.integrations.fields import Fields, Unexpected, parse_json

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 10.0
# An answer that trickles in is given up here, so that no attempt lasts much longer (a lease waits for its end).
DEADLINE_SECONDS: Final = 30.0
_LARGEST_ANSWER: Final = 20_000_000
_NOT_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
DOUBT: Final = " It may have taken place all the same: it is looked up before anything is repeated."
_UNTOLD_WAIT: Final = 60.0
_LONGEST_WAIT: Final = 3600.0

Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; `next` is the address of the following page, where one is told."""

    status: int
    headers: httpx.Headers
    body: bytes
    next: str | None = None

    def json(self) -> object:
        """The answer's JSON; raises Unexpected."""
        return parse_json(self.body)

    def reason(self) -> str:
        """What the other side says about its refusal, in one short line, empty where it says nothing."""
        try:
            said = Fields(self.json())
            parts = [said.text("message", default="") or said.text("error", default=""), *_details(said)]
        except Unexpected:
            return ""
        return " ".join(" · ".join(part for part in parts if part).split())[:300]


class Outbound:
    """The way out to one system; `advice` says, by status, what an on-call engineer can do about a refusal."""

    def __init__(
        self,
        system: str,
        base_url: str,
        *,
        headers: Mapping[str, str],
        advice: Mapping[int, str],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        base = httpx.URL(base_url)
        self.system = system
        self._base = base.copy_with(userinfo=b"")  # httpx logs addresses, a password must not be in one
        self._advice = advice
        self._client = httpx.Client(
            base_url=self._base,
            auth=(base.username, base.password) if base.userinfo else None,
            headers={"User-Agent": "rollback-console", **headers},
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            transport=transport,
        )

    def ask(
        self,
        method: str,
        address: str,
        *,
        doing: str,
        writes: bool = False,
        headers: Mapping[str, str] | None = None,
        params: Params | None = None,
        json: object = None,
        content: bytes | None = None,
    ) -> Reply:
        """One exchange that must succeed (2xx, or a 304 that was asked for); else IntegrationError, around `doing`."""
        try:
            request = self._client.build_request(
                method, address, headers=headers, params=params, json=json, content=content
            )
        except (UnicodeError, httpx.InvalidURL):  # their texts may quote our headers, and with them the token
            raise unsendable(self.system, doing) from None
        reply = self.exchange(request, doing=doing, writes=writes)
        if reply.status >= 300 and reply.status != httpx.codes.NOT_MODIFIED:
            raise self._refusal(reply, doing, writes)
        return reply

    def build(self, method: str, address: str, *, headers: Mapping[str, str], content: bytes) -> httpx.Request:
        """A request with a ready-made body, for `exchange`."""
        return self._client.build_request(method, address, headers=headers, content=content)

    def exchange(self, request: httpx.Request, *, doing: str, writes: bool) -> Reply:
        """Sends once and takes in the whole answer, whatever its status; IntegrationError where there is none."""
        try:
            return self._exchange(request)
        except _NOT_SENT as error:
            reason = str(error) or "no connection in time"
            words = f"{self.system} cannot be reached while {doing} ({reason}). Nothing was sent."
            raise IntegrationError(words, retryable=True) from error
        except httpx.TimeoutException as error:
            raise self._lost(f"did not answer within {READ_SECONDS:.0f} s", doing, writes) from error
        except _TooSlow as error:
            raise self._lost(f"did not finish its answer within {DEADLINE_SECONDS:.0f} s", doing, writes) from error
        except _TooLarge as error:
            raise self._lost("answered with more than the console takes in", doing, writes) from error
        except httpx.LocalProtocolError:  # its text may quote our headers, and with them the token
            raise self._lost("could not be asked properly", doing, writes) from None
        except httpx.RequestError as error:
            raise self._lost("broke off before its answer was here", doing, writes) from error

    @contextmanager
    def understood(self, doing: str, *, writes: bool = False) -> Iterator[None]:
        """Turns Unexpected into IntegrationError; a write whose answer cannot be read may well have taken place."""
        try:
            yield
        except Unexpected as error:
            words = f"{self.system} gave an answer that the console cannot read, while {doing}: {error}."
            raise IntegrationError(words + (DOUBT if writes else ""), retryable=not writes, in_doubt=writes) from error

    def is_own(self, address: str) -> bool:
        """Whether an address that the system named lies on the system itself, so that the token may go there."""
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL:
            return False
        return (url.scheme, url.host, url.port) == (self._base.scheme, self._base.host, self._base.port)

    def _exchange(self, request: httpx.Request) -> Reply:
        until = time.monotonic() + DEADLINE_SECONDS
        response = self._client.send(request, stream=True)
        try:
            body = _taken_in(response, until)
        finally:
            response.close()
        return Reply(response.status_code, response.headers, body, response.links.get("next", {}).get("url"))

    def _lost(self, what: str, doing: str, writes: bool) -> IntegrationError:
        words = f"{self.system} {what}, while {doing}."
        return IntegrationError(words + (DOUBT if writes else ""), retryable=True, in_doubt=writes)

    def _refusal(self, reply: Reply, doing: str, writes: bool) -> IntegrationError:
        said = reply.reason()
        words = f"{self.system} answered {reply.status} to {doing}{': ' + said.rstrip('.') if said else ''}."
        if is_limit(reply.status, reply.headers, said):
            wait = wait_told(reply.headers, time.time)
            words += f" It limits how often it may be asked: again in {wait:.0f} s."
            return IntegrationError(words, retryable=True, status=reply.status, retry_after=wait)
        if reply.status >= 500:
            words += " The fault is on its side." + (DOUBT if writes else "")
            wait_named = wait_told(reply.headers, time.time) if "retry-after" in reply.headers else None
            return IntegrationError(words, retryable=True, in_doubt=writes, status=reply.status, retry_after=wait_named)
        advice = self._advice.get(reply.status, "")
        return IntegrationError(f"{words} {advice}".strip(), retryable=False, status=reply.status)


class _TooSlow(Exception):
    """The answer was still coming in at the deadline."""


class _TooLarge(Exception):
    """The answer is larger than any that we ask for."""


def unsendable(system: str, doing: str) -> IntegrationError:
    """What was to be sent holds characters that no request can carry."""
    words = f"{system} was not asked, while {doing}: what was to be sent holds characters that cannot be sent."
    return IntegrationError(words, retryable=False)


def is_limit(status: int, headers: Mapping[str, str], said: str) -> bool:
    """Whether a refusal only means "not so often": 429, or the 403 of GitHub's limits (its docs, "Rate limits")."""
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return True
    told = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0" or "rate limit" in said.lower()
    return status == httpx.codes.FORBIDDEN and told


def wait_told(headers: Mapping[str, str], clock: Callable[[], float]) -> float:
    """The seconds to wait before asking again: Retry-After, else x-ratelimit-reset, else a minute; at most an hour."""
    wait = _seconds(headers.get("retry-after", ""), clock)
    if wait is None and headers.get("x-ratelimit-remaining") == "0":
        reset = headers.get("x-ratelimit-reset", "")
        wait = float(reset) - clock() if reset.isdecimal() else None
    return min(max(_UNTOLD_WAIT if wait is None else wait, 1.0), _LONGEST_WAIT)


def _seconds(told: str, clock: Callable[[], float]) -> float | None:
    if told.strip().isdecimal():
        return float(told)
    try:
        at = parsedate_to_datetime(told)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - clock()


def _taken_in(response: httpx.Response, until: float) -> bytes:
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > _LARGEST_ANSWER:
            raise _TooLarge
        if time.monotonic() > until:
            raise _TooSlow
    return bytes(body)


def _details(said: Fields) -> list[str]:
    """GitHub's `errors`: objects with a message, or plain texts (docs.github.com, "Troubleshooting the REST API")."""
    try:
        return [error.text("message", default="") for error in said.each("errors")]
    except Unexpected:
        return []
