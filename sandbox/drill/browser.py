"""A person at the console, without a screen."""

import re
from dataclasses import dataclass
from typing import Final

import httpx

PASSWORD: Final = "rollback-demo"


class DrillFailed(Exception):
    """The drill did not reach its end; the words say what was waited for."""


@dataclass
class Browser:
    """A person at the console, as their browser speaks: a session, its token, forms."""

    client: httpx.Client

    @classmethod
    def signed_in(cls, address: str, username: str) -> "Browser":
        browser = cls(httpx.Client(base_url=address, timeout=20, trust_env=False, follow_redirects=True))
        browser.client.get("/accounts/login/")
        answer = browser.post("/accounts/login/", login=username, password=PASSWORD)
        if answer.url.path != "/":
            raise DrillFailed(f"{username} could not sign in.")
        return browser

    def post(self, path: str, /, **fields: str) -> httpx.Response:
        """Send a form; raises DrillFailed with the console's own words where it is refused."""
        token = self.client.cookies.get("csrftoken") or ""
        headers = {"X-CSRFToken": token, "Referer": str(self.client.base_url)}
        answer = self.client.post(path, data=fields, headers=headers)
        if answer.is_error:
            words = " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())[:300]
            raise DrillFailed(f"{path} answered {answer.status_code}: {words}")
        return answer

    def room(self, number: str) -> dict[str, str]:
        """What the room's forms would send: its version, and the plan's digest where it shows one."""
        page = self.client.get(f"/incidents/{number}/").raise_for_status().text
        found = {
            "version": re.search(r'name="version" value="(\d+)"', page),
            "digest": re.search(r'name="digest" value="(\w+)"', page),
        }
        return {name: match.group(1) for name, match in found.items() if match}

    def act(self, number: str, what: str, **fields: str) -> None:
        """Press a button of the room, on the page as it is now."""
        self.post(f"/incidents/{number}/{what}", **self.room(number), **fields)
