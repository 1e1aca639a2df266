"""Better Stack's status page at `/betterstack/api/v2/status-pages`: resources, reports, and updates under them.

https://betterstack.com/docs/uptime/api/create-a-new-status-page-report, …/create-a-new-status-update,
…/list-existing-resources-of-a-status-page, …/list-existing-reports-on-a-status-page and
…/list-all-existing-status-updates-for-a-status-page-report
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import secrets
from sandbox.control import body_of
from sandbox.journal import Journal
from sandbox.parts import Memory

COMPONENTS = {"7001": "Storefront", "7002": "Checkout"}
_AT = "/betterstack/api/v2/status-pages/{page}"
_REPORT = _AT + "/status-reports/{report}"
_HEALTHS = ("resolved", "degraded", "downtime")
_WORST_FIRST = ("downtime", "degraded")
_USUAL_PAGE, _LARGEST_PAGE = 10, 50

Entry = dict[str, Any]
Operation = Callable[[Request], Awaitable[Response]]


class Invalid(Exception):
    """Refused with 422; `errors` are by field, as Better Stack tells them."""

    def __init__(self, **errors: str) -> None:
        super().__init__(", ".join(errors))
        self.errors = {field: [words] for field, words in errors.items()}


class StatusReports:
    """It knows no key: two posts with the same words are two reports, and the journal is the judge."""

    def __init__(self, address: str, memory: Memory, journal: Journal) -> None:
        self._address, self._memory, self._journal = address, memory, journal
        kept = memory.read()
        self.reports: list[Entry] = kept.get("reports", [])
        self.updates: list[Entry] = kept.get("updates", [])

    def health(self) -> dict[str, str]:
        """How each component is said to fare: the newest word about it, operational where there is none or it is over.

        By the time of publication, as a page shows it.
        """
        said: dict[str, str] = {}
        for update in sorted(self.updates, key=_published):
            said |= {each["status_page_resource_id"]: each["status"] for each in _affected(update)}
        return {number: said.get(number, "").replace("resolved", "") or "operational" for number in COMPONENTS}

    def under(self, report: Entry) -> list[Entry]:
        """What was published under a report, oldest first."""
        return [each for each in self.updates if str(each["attributes"]["status_report_id"]) == report["id"]]

    def list_resources(self, request: Request) -> Response:
        health = self.health()
        return self._page(request, [_resource(each, health[each]) for each in COMPONENTS])

    def list_reports(self, request: Request) -> Response:
        return self._page(request, [self._shown(report) for report in reversed(self.reports)])

    def list_updates(self, request: Request) -> Response:
        report = self._report(request)
        return self._page(request, [_listed(each) for each in self.under(report)]) if report else not_found()

    async def open_report(self, request: Request) -> Response:
        """Without `notify_subscribers` everybody is written to: the default that its page documents."""
        body = await body_of(request)
        attributes = {
            "title": _text(body, "title", required=True),
            "report_type": _report_type(body),
            "starts_at": _moment(body, "starts_at"),
            "ends_at": None,
            "status_page_id": int(secrets.STATUS_PAGE),
        }
        update = self._new_update(body, report=str(9001 + len(self.reports)), notify_by_default=True)
        report = {"id": str(9001 + len(self.reports)), "type": "status_report", "attributes": attributes}
        self.reports.append(report)
        self._keep(update)
        key = f"{attributes['title']} @ {attributes['starts_at']}"
        self._journal.record("status", "status.report_posted", key=key, id=report["id"], **_told(update))
        return JSONResponse({"data": self._shown(report), "included": [_listed(update)]}, status_code=201)

    async def post_update(self, request: Request) -> Response:
        """Without `notify_subscribers` nobody is written to; `affected_resources` is required."""
        report, body = self._report(request), await body_of(request)
        if report is None:
            return not_found()
        if "affected_resources" not in body:
            raise Invalid(affected_resources="can't be blank")
        update = self._new_update(body, report=report["id"], notify_by_default=False)
        self._keep(update)
        told = _told(update)
        key = f"{report['id']} @ {update['attributes']['published_at']}: {told['message']}"
        self._journal.record("status", "status.update_posted", key=key, id=update["id"], report=report["id"], **told)
        return JSONResponse({"data": update}, status_code=201)

    def _new_update(self, body: Mapping[str, object], *, report: str, notify_by_default: bool) -> Entry:
        attributes = {
            "message": _text(body, "message", required=True),
            "published_at": _moment(body, "published_at"),
            "published_at_timezone": "UTC",
            "notify_subscribers": _flag(body, "notify_subscribers", notify_by_default),
            "status_report_id": int(report),
            "affected_resources": _resources(body.get("affected_resources") or []),
        }
        return {"id": str(50001 + len(self.updates)), "type": "status_update", "attributes": attributes}

    def _keep(self, update: Entry) -> None:
        self.updates.append(update)
        self._memory.write({"reports": self.reports, "updates": self.updates})

    def _report(self, request: Request) -> Entry | None:
        wanted = request.path_params["report"]
        return next((report for report in self.reports if report["id"] == wanted), None)

    def _shown(self, report: Entry) -> Entry:
        updates = self.under(report)
        said = {each["status_page_resource_id"]: each["status"] for update in updates for each in _affected(update)}
        state = next((word for word in _WORST_FIRST if word in said.values()), "operational")
        affected = [{"status_page_resource_id": number, "status": word} for number, word in said.items()]
        ids = [{"id": update["id"], "type": "status_update"} for update in updates]
        attributes = {**report["attributes"], "affected_resources": affected, "aggregate_state": state}
        return {**report, "attributes": attributes, "relationships": {"status_updates": {"data": ids}}}

    def _page(self, request: Request, entries: list[Entry]) -> Response:
        """https://betterstack.com/docs/uptime/api/pagination"""
        asked = request.query_params
        size = min(_number(asked.get("per_page", ""), _USUAL_PAGE), _LARGEST_PAGE)
        number = _number(asked.get("page", ""), 1)
        more = number * size < len(entries)
        last = max(1, -(-len(entries) // size))
        links = {"first": 1, "last": last, "prev": number - 1 or None, "next": number + 1 if more else None}
        at = f"{self._address}{request.url.path}?per_page={size}&page="
        pagination = {name: f"{at}{page}" if page else None for name, page in links.items()}
        return JSONResponse({"data": entries[(number - 1) * size : number * size], "pagination": pagination})


def routes(book: Callable[[], StatusReports]) -> list[BaseRoute]:
    """`book` is asked for at each call, since a reset makes a new one."""

    def operation(act: Callable[[StatusReports, Request], Response | Awaitable[Response]]) -> Operation:
        async def endpoint(request: Request) -> Response:
            if request.headers.get("authorization") != f"Bearer {secrets.BETTER_STACK_TOKEN}":
                return JSONResponse({"errors": "Invalid Team API token."}, status_code=401)
            if request.path_params["page"] != secrets.STATUS_PAGE:
                return not_found()
            try:
                answer = act(book(), request)
                return answer if isinstance(answer, Response) else await answer
            except Invalid as invalid:
                return JSONResponse({"errors": invalid.errors}, status_code=422)

        return endpoint

    return [
        Route(f"{_AT}/resources", operation(StatusReports.list_resources), methods=["GET"]),
        Route(f"{_AT}/status-reports", operation(StatusReports.list_reports), methods=["GET"]),
        Route(f"{_AT}/status-reports", operation(StatusReports.open_report), methods=["POST"]),
        Route(f"{_REPORT}/status-updates", operation(StatusReports.list_updates), methods=["GET"]),
        Route(f"{_REPORT}/status-updates", operation(StatusReports.post_update), methods=["POST"]),
    ]


def not_found() -> Response:
    return JSONResponse({"errors": "Resource with provided ID was not found"}, status_code=404)


def _resource(number: str, health: str) -> Entry:
    attributes = {
        "status_page_section_id": 1,
        "resource_id": int(number),
        "resource_type": "Monitor",
        "public_name": COMPONENTS[number],
        "widget_type": "history",
        "position": list(COMPONENTS).index(number),
        "status": health,
    }
    return {"id": number, "type": "status_page_resource", "attributes": attributes}


def _listed(update: Entry) -> Entry:
    """As in lists, which do not tell who was written to."""
    hidden = ("notify_subscribers", "published_at_timezone")
    told = {name: value for name, value in update["attributes"].items() if name not in hidden}
    return {**update, "attributes": told}


def _affected(update: Entry) -> list[dict[str, str]]:
    affected: list[dict[str, str]] = update["attributes"]["affected_resources"]
    return affected


def _told(update: Entry) -> dict[str, object]:
    """What the journal remembers of it: exactly what the public was told, and whether subscribers were written to."""
    attributes = update["attributes"]
    affected = {COMPONENTS[each["status_page_resource_id"]]: each["status"] for each in _affected(update)}
    return {"message": attributes["message"], "notified": attributes["notify_subscribers"], "affected": affected}


def _published(update: Entry) -> tuple[str, int]:
    return update["attributes"]["published_at"], int(update["id"])


def _text(body: Mapping[str, object], name: str, *, required: bool = False) -> str:
    value = body.get(name) or ""
    if not isinstance(value, str) or (required and not value.strip()):
        raise Invalid(**{name: "can't be blank"})
    return value


def _report_type(body: Mapping[str, object]) -> str:
    """Maintenance would need an end, and nothing here announces any."""
    if body.get("report_type", "manual") != "manual":
        raise Invalid(report_type="is not included in the list")
    return "manual"


def _flag(body: Mapping[str, object], name: str, default: bool) -> bool:
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise Invalid(**{name: "is not included in the list"})
    return value


def _moment(body: Mapping[str, object], name: str) -> str:
    """A time as Better Stack writes it; now, where none is named."""
    try:
        at = datetime.fromisoformat(str(body.get(name) or datetime.now(UTC).isoformat()))
    except ValueError as wrong:
        raise Invalid(**{name: "is invalid"}) from wrong
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _resources(listed: object) -> list[dict[str, str]]:
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise Invalid(affected_resources="is invalid")
    return [_resource_named(each) for each in listed]


def _resource_named(each: Mapping[str, object]) -> dict[str, str]:
    number, word = str(each.get("status_page_resource_id", "")), str(each.get("status", ""))
    if number not in COMPONENTS:
        raise Invalid(affected_resources="Status page resource must exist")
    if word not in _HEALTHS:
        raise Invalid(affected_resources="Status is not included in the list")
    return {"status_page_resource_id": number, "status": word}


def _number(text: str, default: int) -> int:
    return max(1, int(text)) if text.isdecimal() else default
