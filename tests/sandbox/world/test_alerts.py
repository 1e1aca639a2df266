"""An alert's life, and how the console hears of it. https://prometheus.io/docs/alerting/latest/configuration/#webhook_config"""

import math
from typing import Any

import pytest

from sandbox import secrets
from sandbox.alert_rules import FIRING, INACTIVE, PENDING, Rule, Status, read_rules
from sandbox.testing import Sandbox, await_true
from tests.sandbox.world.conftest import Console, broken

RULE = Rule("High", "query", 0.05, 2.0, {"service": "shop"}, {})


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        (Status(), 0.04, INACTIVE),
        (Status(), 0.05, INACTIVE),
        (Status(), 0.06, PENDING),
        (Status(PENDING, since=9.0), 0.06, PENDING),
        (Status(PENDING, since=8.0), 0.06, FIRING),
        (Status(PENDING, since=8.0), 0.04, INACTIVE),
        (Status(FIRING, since=1.0), 0.06, FIRING),
        (Status(FIRING, since=1.0), 0.04, INACTIVE),
        (Status(FIRING, since=1.0), None, INACTIVE),
        (Status(FIRING, since=1.0), math.nan, INACTIVE),
    ],
)
def test_an_alert_is_inactive_then_pending_then_firing(before: Status, value: float | None, after: str) -> None:
    assert before.after(RULE, value, 10.0).state == after


def test_an_alert_that_goes_on_keeps_its_beginning() -> None:
    assert Status(PENDING, since=8.0).after(RULE, 0.5, 10.0).since == 8.0


def test_the_rule_file_names_the_two_alerts_of_the_shop() -> None:
    rules = {rule.name: (rule.query, rule.threshold, rule.hold_seconds) for rule in read_rules()}
    assert rules == {
        "ShopErrorRatioHigh": ("shop:http_error_ratio:rate10s", 0.05, 2.0),
        "ShopLatencyHigh": ("shop:http_latency_p95:10s", 0.8, 5.0),
    }


def test_the_webhook_is_alertmanagers_repeats_itself_and_resolves_under_one_fingerprint(
    breakable: Sandbox, console: Console
) -> None:
    with broken(breakable, "errors"):
        await_true(lambda: len(episode(console)) >= 2, "the alert is repeated", within=60)
        await_true(lambda: state(breakable) == "firing", "the alert is listed as firing", within=30)
    await_true(lambda: console.alerts()[-1]["status"] == "resolved", "the alert resolves", within=30)
    _, headers, _ = next(received for received in console.received if received[0] == "/hooks/alertmanager")
    assert headers["Authorization"] == f"Bearer {secrets.ALERT_WEBHOOK_TOKEN}"
    first, last = episode(console)[0], console.alerts()[-1]["alerts"][0]
    assert (first["version"], first["status"], first["truncatedAlerts"]) == ("4", "firing", 0)
    assert first["alerts"][0]["endsAt"] == "0001-01-01T00:00:00Z"
    assert last["endsAt"] > last["startsAt"] == first["alerts"][0]["startsAt"]
    assert {one["alerts"][0]["fingerprint"] for one in console.alerts()} == {last["fingerprint"]}


def test_the_console_is_told_again_until_it_accepts(breakable: Sandbox, console: Console) -> None:
    told, console.status = len(console.alerts()), 503
    with broken(breakable, "errors"):
        await_true(lambda: len(console.alerts()) >= told + 2, "a refused webhook is sent again", within=30)
        console.status = 202
        await_true(lambda: heard(breakable), "the console has heard")


def test_a_lost_webhook_comes_back_with_the_next_repeat(breakable: Sandbox, console: Console) -> None:
    told = len(console.alerts())
    breakable.faults.arm("missing_webhook", part="alerts", path="firing")
    with broken(breakable, "errors"):
        breakable.await_entry("webhook.lost", within=30)
        await_true(lambda: len(console.alerts()) > told, "the repeat arrives", within=30)


def episode(console: Console) -> list[dict[str, Any]]:
    """What was told since the alert last began: on a busy machine it may go quiet for a moment and begin anew."""
    told = console.alerts()
    return [one for one in told if one["alerts"][0]["startsAt"] == told[-1]["alerts"][0]["startsAt"]]


def state(sandbox: Sandbox) -> str | None:
    listed = sandbox.client.get("/prometheus/api/v1/alerts").json()["data"]["alerts"]
    return next((one["state"] for one in listed if one["labels"]["alertname"] == "ShopErrorRatioHigh"), None)


def heard(sandbox: Sandbox) -> bool:
    alerts = sandbox.client.get("/control/state").json()["alerts"]["alerts"]
    return any(one["heard"] for one in alerts if one["name"] == "ShopErrorRatioHigh")
