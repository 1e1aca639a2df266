"""The flags that are Unleash (S2), by its admin API.

https://docs.getunleash.io/reference/api/unleash/toggle-feature-environment-off
"""

from typing import Final
from urllib.parse import quote

import httpx

from incidents.integrations.fields import Fields, Unexpected
from incidents.integrations.flags import Flag
from incidents.integrations.outbound import Outbound

_BY_HAND: Final = "Meanwhile, turn it off there by hand."
_ADVICE: Final = {
    400: _BY_HAND,
    401: f"The token is wrong or revoked: have an administrator renew UNLEASH_TOKEN. {_BY_HAND}",
    403: f"The token may not do that, or the environment wants a change request. {_BY_HAND}",
    404: "Correct the service's flags in the catalogue, or UNLEASH_PROJECT and UNLEASH_ENVIRONMENT.",
    409: f"A change request stands in the way. {_BY_HAND}",
}


class Unleash:
    """Flags of one project in one environment."""

    def __init__(
        self, url: str, token: str, *, project: str, environment: str, transport: httpx.BaseTransport | None = None
    ) -> None:
        headers = {"Authorization": token.strip(), "Accept": "application/json"}  # without "Bearer", as its docs say
        self._out = Outbound("Unleash", url, headers=headers, advice=_ADVICE, transport=transport)
        self._url, self._project, self._environment = url.rstrip("/"), project, environment

    def read(self, name: str) -> Flag:
        doing = f"reading the flag {name}"
        reply = self._out.ask("GET", self._address(name), doing=doing)
        with self._out.understood(doing):
            on = Fields.parse(reply.body).optional_flag("enabled")
            if on is None:
                raise Unexpected("enabled is not true or false")
        url = f"{self._url}/projects/{quote(self._project, safe='')}/features/{quote(name, safe='')}"
        return Flag(name, self._environment, on, url)

    def turn(self, name: str, *, on: bool, key: str) -> None:
        """Idempotent by nature: our key has nowhere to travel, and needs not."""
        where = "on" if on else "off"
        self._out.ask("POST", f"{self._address(name)}/{where}", doing=f"turning {name} {where}", writes=True)

    def _address(self, name: str) -> str:
        project, flag, environment = (quote(part, safe="") for part in (self._project, name, self._environment))
        return f"api/admin/projects/{project}/features/{flag}/environments/{environment}"
