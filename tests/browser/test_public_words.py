"""P1 and P2 in browsers: the lead drafts, the CTO approves on a phone, and the public reads exactly that."""

import re

from playwright.sync_api import ViewportSize, expect

from tests.browser.conftest import Enter
from tests.browser.looking import look_at
from tests.browser.rooms import SOON, Visitor
from tests.browser.stage import Stage

MESSAGE = "Some orders fail. We are looking at it."
PHONE: ViewportSize = {"width": 390, "height": 844}


def test_p2_the_lead_drafts_the_cto_approves_on_a_phone_and_the_public_reads_it(
    stage: Stage, enter: Enter, declared: str
) -> None:
    oncall, auditor, cto = enter("oncall"), enter("auditor"), enter("cto", viewport=PHONE)
    for visitor in (oncall, auditor):
        visitor.goes(f"/incidents/{declared}/")
        visitor.is_live()
    faults = _drafts(oncall)
    auditor.sees("Not approved yet by CTO or CISO.", where="#panel-words")
    faults += _approves(cto)
    for visitor in (oncall, auditor):
        expect(visitor.page.locator("#panel-words .word-row").first).to_contain_text("posted", timeout=SOON)
        visitor.sees("The public page still says “investigating”.", where="#panel-words")
    faults += look_at(oncall.page, "words-posted")
    faults += _is_public(oncall, MESSAGE)
    _resolves(oncall, cto)
    expect(auditor.page.locator("#panel-words .standing")).to_have_count(0, timeout=SOON)
    faults += _is_public(oncall, "is over.")
    assert faults == []


def _drafts(oncall: Visitor) -> list[str]:
    """A guess is marked while it is typed; another phase keeps words of one's own."""
    oncall.page.locator("#words-fold > summary").click()
    message = oncall.page.locator("#words-message")
    expect(message).to_have_value(re.compile("We are investigating a disruption"))
    message.fill("It is probably the network.")
    expect(oncall.page.locator("#words-preview mark")).to_have_text("probably")
    message.fill(MESSAGE)
    preview = oncall.page.locator("#words-preview .message")
    expect(preview).to_have_text(MESSAGE)
    faults = look_at(oncall.page, "words-form")
    oncall.button("Ask the CTO or the CISO").click()
    oncall.sees("Not approved yet by CTO or CISO.", where="#panel-words")
    return faults


def _approves(cto: Visitor) -> list[str]:
    cto.goes("/approvals/")
    cto.sees(MESSAGE)
    cto.sees("Subscribers: not notified.")
    faults = look_at(cto.page, "words-approve")
    cto.page.set_viewport_size(PHONE)
    cto.button(re.compile("Approve as CTO")).click()
    return faults


def _resolves(oncall: Visitor, cto: Visitor) -> None:
    """The template of *resolved*, untouched, with every component operational."""
    if oncall.page.locator("#words-fold").get_attribute("open") is None:  # it stays open where somebody has written
        oncall.page.locator("#words-fold > summary").click()
    oncall.page.locator("#words-form").get_by_text("Resolved", exact=True).click()
    expect(oncall.page.locator("#words-message")).to_have_value(re.compile("is over"))
    expect(oncall.page.locator("#words-form select").first).to_have_value("operational")
    oncall.button("Ask the CTO or the CISO").click()
    oncall.sees("Not approved yet by CTO or CISO.", where="#panel-words")
    cto.goes("/approvals/")
    cto.button(re.compile("Approve as CTO")).click()


def _is_public(oncall: Visitor, words: str) -> list[str]:
    """Read by somebody without account and without JavaScript."""
    browser = oncall.page.context.browser
    assert browser is not None
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{oncall.stage.address}/status/")
        expect(page.locator("main")).to_contain_text(words)
    oncall_page = oncall.page.context.new_page()
    oncall_page.goto(f"{oncall.stage.address}/status/")
    faults = look_at(oncall_page, "public-page")
    oncall_page.close()
    return faults
