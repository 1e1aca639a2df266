"""X2 in the browser: escalated out of a running plan, woken on a phone, “I have it”, and everybody sees it live."""

import httpx
from playwright.sync_api import expect

from sandbox.secrets import BETTER_STACK_TOKEN
from tests.browser.conftest import Enter
from tests.browser.looking import look_at
from tests.browser.rooms import LATE, Visitor
from tests.browser.stage import KEPT, await_true

WHY = "The old rows are gone, and the old code needs them."


def test_x2_escalated_out_of_a_running_plan_and_answered_from_a_phone(enter: Enter, declared: str) -> None:
    oncall = enter("oncall")
    oncall.goes(f"/incidents/{declared}/")
    oncall.is_live()
    oncall.decides_to_roll_back()
    oncall.executes()
    escalates(oncall)
    expect(oncall.page.locator("#panel-plan")).to_contain_text("frozen")
    oncall.sees("nobody has answered", where="#panel-escalation")
    oncall.sees("phone rings", where="#panel-escalation", within=LATE)
    assert look_at(oncall.page, "escalated") == []

    ciso = enter("ciso", viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    ciso.goes(f"/incidents/{declared}/")
    ciso.sees(WHY, where="#panel-escalation")
    oncall.sees("has opened the room", where="#panel-escalation")
    ciso.page.screenshot(path=KEPT / "escalated-ciso-asked.png", full_page=True, caret="initial")
    button = ciso.button("I have it")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    ciso.presses("I have it")
    expect(button).to_be_hidden()
    ciso.page.screenshot(path=KEPT / "escalated-ciso-has-it.png", full_page=True, caret="initial")

    oncall.sees("ciso has it.", where="#panel-now")
    expect(oncall.page.locator(".woken li").filter(has_text="ciso")).to_contain_text("has it")
    expect(oncall.page.locator("#announce-text")).to_be_visible()
    await_true(lambda: rung(oncall, declared) == {"1021": "Started", "1022": "Resolved"}, "the CISO's phone rests", 60)


def escalates(visitor: Visitor) -> None:
    """One press, one reason, one confirmation."""
    visitor.button("Escalate").click()
    visitor.page.locator("#escalate-reason").fill(WHY)
    visitor.page.locator("#escalate").get_by_role("button", name="Escalate").click()
    visitor.badge("escalated")


def rung(visitor: Visitor, number: str) -> dict[str, str]:
    """How each page of the incident stands at Better Stack, by the policy that rang."""
    address = f"{visitor.stage.ports.sandbox_address}/betterstack/api/v3/incidents?per_page=50"
    answer = httpx.get(address, headers={"Authorization": f"Bearer {BETTER_STACK_TOKEN}"}, trust_env=False)
    found = [each["attributes"] for each in answer.raise_for_status().json()["data"]]
    return {each["escalation_policy_id"]: each["status"] for each in found if number in each["name"]}
