"""The procedure's page in a browser: searched while one types, reached from every tag, found its way on a phone."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.looking import PHONE, look_at


def test_rules_are_found_while_one_types(enter: Enter) -> None:
    oncall = enter("oncall")
    page = oncall.page
    oncall.goes("/procedure/")
    page.get_by_role("searchbox").press_sequentially("reverse migration")
    expect(page.get_by_text("with “reverse migration”")).to_be_visible()
    expect(page.locator("#M2")).to_be_visible()
    expect(page.locator("#S1")).to_have_count(0)
    assert page.get_by_role("searchbox").input_value() == "reverse migration"
    assert look_at(page, "procedure-found") == []


def test_a_tag_shows_its_rule_and_leads_to_it(enter: Enter) -> None:
    oncall = enter("oncall")
    oncall.goes("/people/")
    oncall.page.get_by_role("link", name="E5", exact=True).first.click()
    oncall.page.get_by_role("link", name="Read the procedure").click()
    expect(oncall.page).to_have_url(re.compile(r"/procedure/#E5$"))
    expect(oncall.page.locator("#E5")).to_be_in_viewport()


def test_on_a_phone_the_contents_lead_to_each_section(enter: Enter) -> None:
    oncall = enter("oncall")
    oncall.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    oncall.goes("/procedure/")
    for name, section in (("How it is enforced", "#section-E"), ("Stop the bleed", "#section-S")):
        oncall.page.get_by_role("navigation", name="Contents").get_by_role("link", name=name).click()
        expect(oncall.page.locator(section)).to_be_in_viewport()
