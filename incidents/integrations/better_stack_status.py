"""The public status page at Better Stack (P1, P2), by its status-page API, version 2.

https://betterstack.com/docs/uptime/api/status-page-reports-api-response-params
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final, TypeVar
from urllib.parse import quote

import httpx

from incidents.integrations.errors import IntegrationError
from incidents.integrations.fields import Fields
from incidents.integrations.outbound import Outbound
from incidents.integrations.status_page import Affected, Component, Report, Update, to_the_second

T = TypeVar("T")

_LARGEST_PAGE: Final = 50
_MOST_PAGES: Final = 20
_BY_HAND: Final = "Meanwhile, post by hand on Better Stack's own page, and say so in the incident."
_TOKEN: Final = f"have an administrator correct BETTER_STACK_TOKEN. {_BY_HAND}"
_ADVICE: Final = {
    401: f"The token is wrong or revoked: {_TOKEN}",
    403: f"The token may not do that: {_TOKEN}",
    404: f"There is no such status page or report: compare BETTER_STACK_STATUS_PAGE. {_BY_HAND}",
    422: _BY_HAND,
}


class BetterStackStatusPage:
    """A StatusPage. What is sent says outright who is notified and what is affected: its defaults differ by call."""

    def __init__(
        self, url: str, token: str, *, page: str, public_url: str = "", transport: httpx.BaseTransport | None = None
    ) -> None:
        headers = {"Authorization": f"Bearer {token.strip()}", "Accept": "application/json"}
        self._out = Outbound("Better Stack", url, headers=headers, advice=_ADVICE, transport=transport)
        self._page = f"api/v2/status-pages/{quote(page, safe='')}"
        self._public_url = public_url

    def components(self) -> list[Component]:
        return self._listed("resources", _component, "reading the status page's components")

    def reports(self, *, since: datetime) -> list[Report]:
        found = self._listed("status-reports", self._report, "looking through the status page's reports")
        return sorted((each for each in found if each.starts_at >= to_the_second(since)), key=_start)

    def updates(self, report_id: str) -> list[Update]:
        doing = "looking through what was published under the report"
        found = self._listed(f"{_report_at(report_id)}/status-updates", partial(_update, report_id), doing)
        return sorted(found, key=_publication)

    def open_report(
        self,
        title: str,
        message: str,
        *,
        affected: Sequence[Affected],
        notify: bool,
        published_at: datetime,
        key: str,
    ) -> Report:
        """`starts_at` is set to `published_at`, since a page keeps no key of ours: title and start find the report."""
        at = _written(published_at)
        body = {"title": title, "report_type": "manual", "starts_at": at}
        content = {**body, **self._words(message, affected, notify=notify, at=at)}
        return self._post("status-reports", content, self._report, "posting a report on the status page")

    def post_update(
        self,
        report_id: str,
        message: str,
        *,
        affected: Sequence[Affected],
        notify: bool,
        published_at: datetime,
        key: str,
    ) -> Update:
        content = self._words(message, affected, notify=notify, at=_written(published_at))
        address = f"{_report_at(report_id)}/status-updates"
        return self._post(address, content, partial(_update, report_id), "posting an update on the status page")

    def _words(self, message: str, affected: Sequence[Affected], *, notify: bool, at: str) -> dict[str, object]:
        return {
            "message": message,
            "affected_resources": self._resources(affected),
            "notify_subscribers": notify,
            "published_at": at,
        }

    def _resources(self, affected: Sequence[Affected]) -> list[dict[str, str]]:
        if not affected:
            return []
        shown = self.components()
        ids = {component.id: component.id for component in shown} | {each.name: each.id for each in shown}
        strange = [each.component for each in affected if each.component not in ids]
        if strange:
            words = f"The status page shows no {', '.join(strange)}: correct the service's status components."
            raise IntegrationError(f"{words} Nothing was posted.", retryable=False)
        return [{"status_page_resource_id": ids[each.component], "status": each.health.value} for each in affected]

    def _report(self, answer: Fields) -> Report:
        starts_at = answer.moment("attributes", "starts_at")
        state = answer.text("attributes", "aggregate_state", default="")
        return Report(
            answer.text("id"), answer.text("attributes", "title", default=""), starts_at, state, self._public_url
        )

    def _post(self, address: str, content: object, read: Callable[[Fields], T], doing: str) -> T:
        reply = self._out.ask("POST", f"{self._page}/{address}", doing=doing, writes=True, json=content)
        with self._out.understood(doing, writes=True):
            return read(Fields.parse(reply.body).inside("data"))

    def _listed(self, address: str, read: Callable[[Fields], T], doing: str) -> list[T]:
        with self._out.understood(doing):
            return [read(each) for each in self._pages(address, doing)]

    def _pages(self, address: str, doing: str) -> Iterator[Fields]:
        """https://betterstack.com/docs/uptime/api/pagination"""
        for number in range(1, _MOST_PAGES + 1):
            params = {"page": number, "per_page": _LARGEST_PAGE}
            reply = self._out.ask("GET", f"{self._page}/{address}", doing=doing, params=params)
            answer = Fields.parse(reply.body)
            yield from answer.each("data")
            if answer.optional_text("pagination", "next") is None:
                return
        words = (
            f"Better Stack lists more than {_LARGEST_PAGE * _MOST_PAGES} entries, while {doing}: look there by hand."
        )
        raise IntegrationError(words, retryable=False)


def _report_at(report_id: str) -> str:
    return f"status-reports/{quote(report_id, safe='')}"


def _component(answer: Fields) -> Component:
    name = answer.text("attributes", "public_name", default="")
    return Component(answer.text("id"), name, answer.text("attributes", "status", default=""))


def _update(report_id: str, answer: Fields) -> Update:
    return Update(
        id=answer.text("id"),
        report_id=report_id,
        message=answer.text("attributes", "message", default=""),
        published_at=answer.moment("attributes", "published_at"),
        notified=answer.optional_flag("attributes", "notify_subscribers"),
    )


def _written(at: datetime) -> str:
    return to_the_second(at).isoformat().replace("+00:00", "Z")


def _start(report: Report) -> tuple[datetime, int, str]:
    return report.starts_at, len(report.id), report.id


def _publication(update: Update) -> tuple[datetime, int, str]:
    return update.published_at, len(update.id), update.id
