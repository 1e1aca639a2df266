"""What the console read in each bad merge stands in the room and leads where the rules say (M1–M3, C1, C2, E9).

On a stage of its own: two of the merges do to the shop what no revert takes back.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.looking import look_at
from tests.browser.rooms import SOON, Visitor
from tests.browser.stage import Stage, running_stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """One that is broken for good."""
    with running_stage() as running:
        yield running


@pytest.fixture(scope="module")
def sessions() -> dict[str, Any]:
    """Nobody has signed in there yet."""
    return {}


def opens(oncall: Visitor, scenario: str) -> str:
    """The room of an incident whose suspect is the scenario's merge; returns the merge's id."""
    sha = oncall.stage.break_shop(scenario)
    oncall.goes(f"/incidents/{oncall.stage.declare('Orders fail', suspect=sha)}/")
    oncall.is_live()
    return sha


def is_answered(oncall: Visitor, **answers: str) -> None:
    for question, answer in answers.items():
        expect(oncall.page.locator(f"#q-{question} input[value={answer}]")).to_be_checked()


def nothing_else(oncall: Visitor) -> None:
    oncall.page.locator("#group-irreversible").get_by_role("button", name="No to all of these").click()


def advised(oncall: Visitor, words: str) -> None:
    expect(oncall.page.locator("#advice")).to_contain_text(words, timeout=SOON)


def mends(oncall: Visitor, sha: str) -> None:
    oncall.stage.control("revert", sha=sha, branch="master")
    oncall.ends("false-alarm", "Reverted by hand.")


def test_m1_an_added_column_leaves_the_rollback_open(enter: Enter) -> None:
    oncall = enter("oncall")
    sha = opens(oncall, "new_column")
    oncall.sees("Old code runs", where="#panel-change")
    is_answered(oncall, migration="yes", incompatible="no", customer_data="no", credential_restored="no")
    nothing_else(oncall)
    advised(oncall, "The procedure says: roll back.")
    mends(oncall, sha)


def test_c1_c2_a_rotated_secret_is_named_and_asked_about(enter: Enter) -> None:
    oncall = enter("oncall")
    sha = opens(oncall, "rotated_secret")
    oncall.sees("SHOP_FLAGS_TOKEN", where="#panel-change")
    is_answered(oncall, migration="no", credential_restored="yes")
    nothing_else(oncall)
    oncall.answers("credential_still_valid", "No")
    advised(oncall, "The procedure says: rotate forward to a fresh credential.")
    oncall.answers("credential_still_valid", "Yes")
    advised(oncall, "The procedure says: roll back.")
    mends(oncall, sha)


def test_m2_a_required_column_closes_the_rollback_and_overruling_it_takes_the_dba(enter: Enter) -> None:
    oncall = enter("oncall")
    opens(oncall, "required_column")
    oncall.sees("Old code fails", where="#panel-change")
    oncall.sees("migrations/0007_channel_of_orders.sql:2", where="#panel-change")
    is_answered(oncall, migration="yes", incompatible="yes", customer_data="yes")
    nothing_else(oncall)
    oncall.answers("hotfix_tolerates", "Yes")
    oncall.answers("flag_isolates", "No")
    advised(oncall, "The procedure says: roll forward with a hotfix")
    faults = look_at(oncall.page, "room-old-code-fails")
    oncall.answers("incompatible", "No")
    advised(oncall, "the on-call DBA must agree")
    faults += look_at(oncall.page, "room-overruling")
    oncall.page.locator("#decide-reason").fill("The old code was mended yesterday.")
    oncall.button(re.compile(r"^Roll back [#0-9a-f]")).click()
    oncall.badge("decided")
    oncall.sees("on-call DBA", where="#panel-plan")
    oncall.sees("CTO", where="#panel-plan")
    assert faults == []


def test_m2_a_dropped_column_closes_the_rollback_in_every_list(enter: Enter) -> None:
    oncall = enter("oncall")
    sha = opens(oncall, "dropped_column")
    oncall.sees("Old code fails", where="#panel-change")
    is_answered(oncall, migration="yes", incompatible="yes", customer_data="yes")
    expect(oncall.page.locator(".closed-paths")).to_contain_text("Roll back")
    oncall.goes(f"/changes/shop/{sha}/")
    faults = look_at(oncall.page, "change-old-code-fails")
    oncall.goes("/changes/")
    row = oncall.page.locator("li.change-row", has_text="Stop wrapping gifts")
    expect(row).to_contain_text("old code fails")
    assert faults == []
