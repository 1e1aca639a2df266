"""Prometheus: values, series and alerts; missing data is never a value (E12)."""

from datetime import UTC, datetime

import httpx
import pytest

from incidents.integrations.errors import IntegrationError
from incidents.integrations.metrics import AlertState, Metrics, Sample
from incidents.integrations.prometheus import Prometheus
from tests.integrations.worlds import Answer, Table, ok

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def metrics(path: str, answer: Answer) -> tuple[Metrics, Table]:
    table = Table({f"GET /prometheus/api/v1/{path}": answer})
    return Prometheus("https://host.example/prometheus", transport=table.transport), table


def success(kind: str, result: object) -> httpx.Response:
    return ok({"status": "success", "data": {"resultType": kind, "result": result}})


def vector(*values: str) -> httpx.Response:
    return success("vector", [{"metric": {}, "value": [NOON.timestamp(), value]} for value in values])


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.25", 0.25), ("0", 0.0), ("1e-3", 0.001), ("NaN", None), ("+Inf", None), ("-Inf", None)],
)
def test_a_value_is_a_number_or_missing_data(text, value):
    prometheus, _ = metrics("query", vector(text))
    assert prometheus.value("rate(errors[1m])") == Sample(NOON, value)


def test_an_empty_vector_is_no_data():
    prometheus, _ = metrics("query", vector())
    assert prometheus.value("absent") is None


def test_a_scalar_is_a_value_too():
    prometheus, _ = metrics("query", success("scalar", [NOON.timestamp(), "3"]))
    assert prometheus.value("scalar(x)") == Sample(NOON, 3.0)


def test_a_value_is_asked_for_at_a_time():
    prometheus, table = metrics("query", vector("1"))
    prometheus.value('rate(http_errors{job="shop"}[1m])', at=NOON)
    assert dict(table.asked[0].url.params) == {"query": 'rate(http_errors{job="shop"}[1m])', "time": "1795435200.000"}


def test_several_series_prove_nothing():
    prometheus, _ = metrics("query", vector("0", "1"))
    with pytest.raises(IntegrationError, match="selects 2 series"):
        prometheus.value("errors")


def test_a_series_keeps_its_gaps():
    values = [[NOON.timestamp(), "1"], [NOON.timestamp() + 15, "NaN"]]
    prometheus, table = metrics("query_range", success("matrix", [{"metric": {}, "values": values}]))
    found = prometheus.series("errors", start=NOON, end=NOON.replace(minute=5), step_seconds=15)
    assert [sample.value for sample in found] == [1.0, None]
    assert table.asked[0].url.params["step"] == "15"


def test_a_series_without_data_is_empty():
    prometheus, _ = metrics("query_range", success("matrix", []))
    assert prometheus.series("errors", start=NOON, end=NOON, step_seconds=15) == []


@pytest.mark.parametrize(
    ("status", "content", "retryable", "words"),
    [
        (400, {"status": "error", "errorType": "bad_data", "error": "1:6: parse error"}, False, "parse error"),
        (422, {"status": "error", "errorType": "execution", "error": "many-to-many"}, False, "many-to-many"),
        (503, {"status": "error", "errorType": "timeout", "error": "query timed out"}, True, "timed out"),
        (401, {}, False, "PROMETHEUS_URL"),
        (302, {}, False, "302"),
    ],
)
def test_a_refused_query_tells_why(status, content, retryable, words):
    prometheus, _ = metrics("query", ok(content, status))
    with pytest.raises(IntegrationError, match=words) as caught:
        prometheus.value("rate(")
    assert (caught.value.retryable, caught.value.in_doubt) == (retryable, False)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"<html>"),
        ok({"status": "error"}),
        ok({"status": "success", "data": {"result": [{"metric": {}}]}}),
        success("vector", [{"value": [1, 2]}]),
        success("vector", [{"value": [1e300, "2"]}]),
        success("vector", [{"value": [1, "many"]}]),
        success("vector", "none"),
        success("vector", [7]),
    ],
)
def test_an_answer_that_is_not_prometheus_is_an_error_never_a_value(answer):
    prometheus, _ = metrics("query", answer)
    with pytest.raises(IntegrationError, match="cannot read"):
        prometheus.value("errors")


def alert(state: str, **labels: str) -> dict[str, object]:
    return {"state": state, "labels": labels, "annotations": {}, "activeAt": "2026-11-23T12:00:00Z", "value": "1"}


@pytest.mark.parametrize(
    ("alerts", "state"),
    [
        ([], AlertState.INACTIVE),
        ([alert("firing", alertname="Errors", service="shop", severity="page")], AlertState.FIRING),
        ([alert("pending", alertname="Errors", service="shop")], AlertState.PENDING),
        ([alert("firing", alertname="Errors", service="other")], AlertState.INACTIVE),
        ([alert("firing", alertname="Latency", service="shop")], AlertState.INACTIVE),
        (
            [alert("pending", alertname="Errors", service="shop"), alert("firing", alertname="Errors", service="shop")],
            AlertState.FIRING,
        ),
    ],
)
def test_an_alert_is_found_by_name_and_labels(alerts, state):
    prometheus, _ = metrics("alerts", ok({"status": "success", "data": {"alerts": alerts}}))
    assert prometheus.alert_state("Errors", labels={"service": "shop"}) is state


def test_an_alert_that_cannot_be_asked_about_is_not_inactive():
    prometheus, _ = metrics("alerts", httpx.Response(200, content=b""))
    with pytest.raises(IntegrationError):
        prometheus.alert_state("Errors", labels={})
