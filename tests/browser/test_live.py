"""The stream goes away and comes back; a session ends."""

from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.rooms import LATE, SOON
from tests.browser.stage import Stage


def test_the_page_says_that_the_stream_is_gone_and_takes_it_up_again(stage: Stage, enter: Enter, declared: str) -> None:
    oncall = enter("oncall")
    oncall.goes(f"/incidents/{declared}/")
    oncall.is_live()
    with oncall.allowing("offline", "502", "503"):
        stage.kept["live"].kill()
        expect(oncall.page.locator("#live")).to_contain_text("reconnecting since", timeout=SOON)
        expect(oncall.page.locator("#live")).to_have_text("live", timeout=LATE)
    oncall.page.locator("#announce-text").fill("Orders fail; we are on it.")
    oncall.button("Post now").click()
    oncall.sees("Orders fail; we are on it.", where="#panel-bleed")


def test_an_act_shows_at_once_although_the_stream_is_silent(stage: Stage, enter: Enter, declared: str) -> None:
    oncall = enter("oncall")
    oncall.goes(f"/incidents/{declared}/")
    oncall.is_live()
    stage.freeze("live")
    try:
        oncall.page.locator("#announce-text").fill("The stream is silent, the room is not.")
        oncall.button("Post now").click()
        oncall.sees("the room is not.", where="#panel-bleed")
        expect(oncall.page.locator("#announce-text")).to_have_value("")
        oncall.decides_to_roll_back()
        expect(oncall.button("Execute the plan")).to_be_visible()
    finally:
        stage.thaw("live")


def test_signing_out_in_another_tab_ends_the_stream(enter: Enter, declared: str) -> None:
    auditor = enter("auditor", fresh=True)
    auditor.goes(f"/incidents/{declared}/")
    auditor.is_live()
    other = auditor.page.context.new_page()
    other.goto(auditor.stage.address + "/")
    other.locator("summary[aria-label^='You:']").click()
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url("**/accounts/**")
    expect(auditor.page.locator("#live")).to_contain_text("not live: sign in again", timeout=SOON)
