"""One switch for every fault: armed by `POST /control/faults` or by the header `X-Sandbox-Fault: kind[:seconds]`."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WEBHOOK_KINDS = ("missing_webhook", "double_webhook", "reordered_webhook")
ANSWERS = {
    "500": (500, "Internal Server Error"),
    "502": (502, "Bad Gateway"),
    "429": (429, "You have exceeded a secondary rate limit"),
    "secondary_rate_limit": (403, "You have exceeded a secondary rate limit. Please wait a few minutes."),
    "primary_rate_limit": (403, "API rate limit exceeded for installation."),
}
CONNECTION_KINDS = ("slow", "hang", "drop_before", "drop_after")
KINDS = (*ANSWERS, *CONNECTION_KINDS, *WEBHOOK_KINDS)
_DEFAULT_SECONDS = {"slow": 3.0, "hang": 60.0}


class UnknownFault(Exception):
    """The fault asked for is none the sandbox knows."""


@dataclass(slots=True)
class Fault:
    """`part` is the first segment of the address (`github`, `slack`).

    `path` is a glob over the whole path, or over the event's name for a webhook's fault.
    """

    kind: str
    part: str = "*"
    method: str = "*"
    path: str = "*"
    times: int = 1
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownFault(f"There is no fault {self.kind!r}; there are: {', '.join(KINDS)}.")
        self.seconds = self.seconds or _DEFAULT_SECONDS.get(self.kind, 1.0)

    def meets(self, part: str, method: str, path: str) -> bool:
        return (
            self.times > 0
            and fnmatchcase(part, self.part)
            and fnmatchcase(method, self.method)
            and fnmatchcase(path, self.path)
        )


class Faults:
    """The faults that are armed; each strikes `times` times, in the order of arming."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []
        self._lock = threading.Lock()

    def arm(self, kind: str, **where: object) -> Fault:
        """Arm one fault; raises UnknownFault for a kind or a field that does not exist."""
        if not all(isinstance(where.get(name, 1), int | float) for name in ("times", "seconds")):
            raise UnknownFault("times and seconds are numbers.")
        try:
            fault = Fault(kind, **where)  # type: ignore[arg-type]  # a strange name is the TypeError below
        except TypeError as wrong:
            raise UnknownFault(str(wrong)) from wrong
        with self._lock:
            self._armed.append(fault)
        return fault

    def armed(self) -> list[dict[str, object]]:
        return [asdict(fault) for fault in self._armed]

    def clear(self) -> None:
        with self._lock:
            self._armed = []

    def strike(self, part: str, method: str, path: str) -> Fault | None:
        """Use up one strike of the first fault armed for this request."""
        return self._take(part, method, path, webhook=False)

    def strike_webhook(self, part: str, event: str) -> Fault | None:
        """Use up one strike of the first webhook fault armed for this event."""
        return self._take(part, "POST", event, webhook=True)

    def _take(self, part: str, method: str, path: str, *, webhook: bool) -> Fault | None:
        with self._lock:
            for fault in self._armed:
                if (fault.kind in WEBHOOK_KINDS) is webhook and fault.meets(part, method, path):
                    fault.times -= 1
                    self._armed = [left for left in self._armed if left.times > 0]
                    return fault
        return None


class FaultGate:
    """ASGI middleware, the outermost: lets a request through, or makes it fail as armed."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            fault = self._fault_for(scope)
        except UnknownFault as unknown:
            await JSONResponse({"message": str(unknown)}, status_code=400)(scope, receive, send)
            return
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind in ANSWERS:
            await _refuse(fault)(scope, receive, send)
        else:
            await self._disturb(fault, scope, receive, send)

    def _fault_for(self, scope: Scope) -> Fault | None:
        if scope["type"] != "http":
            return None
        part = scope["path"].strip("/").partition("/")[0]
        if part in ("control", "journal", ""):
            return None
        asked = Headers(scope=scope).get("x-sandbox-fault")
        return _from_header(asked) if asked else self._faults.strike(part, scope["method"], scope["path"])

    async def _disturb(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            await self._app(scope, receive, send)
        elif fault.kind == "hang":
            await _until_the_caller_leaves(receive, fault.seconds)
            await _drop(scope, receive)
        elif fault.kind == "drop_before":
            await _drop(scope, receive)
        else:
            await self._app(scope, receive, _nowhere)
            await _drop(scope, receive)


def _from_header(asked: str) -> Fault:
    kind, _, seconds = asked.partition(":")
    try:
        return Fault(kind.strip(), seconds=float(seconds or 0))
    except ValueError as wrong:
        raise UnknownFault("The header reads kind or kind:seconds.") from wrong


def _refuse(fault: Fault) -> JSONResponse:
    """Rate limits answer as documented: Retry-After for a secondary one, x-ratelimit-reset for the primary.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    status, words = ANSWERS[fault.kind]
    headers = {"retry-after": str(round(fault.seconds))} if fault.kind in ("429", "secondary_rate_limit") else {}
    if fault.kind == "primary_rate_limit":
        reset = str(int(time.time() + fault.seconds))
        headers = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    body = {"message": words, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    return JSONResponse(body, status_code=status, headers=headers)


async def _nowhere(message: Message) -> None:
    """Swallow an answer: the effect took place, and the caller never hears of it."""


async def _until_the_caller_leaves(receive: Receive, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await _disconnected(receive)
    except TimeoutError:
        return


async def _drop(scope: Scope, receive: Receive) -> None:
    """Cut the connection without a byte of answer; `sandbox.server` leaves the cutter in the scope's state."""
    cut: Callable[[], None] | None = scope.get("state", {}).get("cut_connection")
    if cut is None:
        raise ConnectionAbortedError("The sandbox dropped this connection on request.")
    cut()
    await _disconnected(receive)


async def _disconnected(receive: Callable[[], Awaitable[Message]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
