"""Better Stack's incidents at `/betterstack/api/v3`: opened, found again by metadata, acknowledged, resolved.

https://betterstack.com/docs/uptime/api/create-an-incident, …/list-all-incidents, …/acknowledge-an-ongoing-incident
"""

import re
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import secrets
from sandbox.control import body_of
from sandbox.parts import Memory, Part
from sandbox.world import World

KEY = "rollback_console_id"
_INCIDENTS = "/betterstack/api/v3/incidents"
_USUAL_PAGE, _LARGEST_PAGE = 10, 50
_FILTER = re.compile(r"metadata\[(.+)\]")
_MEANS = ("call", "sms", "email", "push", "critical_alert")

Incident = dict[str, Any]


class BetterStackPart:
    """Two incidents with one key are two pages: it promises no deduplication, and the journal is the judge."""

    name = "betterstack"
    world: World
    memory: Memory
    incidents: list[Incident]

    async def start(self, world: World) -> None:
        self.world, self.memory = world, world.memory(self.name)
        self.incidents = self.memory.read().get("incidents", [])

    async def stop(self, world: World) -> None:
        """Nothing runs here."""

    def routes(self, world: World) -> list[BaseRoute]:
        return [
            Route(_INCIDENTS, self.list_incidents, methods=["GET"]),
            Route(_INCIDENTS, self.open_incident, methods=["POST"]),
            Route(f"{_INCIDENTS}/{{id}}", self.show_incident, methods=["GET"]),
            Route(f"{_INCIDENTS}/{{id}}/{{word}}", self.move_incident, methods=["POST"]),
            Route("/betterstack/report", self.form, methods=["GET"]),
        ]

    def state(self) -> dict[str, object]:
        return {"incidents": [{"id": one["id"], **one["attributes"]} for one in self.incidents[-30:]]}

    async def open_incident(self, request: Request) -> Response:
        if not _knows(request):
            return _unauthorised()
        body = await body_of(request)
        missing = [name for name in ("requester_email", "summary") if not body.get(name)]
        if missing:
            return JSONResponse({"errors": {name: ["can't be blank"] for name in missing}}, status_code=422)
        incident = self._opened(body)
        self.incidents.append(incident)
        self.memory.write({"incidents": self.incidents})
        key = _value(incident, KEY)
        self.world.journal.record(self.name, "page.opened", key=key, id=incident["id"], summary=body["summary"])
        return JSONResponse({"data": incident}, status_code=201)

    async def list_incidents(self, request: Request) -> Response:
        """Newest first; `from` is a date, `metadata[name]` compares a value; ten on a page, fifty at most."""
        if not _knows(request):
            return _unauthorised()
        asked = request.query_params
        wanted = {named[1]: value for name, value in asked.items() if (named := _FILTER.fullmatch(name))}
        found = [one for one in reversed(self.incidents) if _matches(one, wanted, asked.get("from", ""))]
        size = min(_number(asked.get("per_page", ""), _USUAL_PAGE), _LARGEST_PAGE)
        number = _number(asked.get("page", ""), 1)
        page = found[(number - 1) * size : number * size]
        following = f"{self.world.address}{_INCIDENTS}?page={number + 1}" if number * size < len(found) else None
        return JSONResponse({"data": page, "pagination": {"next": following}})

    async def show_incident(self, request: Request) -> Response:
        if not _knows(request):
            return _unauthorised()
        incident = self._by_id(request.path_params["id"])
        return JSONResponse({"data": incident}) if incident else _not_found()

    async def move_incident(self, request: Request) -> Response:
        """Acknowledge or resolve; a repeat is a conflict."""
        if not _knows(request):
            return _unauthorised()
        incident, word = self._by_id(request.path_params["id"]), request.path_params["word"]
        if incident is None or word not in ("acknowledge", "resolve"):
            return _not_found()
        done = f"{word.removesuffix('e')}ed"
        if incident["attributes"][f"{done}_at"]:
            return JSONResponse({"errors": f"Incident is already {done}."}, status_code=409)
        body = await body_of(request)
        who = str(body.get(f"{done}_by") or "oncall")
        incident["attributes"] |= {f"{done}_at": _now(), f"{done}_by": who, "status": done.capitalize()}
        self.memory.write({"incidents": self.incidents})
        self.world.journal.record(self.name, f"page.{done}", key=_value(incident, KEY), by=who)
        return JSONResponse({"data": incident})

    async def form(self, request: Request) -> Response:
        return HTMLResponse("<!doctype html><title>Report an incident</title><h1>Report an incident</h1>")

    def _by_id(self, wanted: str) -> Incident | None:
        return next((one for one in self.incidents if one["id"] == wanted), None)

    def _opened(self, body: dict[str, object]) -> Incident:
        metadata = body.get("metadata")
        values = metadata if isinstance(metadata, dict) else {}
        number = str(1001 + len(self.incidents))
        attributes = {
            "name": body.get("name") or body["summary"],
            "url": None,
            "http_method": None,
            "cause": body["summary"],
            "started_at": _now(),
            "acknowledged_at": None,
            "acknowledged_by": None,
            "resolved_at": None,
            "resolved_by": None,
            "status": "Started",
            "team_name": "acme",
            "origin_url": None,
            "escalation_policy_id": body.get("policy_id"),
            **{means: bool(body.get(means)) for means in _MEANS},
            "metadata": {name: [{"type": "String", "value": str(value)}] for name, value in values.items()},
        }
        return {"id": number, "type": "incident", "attributes": attributes, "relationships": {}}


def part() -> Part:
    return BetterStackPart()


def _knows(request: Request) -> bool:
    return request.headers.get("authorization") == f"Bearer {secrets.BETTER_STACK_TOKEN}"


def _value(incident: Incident, name: str) -> str:
    values = incident["attributes"]["metadata"].get(name, [])
    return str(values[0]["value"]) if values else ""


def _matches(incident: Incident, wanted: dict[str, str], since: str) -> bool:
    same = all(_value(incident, name) == value for name, value in wanted.items())
    return same and incident["attributes"]["started_at"][:10] >= since


def _number(text: str, default: int) -> int:
    return max(1, int(text)) if text.isdecimal() else default


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _unauthorised() -> Response:
    return JSONResponse({"errors": "Invalid Team API token."}, status_code=401)


def _not_found() -> Response:
    return JSONResponse({"errors": "Resource with provided ID was not found"}, status_code=404)
