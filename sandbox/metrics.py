"""Prometheus' HTTP API over the shop's real traffic: `query`, `query_range`, `alerts`.

Shapes and refusals: https://prometheus.io/docs/prometheus/latest/querying/api/
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import promql
from sandbox.alerts import AlertsPart
from sandbox.forms import form_of
from sandbox.parts import Part
from sandbox.series import ERROR_RATIO, LATENCY, REQUESTS, WRONG_TOTALS, Series, series_of
from sandbox.world import World

_API = "/prometheus/api/v1"
_MOST_POINTS = 11_000
_CHART_SECONDS = 180
_CHART_STEP = 1.5
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

Parameters = Mapping[str, str]
Labels = tuple[tuple[str, str], ...]


class BadRequest(Exception):
    """A parameter is missing, or cannot be read."""


class MetricsPart:
    name = "metrics"
    series: Series

    async def start(self, world: World) -> None:
        self.series = series_of(world)

    async def stop(self, world: World) -> None:
        """Nothing runs here."""

    def routes(self, world: World) -> list[BaseRoute]:
        async def query(request: Request) -> Response:
            return await _answered(request, self._query)

        async def query_range(request: Request) -> Response:
            return await _answered(request, self._query_range)

        async def active(request: Request) -> Response:
            return _success({"alerts": cast("AlertsPart", world.parts["alerts"]).active()})

        async def healthy(request: Request) -> Response:
            return Response("Prometheus Server is Healthy.\n", media_type="text/plain")

        return [
            Route(f"{_API}/query", query, methods=["GET", "POST"]),
            Route(f"{_API}/query_range", query_range, methods=["GET", "POST"]),
            Route(f"{_API}/alerts", active),
            Route("/prometheus/-/healthy", healthy),
        ]

    def state(self) -> dict[str, object]:
        """What the world page draws: the last minutes of each series, None where there was nothing to measure."""
        now = time.time()
        moments = [now - back for back in _moments(0, _CHART_SECONDS, _CHART_STEP)][::-1]
        names = {"error_ratio": ERROR_RATIO, "latency": LATENCY, "requests": REQUESTS, "wrong_totals": WRONG_TOTALS}
        lines = {key: [self._plain(name, moment) for moment in moments] for key, name in names.items()}
        return {"until": now, "seconds": _CHART_SECONDS, **lines}

    def _plain(self, name: str, moment: float) -> float | None:
        points = self.series.at(promql.Selector(name), moment)
        return round(points[0].value, 4) if points and math.isfinite(points[0].value) else None

    def _query(self, asked: Parameters) -> object:
        selector, moment = promql.parse(_text(asked, "query")), _moment(asked, "time", default=time.time())
        points = self.series.at(selector, moment)
        result = [{"metric": dict(point.labels), "value": _sample(moment, point.value)} for point in points]
        return {"resultType": "vector", "result": result}

    def _query_range(self, asked: Parameters) -> object:
        selector = promql.parse(_text(asked, "query"))
        start, end, step = _moment(asked, "start"), _moment(asked, "end"), _duration(asked)
        _check_range(start, end, step)
        found: dict[Labels, list[list[object]]] = {}
        for moment in _moments(start, end, step):
            for point in self.series.at(selector, moment):
                found.setdefault(tuple(point.labels.items()), []).append(_sample(moment, point.value))
        return {"resultType": "matrix", "result": [{"metric": dict(key), "values": found[key]} for key in found]}


def part() -> Part:
    return MetricsPart()


async def _answered(request: Request, answer: Callable[[Parameters], object]) -> Response:
    asked = {**request.query_params, **(await form_of(request) if request.method == "POST" else {})}
    try:
        return _success(answer(asked))
    except (BadRequest, promql.NotUnderstood) as wrong:
        body = {"status": "error", "errorType": "bad_data", "error": str(wrong)}
        return JSONResponse(body, status_code=400)


def _success(content: object) -> JSONResponse:
    return JSONResponse({"status": "success", "data": content})


def _sample(moment: float, value: float) -> list[object]:
    return [round(moment, 3), _number(value)]


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return repr(value).removesuffix(".0")


def _moments(start: float, end: float, step: float) -> Iterator[float]:
    for index in range(int((end - start) / step + 1e-9) + 1):
        yield start + index * step


def _check_range(start: float, end: float, step: float) -> None:
    if end < start:
        raise BadRequest('invalid parameter "end": end timestamp must not be before start time')
    if step <= 0:
        raise BadRequest(
            'invalid parameter "step": zero or negative query resolution step widths are not accepted. '
            "Try a positive integer"
        )
    if (end - start) / step > _MOST_POINTS:
        raise BadRequest(
            "exceeded maximum resolution of 11,000 points per timeseries. "
            "Try decreasing the query resolution (?step=XX)"
        )


def _text(asked: Parameters, name: str) -> str:
    value = asked.get(name, "")
    if not value.strip():
        raise BadRequest(f'invalid parameter "{name}": unknown position: parse error: no expression found in input')
    return value


def _moment(asked: Parameters, name: str, *, default: float | None = None) -> float:
    """A Unix time in seconds or an RFC 3339 time."""
    value = asked.get(name, "")
    if not value and default is not None:
        return default
    try:
        return _finite(value)
    except ValueError:
        return _from_calendar(name, value)


def _from_calendar(name: str, value: str) -> float:
    try:
        return datetime.fromisoformat(value).astimezone(UTC).timestamp()
    except ValueError as wrong:
        raise BadRequest(f'invalid parameter "{name}": cannot parse "{value}" to a valid timestamp') from wrong


def _duration(asked: Parameters) -> float:
    """`15`, `0.5`, `15s`, `1m`: in seconds."""
    value = asked.get("step", "")
    unit = next((unit for unit in ("ms", "s", "m", "h", "d") if value.endswith(unit)), "")
    try:
        return _finite(value.removesuffix(unit)) * _SECONDS.get(unit, 1.0)
    except ValueError as wrong:
        raise BadRequest(f'invalid parameter "step": cannot parse "{value}" to a valid duration') from wrong


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
