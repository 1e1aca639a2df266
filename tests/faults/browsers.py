"""The on-call engineer's browsers, where the fault is about the pages themselves."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx

from sandbox.drill.browser import Browser

PATIENCE_SECONDS = 60

if TYPE_CHECKING:
    from tests.faults.rollback import Rollback


def press_execute(rollback: "Rollback") -> int | None:
    """Press *execute* on the room as it is now: the answer's status, None where the connection broke."""
    browser = _signed_in(rollback)
    form = browser.room(rollback.incident.number)
    return _press(browser, rollback, form)


def press_twice_at_once(rollback: "Rollback") -> list[int | None]:
    """Two browsers, each with the same page open, each on a connection of its own."""
    browsers = [_signed_in(rollback) for _ in range(2)]
    forms = [browser.room(rollback.incident.number) for browser in browsers]
    together = threading.Barrier(len(browsers))

    def press(browser: Browser, form: dict[str, str]) -> int | None:
        together.wait(30)
        return _press(browser, rollback, form)

    with ThreadPoolExecutor(len(browsers)) as hands:
        return list(hands.map(press, browsers, forms))


def _signed_in(rollback: "Rollback") -> Browser:
    browser = Browser.signed_in(rollback.stage.address, "oncall")
    browser.client.timeout = httpx.Timeout(PATIENCE_SECONDS)
    return browser


def _press(browser: Browser, rollback: "Rollback", form: dict[str, str]) -> int | None:
    headers = {"X-CSRFToken": browser.client.cookies["csrftoken"], "Referer": str(browser.client.base_url)}
    try:
        answer = browser.client.post(f"/incidents/{rollback.incident.number}/execute", data=form, headers=headers)
    except httpx.TransportError:
        return None
    return answer.status_code
