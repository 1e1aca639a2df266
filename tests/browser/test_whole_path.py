"""From the alert to the closed incident, in one browser, with a second one watching; nobody reloads anything."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.looking import look_at
from tests.browser.rooms import LATE, Visitor
from tests.browser.stage import Stage


def test_an_alert_becomes_a_recovered_shop_before_everybodys_eyes(stage: Stage, enter: Enter) -> None:
    oncall, auditor = enter("oncall"), enter("auditor")
    oncall.goes("/")
    oncall.is_live()
    oncall.sees("Nothing is burning.")
    stage.control("break", scenario="errors")
    expect(oncall.page.locator("#panel-open a.title")).to_be_visible(timeout=LATE)
    number = oncall.opens_the_incident()
    auditor.goes(f"/incidents/{number}/")
    auditor.is_live()
    auditor.page.evaluate("window.neverReloaded = true")
    faults = look_at(oncall.page, "room-declared")

    _announces_a_guess_knowingly(oncall, auditor)
    _suspects(oncall, auditor)
    _decides(oncall, auditor)
    faults += look_at(oncall.page, "room-decided")
    oncall.executes()
    auditor.badge("rolling back")
    request = oncall.pull_request()
    faults += look_at(oncall.page, "room-review")
    stage.control("review", number=request, login="reviewer", state="APPROVED")
    _recovers(oncall, auditor)
    faults += look_at(oncall.page, "room-recovered")
    _closes(oncall, auditor)
    faults += look_at(oncall.page, "room-closed")

    assert auditor.page.evaluate("window.neverReloaded") is True
    expect(auditor.page.locator("main .controls button")).to_have_count(0)
    oncall.goes("/")
    oncall.sees("Nothing is burning.")
    assert faults == []


def _announces_a_guess_knowingly(oncall: Visitor, auditor: Visitor) -> None:
    """What reads like a guess is marked while it is typed, comes back once, and goes out when it is pressed again."""
    words = "Checkout fails. It is probably the loyalty change."
    oncall.page.locator("#announce-text").fill(words)
    expect(oncall.page.locator("#announce-marks mark")).to_have_text(re.compile("probably", re.IGNORECASE))
    with oncall.allowing("422"):
        oncall.button("Post now").click()
        expect(oncall.button("Post it as it is")).to_be_visible()
    expect(oncall.page.locator("#announce-text")).to_have_value(words)
    oncall.button("Post it as it is").click()
    for visitor in (oncall, auditor):
        visitor.sees(words, where="#panel-bleed")
    expect(oncall.page.locator("#announce-text")).to_have_value("")


def _suspects(oncall: Visitor, auditor: Visitor) -> None:
    """Another change is suspected, then the first one again: the last word names the suspect."""
    suspect = oncall.page.locator("#panel-change h3 a").first
    expect(suspect).to_contain_text("Loyalty points")
    options = oncall.page.locator("#suspect-choices option").evaluate_all("all => all.map(each => each.value)")
    for sha in (options[1], options[0]):
        oncall.page.locator("#suspect-sha").fill(sha)
        oncall.presses("Assess it")
        for visitor in (oncall, auditor):
            expect(visitor.page.locator("#panel-change").get_by_text(sha[:8]).first).to_be_visible()
        expect(oncall.page.locator("#suspect-sha")).to_have_value("")
    expect(suspect).to_contain_text("Loyalty points")
    expect(auditor.page.locator("#panel-change .others")).to_be_visible()


def _decides(oncall: Visitor, auditor: Visitor) -> None:
    """While questions are open nothing is advised aloud; then one press decides what the procedure says."""
    advice = oncall.page.locator("#advice")
    expect(advice).to_contain_text("3 questions still open.")
    expect(advice.get_by_role("button", name=re.compile("Roll back|Escalate"))).to_have_count(0)
    oncall.answers_the_default()
    expect(advice).to_contain_text("The procedure says: roll back.")
    oncall.button(re.compile(r"^Roll back #\d+")).click()
    for visitor in (oncall, auditor):
        visitor.badge("decided")
    expect(oncall.button("Execute the plan")).to_be_visible()


def _recovers(oncall: Visitor, auditor: Visitor) -> None:
    for title in ("Review", "Merge", "Deploy by GitHub Actions", "Prove recovery"):
        for visitor in (auditor, oncall):
            heading = visitor.page.get_by_role("heading", name=title)
            row = visitor.page.locator("#panel-plan li.step").filter(has=heading)
            expect(row).to_have_attribute("data-state", "done", timeout=LATE)
    for visitor in (auditor, oncall):
        visitor.badge("recovered")


def _closes(oncall: Visitor, auditor: Visitor) -> None:
    oncall.ends("close", "The loyalty change is out; orders go through again.")
    for visitor in (oncall, auditor):
        visitor.badge("closed: recovered")
        visitor.sees("orders go through again")
