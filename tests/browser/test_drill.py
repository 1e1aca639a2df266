"""A drill from the page in a browser: started with stand-ins, played by a worker, marked, and scored at its end."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.looking import look_at
from tests.browser.rooms import LATE, SOON


def test_a_drill_is_started_from_the_page_played_by_stand_ins_and_scored(enter: Enter) -> None:
    oncall = enter("oncall")
    page = oncall.page
    oncall.goes("/drills/")
    assert look_at(page, "drills") == []
    page.locator("form.scenario").filter(has_text="Three customers in four").get_by_role("button").click()
    expect(page).to_have_url(re.compile(r"/drills/[0-9a-f-]{36}/$"))
    room = page.get_by_role("link", name=re.compile(r"^INC-.*the incident room$"))
    expect(room).to_be_visible(timeout=LATE)
    address = page.url
    room.click()
    oncall.badge("drill", within=SOON)
    page.goto(address)
    oncall.sees("12 of 12 rules kept", within=LATE)
    expect(page.get_by_role("button", name="Break it off")).to_have_count(0)
    assert look_at(page, "drill-scored") == []
