"""Roll-forward from the decision to the recovery, and the forms that the other paths ask for, as people meet them."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.looking import look_at
from tests.browser.rooms import LATE, Visitor
from tests.browser.stage import Stage

PREPARED = ("fix_small", "fix_understood", "fix_prepared", "rollback_risky")


def test_d5_a_prepared_fix_is_rolled_forward_before_everybodys_eyes(stage: Stage, enter: Enter) -> None:
    oncall, auditor = enter("oncall"), enter("auditor")
    stage.control("break", scenario="errors")
    fix = stage.control("fix", scenario="errors")["opened"]
    oncall.goes("/")
    expect(oncall.page.locator("#panel-open a.title")).to_be_visible(timeout=LATE)
    number = oncall.opens_the_incident()
    auditor.goes(f"/incidents/{number}/")
    auditor.is_live()

    oncall.answers_the_default()
    says_yes(oncall, *PREPARED)
    expect(oncall.page.locator("#advice")).to_contain_text("The procedure says: roll forward with the prepared fix.")
    with oncall.allowing("422"):
        decide(oncall)
        oncall.sees("Name the pull request of the prepared fix.", where="#controls-decision")
    oncall.page.locator("#goes-by-fix").fill(fix["url"])
    faults = look_at(oncall.page, "roll-forward-asks")
    decide(oncall)
    oncall.sees(f"roll forward with #{fix['pull_request']}", where="#panel-plan")
    faults += look_at(oncall.page, "roll-forward-dry-run")

    oncall.button("Execute the plan").click()
    oncall.page.locator("#execute").get_by_role("button", name="Execute").click()
    auditor.badge("under way")
    oncall.sees("The fix waits for its review.", where="#panel-now", within=LATE)
    stage.control("review", number=fix["pull_request"], login="reviewer", state="APPROVED")
    for visitor in (auditor, oncall):
        visitor.badge("recovered", within=LATE)
    faults += look_at(oncall.page, "roll-forward-recovered")
    oncall.ends("close", "The fix is in production.")
    assert faults == []


def test_m2_a_hotfix_is_named_after_the_decision(enter: Enter, declared: str) -> None:
    oncall = enter("oncall")
    oncall.goes(f"/incidents/{declared}/")
    oncall.is_live()
    oncall.page.locator("#group-irreversible").get_by_role("button", name="No to all of these").click()
    says_yes(oncall, "migration", "incompatible", "hotfix_tolerates")
    oncall.says_no("customer_data", "flag_isolates", "credential_restored")
    decide(oncall)
    oncall.sees("The hotfix is still to come", where="#panel-now")
    expect(oncall.page.locator("#fix-number")).to_be_visible()
    faults = look_at(oncall.page, "hotfix-unnamed")
    oncall.page.locator("#fix-number").fill("999")
    oncall.presses("Make the plan of it")
    oncall.sees("#999 could not be read", where="#panel-now", within=LATE)
    oncall.ends("no-help", "The hotfix takes too long.")
    oncall.badge("to be decided")
    assert faults == []


def test_c1_c2_the_credential_that_comes_back_is_confirmed_or_rotated_forward(enter: Enter, declared: str) -> None:
    oncall = enter("oncall")
    oncall.goes(f"/incidents/{declared}/")
    oncall.is_live()
    oncall.answers_the_default()
    says_yes(oncall, "credential_restored", "credential_still_valid")
    oncall.page.locator("#goes-by-credential").fill("shop/payment-provider")
    decide(oncall)
    oncall.sees("exists, not proven", where="#panel-plan")
    expect(oncall.page.locator("#confirm-checked")).to_be_visible()
    faults = look_at(oncall.page, "credential-asked")
    oncall.page.locator("#confirm-checked").fill("The old key no longer signs in.")
    oncall.page.locator("#confirm-asked").fill("the key holder")
    oncall.button(re.compile("^No: rotate forward")).click()
    oncall.badge("to be decided")
    expect(oncall.page.locator("#advice")).to_contain_text("The procedure says: rotate forward to a fresh credential.")
    expect(oncall.page.locator("#goes-by-credential")).to_have_value("shop/payment-provider")
    faults += look_at(oncall.page, "rotate-forward-asks")
    decide(oncall)
    oncall.sees("rotate shop/payment-provider forward", where="#panel-plan")
    faults += look_at(oncall.page, "rotate-forward-dry-run")
    assert faults == []


def says_yes(visitor: Visitor, *questions: str) -> None:
    for question in questions:
        visitor.answers(question, "Yes")


def decide(visitor: Visitor) -> None:
    visitor.page.locator("#do-decide").click()
