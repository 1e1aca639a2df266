"""Prometheus' HTTP API: its shapes, its refusals, its silence. https://prometheus.io/docs/prometheus/latest/querying/api/"""

import time
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sandbox import promql
from sandbox.testing import Sandbox

ERRORS = "shop:http_error_ratio:rate10s"


def ask(sandbox: Sandbox, path: str = "query", **asked: object) -> httpx.Response:
    return sandbox.client.get(f"/prometheus/api/v1/{path}", params={name: str(value) for name, value in asked.items()})


def result(answer: httpx.Response) -> list[dict[str, Any]]:
    body = answer.raise_for_status().json()
    assert body["status"] == "success"
    found: list[dict[str, Any]] = body["data"]["result"]
    return found


def test_a_value_is_a_moment_and_a_text(world: Sandbox) -> None:
    moment = round(time.time(), 3)
    answer = ask(world, query=ERRORS, time=moment)
    assert answer.json()["data"]["resultType"] == "vector"
    (series,) = result(answer)
    assert series == {"metric": {"__name__": ERRORS, "service": "shop"}, "value": [moment, "0"]}


def test_a_form_is_as_good_as_a_query_string(world: Sandbox) -> None:
    assert len(result(world.client.post("/prometheus/api/v1/query", data={"query": ERRORS}))) == 1


@pytest.mark.parametrize(
    ("query", "instances"),
    [
        ("up", ["eu-1", "eu-2"]),
        ('up{job="shop"}', ["eu-1", "eu-2"]),
        ('up{job="shop", instance!="eu-1",}', ["eu-2"]),
        ('up{instance="eu-1"}', ["eu-1"]),
        ('up{job="search"}', []),
        ('up{region=""}', ["eu-1", "eu-2"]),
    ],
)
def test_matchers_choose_the_series(world: Sandbox, query: str, instances: list[str]) -> None:
    assert [series["metric"]["instance"] for series in result(ask(world, query=query))] == instances


def test_an_unknown_metric_is_an_empty_success(world: Sandbox) -> None:
    assert result(ask(world, query="search:http_error_ratio:rate10s")) == []


def test_a_time_before_the_first_sample_is_an_empty_success(world: Sandbox) -> None:
    assert result(ask(world, query=ERRORS, time=1000)) == []


@pytest.mark.parametrize("query", ["", "up{", "rate(up[5m])", 'up{job=~"s.*"}', "up == 1", 'up{job="shop"', "1 + 1"])
def test_anything_else_is_refused_as_bad_data(world: Sandbox, query: str) -> None:
    answer = ask(world, query=query)
    assert (answer.status_code, answer.json()["status"], answer.json()["errorType"]) == (400, "error", "bad_data")


def test_a_range_has_a_value_at_every_step(world: Sandbox) -> None:
    end = round(time.time(), 3)
    answer = ask(world, "query_range", query="up", start=end - 1, end=end, step="0.5")
    assert answer.json()["data"]["resultType"] == "matrix"
    moments = [moment for moment, _ in result(answer)[0]["values"]]
    assert moments == [moment for moment in (end - 1, end - 0.5, end) if moment >= moments[0]]


def test_a_range_is_told_in_calendar_time_and_duration_too(world: Sandbox) -> None:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    assert len(result(ask(world, "query_range", query="up", start=now, end=now, step="15s"))) == 2


@pytest.mark.parametrize(
    "wrong",
    [{"step": 0}, {"step": "x"}, {"step": "nan"}, {"start": 20}, {"start": "yesterday"}, {"end": ""}, {"end": 1e9}],
)
def test_a_range_that_makes_no_sense_is_bad_data(world: Sandbox, wrong: dict[str, object]) -> None:
    answer = ask(world, "query_range", **{"query": "up", "start": 0, "end": 10, "step": 1, **wrong})
    assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")


def test_a_healthy_shop_has_no_errors_to_alert_of(world: Sandbox) -> None:
    body = ask(world, "alerts").raise_for_status().json()
    assert body["status"] == "success"
    assert "ShopErrorRatioHigh" not in [one["labels"]["alertname"] for one in body["data"]["alerts"]]


def test_a_comma_inside_a_label_is_part_of_it() -> None:
    selector = promql.parse('up{a="b,c",d!="e"}')
    assert selector.selects({"a": "b,c", "d": "f"})
    assert not selector.selects({"a": "b,c", "d": "e"})
