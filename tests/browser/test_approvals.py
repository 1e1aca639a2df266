"""M3 with two approvers on two phones while the engineer watches: nothing is pushed before both have said yes."""

import re

from playwright.sync_api import expect

from sandbox.drill.browser import PASSWORD
from tests.browser.conftest import Enter
from tests.browser.looking import look_at
from tests.browser.rooms import LATE, Visitor
from tests.browser.stage import Stage

PHONE = {"width": 390, "height": 844}


def test_m3_two_approvers_on_their_phones_let_the_push_go(stage: Stage, enter: Enter) -> None:
    oncall = enter("oncall")
    cto, dba = enter("cto", viewport=PHONE), enter("dba", viewport=PHONE)
    cto.goes("/approvals/")
    cto.is_live()
    cto.sees("Nothing waits for you")
    number = stage.declare("Receipts show another customer’s points")
    oncall.goes(f"/incidents/{number}/")
    oncall.is_live()

    _decides_on_customer_data(oncall)
    expect(cto.page.get_by_role("heading", name="May Shop be rolled back?")).to_be_visible(timeout=LATE)
    faults = look_at(cto.page, "inbox-waiting")
    cto.page.set_viewport_size(PHONE)
    faults += look_at(oncall.page, "room-m3-asked")
    oncall.executes()
    oncall.sees("Not approved yet by CTO and on-call DBA.", where="#panel-now")

    _approves(cto, "CTO")
    oncall.sees("Not approved yet by on-call DBA.", where="#panel-now", within=LATE)
    step = oncall.page.locator("#panel-plan li.step").first
    expect(step).to_have_attribute("data-state", "gated")
    dba.goes("/approvals/")
    faults += look_at(dba.page, "inbox-one-seat-filled")
    dba.page.set_viewport_size(PHONE)
    _approves(dba, "on-call DBA")
    expect(step).to_have_attribute("data-state", "done", timeout=LATE)
    oncall.sees("approved and used", where="#panel-plan")
    faults += look_at(oncall.page, "room-m3-approved")
    dba.goes("/approvals/")
    dba.sees("you approved as on-call DBA")
    assert faults == []


def _decides_on_customer_data(oncall: Visitor) -> None:
    page = oncall.page
    page.locator("#group-irreversible").get_by_role("button", name="No to all of these").click()
    for question, answer in (("migration", "Yes"), ("incompatible", "No"), ("customer_data", "Yes")):
        oncall.answers(question, answer)
    oncall.says_no("credential_restored")
    oncall.button(re.compile(r"^Roll back [#0-9a-f]")).click()
    oncall.badge("decided")


def _approves(approver: Visitor, seat: str) -> None:
    """The answer, a fresh proof, the question once more with what was typed, the answer (E16)."""
    page = approver.page
    reason = page.locator("textarea[name=reason]")
    reason.fill("I have read the patch.")
    approver.button(f"Approve as {seat}").click()
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/approvals/[0-9a-f-]+/$"))
    expect(reason).to_have_value("I have read the patch.")
    approver.button(f"Approve as {seat}").click()
    approver.sees(f"You approved as {seat}")
