"""Off the straight way: alone without a reviewer, Stop, no help, a false alarm, an incident without an alert."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.rooms import LATE, Visitor
from tests.browser.stage import Stage


def test_alone_at_night_stopped_and_resumed_and_it_did_not_help(stage: Stage, enter: Enter) -> None:
    """R3 and E11: nobody reviews, so the on-call engineer does; E17: Stop, go on, decide again, call it off."""
    oncall = enter("oncall")
    stage.control("break", scenario="errors")
    oncall.goes("/")
    expect(oncall.page.locator("#panel-open a.title")).to_be_visible(timeout=LATE)
    oncall.opens_the_incident()
    _names_another_suspect(oncall)
    oncall.decides_to_roll_back()
    oncall.executes()
    request = oncall.pull_request()
    _stops_and_goes_on(oncall)
    oncall.button("No reviewer is available: I approve it").click()
    oncall.sees("Self-approved: no other reviewer is available", where="#panel-timeline")
    stage.control("review", number=request, login="oncall", state="APPROVED")
    oncall.badge("recovered", within=LATE)

    oncall.ends("no-help", "The storefront is still slow.")
    oncall.badge("to be decided")
    suspect = oncall.page.locator("#panel-change h3 a").first
    expect(suspect).not_to_contain_text("Loyalty points")
    oncall.sees("tried, it did not help", where="#panel-change")
    oncall.ends("false-alarm", "The slow storefront is a load test of ours.")
    oncall.badge("closed: false alarm")


def _names_another_suspect(oncall: Visitor) -> None:
    suspect = oncall.page.locator("#panel-change h3 a").first
    expect(suspect).to_contain_text("Loyalty points")
    options = oncall.page.locator("#suspect-choices option").evaluate_all("all => all.map(each => each.value)")
    for sha in (options[1], options[0]):
        oncall.page.locator("#suspect-sha").fill(sha)
        oncall.presses("Assess it")
        expect(oncall.page.locator("#panel-change > .in").first).to_contain_text(sha[:8])


def _stops_and_goes_on(oncall: Visitor) -> None:
    oncall.button("Stop before the next step").click()
    oncall.page.locator("dialog#stop").get_by_role("button", name="Stop", exact=True).click()
    oncall.sees("Stopped plan", where="#panel-timeline")
    oncall.button("Go on").click()
    oncall.sees("Goes on with plan", where="#panel-timeline")
    expect(oncall.button("Stop before the next step")).to_be_visible()


def test_a_change_is_rolled_back_without_an_alert_and_recovery_attested(stage: Stage, enter: Enter) -> None:
    """U2 and E12: declared from the list of changes, proved by what a person shows."""
    oncall = enter("oncall")
    oncall.goes("/changes/")
    row = oncall.page.locator("li.change-row").filter(has_text="#15 ")
    row.get_by_role("link", name=re.compile("^Roll back")).click()
    oncall.page.get_by_label("Title").fill("Gift notes are cut short")
    oncall.button("Declare").click()
    oncall.is_live()
    oncall.badge("to be decided")
    oncall.decides_to_roll_back()
    oncall.executes()
    stage.control("review", number=oncall.pull_request(), login="reviewer", state="APPROVED")
    said = oncall.page.get_by_label("What shows it")
    expect(said).to_be_visible(timeout=LATE)
    said.fill("A gift note of 400 letters arrives whole, order 4711.")
    oncall.button("It has recovered").click()
    oncall.badge("recovered")
    oncall.sees("order 4711", where="#panel-plan")
    oncall.ends("close", "The note is whole again.")
    oncall.badge("closed: recovered")


def test_what_is_typed_survives_whatever_moves_around_it(enter: Enter, declared: str) -> None:
    """Somebody else acts while a message is being written and questions are half answered."""
    oncall, engineer = enter("oncall"), enter("engineer")
    for visitor in (oncall, engineer):
        visitor.goes(f"/incidents/{declared}/")
        visitor.is_live()
    oncall.page.locator("#announce-text").fill("Half a sentence")
    oncall.says_no("data_gone")
    engineer.page.locator("#announce-text").fill("Orders fail for some customers.")
    engineer.button("Post now").click()
    oncall.sees("Orders fail for some customers.", where="#panel-bleed")
    expect(oncall.page.locator("#announce-text")).to_have_value("Half a sentence")
    expect(oncall.page.locator("#q-data_gone input[value=no]")).to_be_checked()


def test_a_question_that_follows_waits_for_its_yes(enter: Enter, declared: str) -> None:
    oncall = enter("oncall")
    oncall.goes(f"/incidents/{declared}/")
    advice, follow_up = oncall.page.locator("#advice"), oncall.page.locator("#q-incompatible")
    expect(follow_up).to_be_hidden()
    oncall.answers("migration", "Don’t know")
    expect(follow_up).to_be_visible()
    follow_up.get_by_label("Yes").click()
    expect(oncall.page.locator("#q-flag_isolates")).to_be_visible()
    oncall.says_no("migration")
    for field in ("incompatible", "flag_isolates"):
        expect(oncall.page.locator(f"#q-{field}")).to_be_hidden()
    oncall.page.locator("#q-data_gone").get_by_label("Yes").click()
    expect(advice).to_contain_text("The procedure says: escalate")
    expect(advice.get_by_role("button", name=re.compile("^Escalate"))).to_be_visible()
    expect(advice.locator(".closed-paths li").first).to_contain_text("Roll back")


def test_a_path_picked_against_the_advice_stays_picked_and_asks_for_a_reason(enter: Enter, declared: str) -> None:
    oncall = enter("oncall")
    oncall.goes(f"/incidents/{declared}/")
    oncall.answers_the_default()
    advice = oncall.page.locator("#advice")
    expect(advice).to_contain_text("The procedure says: roll back.")
    advice.get_by_text("Another way").click()
    advice.locator("input[value=escalate]").check()
    oncall.page.locator("#decide-reason").fill("Too big for one night")
    oncall.says_no("correctness_defect")
    expect(advice.locator("input[value=escalate]")).to_be_checked()
    expect(oncall.page.locator("#decide-reason")).to_have_value("Too big for one night")
    oncall.page.locator("#decide-reason").fill("")
    with oncall.allowing("422"):
        oncall.button("Decide this way").click()
        oncall.sees("Say why you decide otherwise", where="#decide")
    expect(oncall.page.locator("#q-migration input[value=no]")).to_be_checked()
