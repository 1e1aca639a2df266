"""Browsers of the on-call engineer and of approvers, where pages and what they prove are part of the walk."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import UUID

import httpx

from sandbox.drill.browser import PASSWORD, Browser

PATIENCE_SECONDS = 60

if TYPE_CHECKING:
    from tests.faults.walking import Walk


def press_execute(walk: "Walk") -> int | None:
    """Press *execute* on the room as it is now: the answer's status, None where the connection broke."""
    browser = _signed_in(walk)
    form = browser.room(walk.incident.number)
    return _press(browser, walk, form)


def press_twice_at_once(walk: "Walk") -> list[int | None]:
    """Two browsers, each with the same page open, each on a connection of its own."""
    browsers = [_signed_in(walk) for _ in range(2)]
    forms = [browser.room(walk.incident.number) for browser in browsers]
    together = threading.Barrier(len(browsers))

    def press(browser: Browser, form: dict[str, str]) -> int | None:
        together.wait(30)
        return _press(browser, walk, form)

    with ThreadPoolExecutor(len(browsers)) as hands:
        return list(hands.map(press, browsers, forms))


def _signed_in(walk: "Walk") -> Browser:
    browser = Browser.signed_in(walk.stage.address, "oncall")
    browser.client.timeout = httpx.Timeout(PATIENCE_SECONDS)
    return browser


def _press(browser: Browser, walk: "Walk", form: dict[str, str]) -> int | None:
    headers = {"X-CSRFToken": browser.client.cookies["csrftoken"], "Referer": str(browser.client.base_url)}
    try:
        answer = browser.client.post(f"/incidents/{walk.incident.number}/execute", data=form, headers=headers)
    except httpx.TransportError:
        return None
    return answer.status_code


def approve(sign_in: Callable[[], Browser], question: UUID, seat: str) -> bool:
    """The answer, the fresh proof where it is asked for (E16), the answer again; False where the connection broke."""
    page = f"/approvals/{question}/"
    try:
        browser = sign_in()
        answered = _approve(browser, page, seat)
        if answered.url.path != page:
            browser.post(str(answered.url), password=PASSWORD, next=page)
            _approve(browser, page, seat)
    except httpx.TransportError:
        return False
    return True


def _approve(browser: Browser, page: str, seat: str) -> httpx.Response:
    """On the question as it is shown now."""
    shown = browser.client.get(page).raise_for_status().text
    digest, version = (re.findall(rf'name="{name}" value="(\w+)"', shown)[0] for name in ("digest", "version"))
    return browser.post(
        f"{page}vote/", digest=digest, version=version, answer=f"approve {seat}", reason="I have read it."
    )
