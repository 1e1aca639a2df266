"""The outside watcher that misses us: an address which is told, again and again, that the console lives."""

from typing import Final

import httpx

from incidents.integrations.outbound import Outbound

_ADVICE: Final = {
    401: "It does not know us: have an administrator correct HEARTBEAT_URL.",
    403: "It does not know us: have an administrator correct HEARTBEAT_URL.",
    404: "It does not know this heartbeat: have an administrator correct HEARTBEAT_URL.",
}


class Heartbeat:
    """One address; a POST without a body is what such services take (Better Stack, healthchecks.io, Cronitor)."""

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._out = Outbound("The outside watcher", url, headers={}, advice=_ADVICE, transport=transport)
        self._url = str(httpx.URL(url).copy_with(userinfo=b""))

    def beat(self) -> None:
        """Tell it once; raises IntegrationError where it did not hear."""
        self._out.ask("POST", self._url, doing="telling it that the console lives", writes=True)
