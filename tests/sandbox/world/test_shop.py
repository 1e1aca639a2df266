"""A bad merge really breaks the shop; a revert really mends it."""

from pathlib import Path

import pytest

from sandbox.shop.customers import expected_total
from sandbox.testing import Sandbox, await_true, running_sandbox
from tests.sandbox.world.conftest import ERRORS, Console, await_measured, broken, measured

LATENCY = "shop:http_latency_p95:10s"
WRONG = "shop:wrong_totals:increase10s"
UP = 'up{job="shop"}'


def test_both_instances_run_the_head_of_master(world: Sandbox) -> None:
    state = world.client.get("/control/state").json()
    assert {one["sha"] for one in state["shop"]["instances"]} == {state["github"]["head"]}
    assert all(one["up"] for one in state["shop"]["instances"])


def test_customers_from_outside_come_through_the_front_door(world: Sandbox) -> None:
    health = [world.client.get("/shop/health").json()["instance"] for _ in range(8)]
    assert set(health) == {"eu-1", "eu-2"}
    assert "Enamel mug" in world.client.get("/shop/").text
    bought = world.client.post("/shop/buy", data={"product": "1"})
    assert "on its way" in bought.text


def test_what_the_shop_refuses_is_no_error(world: Sandbox) -> None:
    assert world.client.post("/shop/checkout", json={"customer": 1}).status_code == 409
    assert world.client.get("/shop/nothing").status_code == 404
    assert measured(world, ERRORS) == [0.0]


@pytest.mark.parametrize(
    ("lines", "total"),
    [([(1450, 1)], 1940), ([(2500, 2)], 5000), ([(14900, 2)], 26820), ([(8905, 3)], 24043)],
)
def test_customers_know_what_the_shop_advertises(lines: list[tuple[int, int]], total: int) -> None:
    assert expected_total([{"cents": cents, "quantity": quantity} for cents, quantity in lines]) == total


def test_errors_break_the_checkout_fire_the_alert_and_a_revert_mends_both(breakable: Sandbox, console: Console) -> None:
    with broken(breakable, "errors"):
        fired = breakable.await_entry("alert.firing", within=30)
        await_true(lambda: bool(console.alerts()), "the console is told")
        assert measured(breakable, ERRORS) > [0.05]
    breakable.await_entry("alert.resolved", key=fired.key, within=30)
    await_true(lambda: console.alerts()[-1]["status"] == "resolved", "the console is told again")


def test_a_slow_shop_fires_the_latency_alert(breakable: Sandbox, console: Console) -> None:
    with broken(breakable, "latency") as (bad,):
        breakable.await_entry("shop.deployed", key=bad, within=30)
        await_true(lambda: measured(breakable, LATENCY) > [0.8], "customers wait", within=30)
        await_true(lambda: is_told_slow(console), "the console is told", within=30)


def is_told_slow(console: Console) -> bool:
    newest = console.alerts("ShopLatencyHigh")[-1:]
    return any(one["status"] == "firing" for one in newest)


def test_wrong_totals_are_noticed_by_customers_and_by_no_alert(breakable: Sandbox, console: Console) -> None:
    told = len(console.alerts())
    with broken(breakable, "wrong_totals"):
        await_true(lambda: measured(breakable, WRONG) > [0.0], "somebody complains", within=30)
        assert measured(breakable, ERRORS) == [0.0]
        assert len(console.alerts()) == told
        assert breakable.client.post("/control/break", json={"scenario": "wrong_totals"}).status_code == 409


def test_a_release_that_does_not_start_fails_the_deploy_and_leaves_the_other_instance_serving(
    breakable: Sandbox,
) -> None:
    with broken(breakable, "failed_deploy") as (bad,):
        failed = breakable.await_entry("run.failed", key=bad, within=30)
        assert "SHOP_PAYMENT_KEY" in str(failed.detail["words"])
        await_true(lambda: measured(breakable, UP) == [0.0, 1.0], "one instance is down")
        assert breakable.client.get("/shop/health").json()["instance"] == "eu-2"
    await_true(lambda: measured(breakable, UP) == [1.0, 1.0], "both instances are up")


@pytest.mark.parametrize("scenario", ["new_column", "rotated_secret"])
def test_m1_what_the_old_code_can_live_with_is_mended_by_its_revert(breakable: Sandbox, scenario: str) -> None:
    with broken(breakable, scenario):
        await_true(lambda: measured(breakable, ERRORS) > [0.05], "customers meet errors", within=30)


@pytest.mark.parametrize("scenario", ["dropped_column", "required_column"])
def test_m2_what_the_old_code_cannot_live_with_is_not(tmp_path: Path, scenario: str) -> None:
    with running_sandbox(tmp_path) as sandbox:
        await_measured(sandbox)
        [bad] = sandbox.control("break", scenario=scenario).json()["merged"]
        await_true(lambda: measured(sandbox, ERRORS) > [0.05], "customers meet errors", within=30)
        reverted = sandbox.control("revert", sha=bad["sha"], branch="master").json()["sha"]
        sandbox.await_entry("shop.deployed", key=reverted, within=30)
        await_true(lambda: measured(sandbox, ERRORS) > [0.2], "every order fails under the old code", within=30)


def test_a_change_built_upon_by_a_later_one_does_not_revert_cleanly(breakable: Sandbox) -> None:
    with broken(breakable, "conflict") as (first, _):
        assert breakable.client.post("/control/revert", json={"sha": first, "branch": "master"}).status_code == 409


def test_an_unknown_scenario_is_named(world: Sandbox) -> None:
    refused = world.client.post("/control/break", json={"scenario": "earthquake"})
    assert refused.status_code == 400
    assert "errors" in refused.json()["message"]
