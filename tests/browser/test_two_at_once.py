"""Two people press at once, a page that is out of date, a stranger: each reads a true sentence."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.rooms import LATE, Visitor
from tests.browser.stage import Stage


def test_two_browsers_press_execute_at_once_and_one_reads_who_won(enter: Enter, declared: str) -> None:
    """Execution is taken back at once, so that nothing is merged: Stop, then no help."""
    first, second = enter("oncall"), enter("oncall")
    for visitor in (first, second):
        visitor.goes(f"/incidents/{declared}/")
        visitor.is_live()
    first.decides_to_roll_back()
    second.badge("decided")
    for visitor in (first, second):
        visitor.button("Execute the plan").click()
        expect(visitor.page.locator("#execute")).to_be_visible()
    with first.allowing("409"), second.allowing("409"):
        for visitor in (first, second):
            visitor.page.locator("#execute button[type=submit]").evaluate("button => { button.click(); }")
        for visitor in (first, second):
            visitor.badge("rolling back")
            expect(visitor.page.locator("#execute")).to_be_hidden()
        losers = [each for each in (first, second) if _is_refused(each)]
    assert len(losers) == 1
    expect(losers[0].page.locator("#notices")).to_contain_text("oncall")
    executed = first.page.locator("#panel-timeline li").filter(has_text="Executed plan")
    expect(executed).to_have_count(1)
    expect(losers[0].button("Stop before the next step")).to_be_visible()


def _is_refused(visitor: Visitor) -> bool:
    return visitor.page.locator("#notices .notice").count() == 1


def test_a_form_from_a_stale_page_is_refused_in_place_and_the_page_heals(enter: Enter, declared: str) -> None:
    oncall, asleep = enter("oncall"), enter("oncall")
    asleep.page.route("**/js/live.*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    for visitor in (asleep, oncall):
        visitor.goes(f"/incidents/{declared}/")
    asleep.answers_the_default()
    oncall.decides_to_roll_back()
    with asleep.allowing("409"):
        asleep.button(re.compile(r"^Roll back [#0-9a-f]")).click()
        expect(asleep.page.locator("#notices")).to_contain_text("oncall")
        asleep.badge("decided")


def test_a_stranger_reads_who_may(stage: Stage, enter: Enter, declared: str) -> None:
    """A page of their own for a whole page, a notice for a press."""
    stage.admit("customer")
    stranger, auditor = enter("customer"), enter("auditor")
    with stranger.allowing("403"):
        stranger.goes(f"/incidents/{declared}/")
        stranger.sees("You have no role for this service")
    auditor.goes(f"/incidents/{declared}/")
    with auditor.allowing("403"):
        press = "() => void htmx.ajax('post', 'announce', {source: '#panels', values: {text: 'We look.'}})"
        auditor.page.evaluate(press)
        expect(auditor.page.locator("#notices .notice")).to_be_visible(timeout=LATE)


def test_somebody_else_takes_over_and_both_read_it(enter: Enter, declared: str) -> None:
    """E6: the lead is handed over in one click."""
    oncall, engineer = enter("oncall"), enter("engineer")
    for visitor in (oncall, engineer):
        visitor.goes(f"/incidents/{declared}/")
        visitor.is_live()
    engineer.sees("The on-call engineer owns the decision")
    oncall.page.locator("#hand-over-to").select_option(label="engineer")
    oncall.button("Hand over").click()
    for visitor in (oncall, engineer):
        visitor.sees("led by engineer", where="#panel-head")
