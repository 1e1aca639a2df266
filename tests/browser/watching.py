"""A page under watch: whatever its console complains of, and every request that fails, is held against the test."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

REFUSED = re.compile(r"status of (\d{3})|Response Status Error Code (\d{3})")


@dataclass
class Watch:
    """What went wrong in a context's pages; what a test expects to be refused is allowed for a while."""

    problems: list[str] = field(default_factory=list)
    allowed: set[str] = field(default_factory=set)

    def over(self, context: BrowserContext) -> None:
        """Watch every page of the context, those that come later too."""
        context.on("console", self._said)
        context.on("weberror", lambda error: self.problems.append(f"script error: {error.error}"))
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    @contextmanager
    def allowing(self, page: Page, *codes: str) -> Iterator[None]:
        """Answers with these codes are what the test is about; "offline": so are connections that break."""
        self.allowed |= set(codes)
        yield
        page.wait_for_load_state("networkidle") if "offline" not in codes else None
        page.evaluate("0")  # what the console said on the way has been heard by now
        self.allowed -= set(codes)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        code = REFUSED.search(message.text)
        if code and (code.group(1) or code.group(2)) in self.allowed:
            return
        if "offline" in self.allowed and "net::ERR" in message.text:
            return
        self.problems.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _failed(self, request: Request) -> None:
        # A stream is given up by the page that leaves it, and a request by a click on to the next page.
        if "offline" in self.allowed or request.failure == "net::ERR_ABORTED":
            return
        self.problems.append(f"failed: {request.method} {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and str(response.status) not in self.allowed:
            self.problems.append(f"{response.status}: {response.request.method} {response.url}")
