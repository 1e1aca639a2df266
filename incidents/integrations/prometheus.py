"""The metrics that are Prometheus (R5, E12), by its HTTP API."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import httpx

from incidents.integrations.errors import IntegrationError
from incidents.integrations.fields import Fields, Unexpected
from incidents.integrations.metrics import AlertState, Sample
from incidents.integrations.outbound import Outbound, Params

_ADVICE: Final = {
    400: "The query or its time is wrong: correct the service's alert query in the catalogue.",
    401: "Prometheus wants a sign-in: have an administrator correct PROMETHEUS_URL.",
    403: "The console may not ask there: have an administrator correct PROMETHEUS_URL.",
    404: "There is no Prometheus at this address: have an administrator correct PROMETHEUS_URL.",
    422: "The query cannot be carried out: correct the service's alert query in the catalogue.",
}
_WORST_FIRST: Final = (AlertState.FIRING, AlertState.PENDING)


class Prometheus:
    """A Metrics, safe between threads."""

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None = None) -> None:
        accept = {"Accept": "application/json"}
        self._out = Outbound("Prometheus", url, headers=accept, advice=_ADVICE, transport=transport)

    def value(self, query: str, *, at: datetime | None = None) -> Sample | None:
        doing = f"asking for the value of {query}"
        params = {"query": query} | ({"time": f"{at.timestamp():.3f}"} if at else {})
        answer = self._ask("api/v1/query", params, doing)
        with self._out.understood(doing):
            if answer.text("data", "resultType", default="vector") == "scalar":
                return _sample(answer.items("data", "result"))
            found = self._only(answer.each("data", "result"), query)
            return _sample(found.items("value")) if found else None

    def series(self, query: str, *, start: datetime, end: datetime, step_seconds: int) -> list[Sample]:
        doing = f"asking for the series of {query}"
        span = {"start": f"{start.timestamp():.3f}", "end": f"{end.timestamp():.3f}", "step": str(step_seconds)}
        answer = self._ask("api/v1/query_range", {"query": query, **span}, doing)
        with self._out.understood(doing):
            found = self._only(answer.each("data", "result"), query)
            return [_sample(pair) for pair in found.items("values")] if found else []

    def alert_state(self, name: str, *, labels: Mapping[str, str]) -> AlertState:
        """Prometheus lists pending and firing alerts only: one that is not there is inactive."""
        doing = f"asking whether the alert {name} fires"
        wanted = {**labels, "alertname": name}.items()
        answer = self._ask("api/v1/alerts", {}, doing)
        with self._out.understood(doing):
            states = {
                alert.text("state")
                for alert in answer.each("data", "alerts")
                if wanted <= alert.texts_by_name("labels").items()
            }
        return next((state for state in _WORST_FIRST if state in states), AlertState.INACTIVE)

    def _ask(self, address: str, params: Params, doing: str) -> Fields:
        reply = self._out.ask("GET", address, doing=doing, params=params)
        with self._out.understood(doing):
            answer = Fields.parse(reply.body)
            if answer.text("status") != "success":
                raise Unexpected("its status is not success")
            return answer

    def _only(self, found: list[Fields], query: str) -> Fields | None:
        """Any one of several would prove nothing, so several are an error (E12)."""
        if len(found) > 1:
            words = (
                f"{query} selects {len(found)} series, one is needed: put sum() or max() around it in the catalogue."
            )
            raise IntegrationError(words, retryable=False)
        return found[0] if found else None


def _sample(pair: object) -> Sample:
    """[seconds, "value"]; NaN and the infinities are missing data (E12)."""
    match pair:
        case [int() | float() as seconds, str() as text]:
            return Sample(_moment(seconds), _number(text))
    raise Unexpected("a sample is not a pair of time and value")


def _moment(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise Unexpected("a sample's time is outside the calendar") from None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        raise Unexpected("a sample's value is not a number") from None
    return number if math.isfinite(number) else None
