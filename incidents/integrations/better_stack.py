"""The pager that is Better Stack (S1, E15), by its incidents API, version 3.

https://betterstack.com/docs/uptime/api/create-an-incident, …/list-all-incidents and …/resolve-an-ongoing-incident
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

import httpx

from incidents.integrations.errors import IntegrationError
from incidents.integrations.fields import Fields
from incidents.integrations.outbound import Outbound, Params
from incidents.integrations.paging import Call, Page

METADATA: Final = "rollback_console_id"
_INCIDENTS: Final = "api/v3/incidents"
_RESOLVED_BY: Final = "Rollback Console"
_LARGEST_PAGE: Final = 50
_MOST_PAGES: Final = 20
_CLOCKS_APART: Final = timedelta(minutes=2)
_FORM: Final = "Meanwhile, page by hand: file Better Stack's incident form, or ring them."
_ADVICE: Final = {
    401: f"The token is wrong or revoked: have an administrator renew BETTER_STACK_TOKEN. {_FORM}",
    403: f"The token may not do that: have an administrator correct BETTER_STACK_TOKEN. {_FORM}",
    404: f"There is no Better Stack at this address: have an administrator correct BETTER_STACK_URL. {_FORM}",
    422: _FORM,
}


class BetterStack:
    """A Pager. Our key travels in the metadata of the incident, which is how it is found again."""

    def __init__(
        self, url: str, token: str, *, team: str = "", policy: str = "", transport: httpx.BaseTransport | None = None
    ) -> None:
        headers = {"Authorization": f"Bearer {token.strip()}", "Accept": "application/json"}
        self._out = Outbound("Better Stack", url, headers=headers, advice=_ADVICE, transport=transport)
        self._chosen = {"team_name": team} if team else {}
        self._policy = {"policy_id": policy} if policy else {}

    def find(self, *, key: str, since: datetime) -> list[Page]:
        """`from` takes a date; what the filter lets through is compared once more, in case it is passed over."""
        doing = "looking for our page"
        oldest = (since - _CLOCKS_APART).astimezone(UTC).date().isoformat()
        params: Params = {
            "from": oldest, f"metadata[{METADATA}]": key, "per_page": _LARGEST_PAGE, **self._chosen,
        }  # fmt: skip
        with self._out.understood(doing):
            found = [_page(each) for each in self._listed(params, doing)]
        return sorted((page for page in found if page.key == key), key=_age)

    def page(self, call: Call, *, key: str) -> Page:
        """Wakes by every means, at once."""
        doing = "paging whoever is on call"
        means = {"call": True, "sms": True, "email": True, "push": True, "critical_alert": True}
        body = {
            "requester_email": call.requester,
            "name": call.name,
            "summary": call.summary,
            "description": call.description,
            **means,
            **self._chosen,
            **({"policy_id": call.policy} if call.policy else self._policy),
            "metadata": {METADATA: key},
        }
        reply = self._out.ask("POST", _INCIDENTS, doing=doing, writes=True, json=body)
        with self._out.understood(doing, writes=True):
            return _page(Fields.parse(reply.body), "data")

    def resolve(self, page: Page) -> None:
        """A second time is a conflict there, and what was wanted."""
        try:
            address = f"{_INCIDENTS}/{quote(page.id)}/resolve"
            self._out.ask("POST", address, doing="resolving our page", writes=True, json={"resolved_by": _RESOLVED_BY})
        except IntegrationError as refusal:
            if refusal.status != httpx.codes.CONFLICT:
                raise

    def _listed(self, params: Params, doing: str) -> Iterator[Fields]:
        for number in range(1, _MOST_PAGES + 1):
            reply = self._out.ask("GET", _INCIDENTS, doing=doing, params={**params, "page": number})
            answer = Fields.parse(reply.body)
            yield from answer.each("data")
            if answer.optional_text("pagination", "next") is None:
                return
        words = f"Better Stack lists more than {_LARGEST_PAGE * _MOST_PAGES} incidents since then: look there by hand."
        raise IntegrationError(words, retryable=False)


def _page(answer: Fields, *under: str) -> Page:
    return Page(
        id=answer.text(*under, "id"),
        key=_key(answer, *under),
        status=answer.text(*under, "attributes", "status", default="Started"),
        url=answer.text(*under, "attributes", "origin_url", default=""),
        acknowledged_by=answer.text(*under, "attributes", "acknowledged_by", default=""),
        resolved=bool(answer.text(*under, "attributes", "resolved_at", default="")),
    )


def _key(answer: Fields, *under: str) -> str:
    """Version 3 gives metadata back as {"name": [{"type": "String", "value": "…"}]}."""
    values = answer.each(*under, "attributes", "metadata", METADATA)
    return values[0].text("value", default="") if values else ""


def _age(page: Page) -> tuple[int, str]:
    """Ids are numbers that grow, written as texts."""
    return len(page.id), page.id
