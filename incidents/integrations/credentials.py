"""Who the console is to the code host: a token as it stands, or an app's that is fetched anew each hour."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

import httpx
import jwt

from incidents.integrations.code_host import Grants
from incidents.integrations.errors import IntegrationError
from incidents.integrations.fields import Fields
from incidents.integrations.outbound import Outbound

ACCEPT: Final = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2026-03-10"}
_EARLY: Final = 5 * 60
_CLOCKS_APART: Final = 60
_JWT_LASTS: Final = 8 * 60
_DOING: Final = "signing in as the console's app"
_ASKING: Final = "asking what the console's app may do"
_ADVICE: Final = {
    401: "It does not accept the app's key: have an administrator check its id, its key and this machine's clock.",
    403: "The app may not act there: have an administrator look whether its installation is suspended.",
    404: "There is no such installation of the app: have an administrator check its id.",
}


class Credentials(Protocol):
    """Gives a token for the next request."""

    def token(self) -> str:
        """A token that is good now; raises IntegrationError where none can be had."""

    def forget(self) -> None:
        """The token was refused: do not give it out again, where another can be had."""

    def grants(self) -> Grants | None:
        """What the account may do, None where it cannot tell; raises IntegrationError."""


class TokenCredentials:
    """A personal or machine token, as small teams use it."""

    def __init__(self, token: str) -> None:
        self._token = _plain(token.strip())

    def token(self) -> str:
        return self._token

    def forget(self) -> None:
        """There is no other token."""

    def grants(self) -> Grants | None:
        """A fine-grained token tells nobody what it may do."""
        return None


class AppCredentials:
    """An installation token of a GitHub App, kept until five minutes before it expires; safe between threads.

    https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
    """

    def __init__(
        self,
        app_id: str,
        private_key: str,
        installation_id: str,
        *,
        api_url: str = "https://api.github.com",
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app_id = str(app_id)
        self._key = private_key
        self._address = f"app/installations/{int(installation_id)}"
        self._out = Outbound("GitHub", api_url, headers=ACCEPT, advice=_ADVICE, transport=transport)
        self._clock = clock
        self._lock = threading.Lock()
        self._kept = ""
        self._good_until = 0.0

    def token(self) -> str:
        with self._lock:
            if self._clock() >= self._good_until:
                self._kept, expires_at = self._fetched()
                self._good_until = expires_at.timestamp() - _EARLY
            return self._kept

    def forget(self) -> None:
        with self._lock:
            self._good_until = 0.0

    def grants(self) -> Grants | None:
        """https://docs.github.com/en/rest/apps/apps#get-an-installation-for-the-authenticated-app"""
        reply = self._out.ask("GET", self._address, doing=_ASKING, headers=self._signed())
        with self._out.understood(_ASKING):
            answer = Fields(reply.json())
            suspended = answer.has("suspended_at")
            return Grants(answer.texts_by_name("permissions"), answer.texts("events"), suspended)

    def _fetched(self) -> tuple[str, datetime]:
        """Repeating this does no harm, so it is never in doubt."""
        reply = self._out.ask("POST", f"{self._address}/access_tokens", doing=_DOING, headers=self._signed())
        with self._out.understood(_DOING):
            answer = Fields(reply.json())
            return _plain(answer.text("token")), answer.moment("expires_at")

    def _signed(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._jwt()}"}

    def _jwt(self) -> str:
        now = int(self._clock())
        claims = {"iat": now - _CLOCKS_APART, "exp": now + _JWT_LASTS, "iss": self._app_id}
        try:
            return jwt.encode(claims, self._key, algorithm="RS256")
        except (jwt.PyJWTError, ValueError, TypeError):  # their texts may quote the key
            words = "The app's private key cannot be read: have an administrator check GITHUB_APP_PRIVATE_KEY."
            raise IntegrationError(words, retryable=False) from None


def _plain(token: str) -> str:
    """A header can carry printable ASCII only; refused here, where the refusal does not quote the token."""
    if not token or not token.isascii() or not token.isprintable():
        raise IntegrationError("The GitHub token is empty, or holds what no token can hold.", retryable=False)
    return token
