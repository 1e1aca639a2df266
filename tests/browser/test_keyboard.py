"""The console without a mouse."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Enter

IN_FOCUS = "document.activeElement"


def _focus_shows(page: Page) -> bool:
    """The focused element, or the label around it, wears an outline."""
    return bool(
        page.evaluate(
            f"""() => [{IN_FOCUS}, {IN_FOCUS}.closest("label"), {IN_FOCUS}.closest(".row, .tile")]
            .some(each => each && getComputedStyle(each).outlineStyle !== "none")"""
        )
    )


def test_the_keys_are_shown_and_lead_where_they_say(enter: Enter) -> None:
    oncall = enter("oncall")
    oncall.goes("/")
    page = oncall.page
    page.keyboard.press("?")
    keys = page.locator("dialog#keys")
    expect(keys).to_be_visible()
    expect(keys).to_contain_text("Declare an incident")
    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate(f"{IN_FOCUS} === document.body || {IN_FOCUS}.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    for letters, path in (("gi", "/incidents/"), ("gc", "/changes/"), ("gp", "/procedure/"), ("gn", "/")):
        for letter in letters:
            page.keyboard.press(letter)
        page.wait_for_url(re.compile(f"^http://[^/]+{path}$"))


def test_every_place_that_the_tab_key_reaches_can_be_seen(enter: Enter) -> None:
    oncall = enter("oncall")
    oncall.goes("/")
    page = oncall.page
    unseen = []
    for _ in range(25):
        page.keyboard.press("Tab")
        if not _focus_shows(page):
            unseen.append(page.evaluate(f"{IN_FOCUS}.outerHTML.slice(0, 120)"))
    assert unseen == []


def test_a_decision_and_its_execution_need_no_mouse(enter: Enter, declared: str) -> None:
    oncall = enter("oncall")
    page = oncall.page
    oncall.goes(f"/incidents/{declared}/")
    oncall.is_live()
    keyed = page.locator("[data-key]").evaluate_all("all => all.map(each => each.dataset.key)")
    assert len(keyed) == len(set(keyed))
    page.keyboard.press("u")
    expect(page.locator("#announce-text")).to_be_focused()
    page.locator("#announce-text").blur()
    page.keyboard.press("d")
    page.keyboard.press("Enter")
    expect(page.locator("#q-data_gone input[value=yes]")).to_be_focused()
    page.locator("#group-irreversible [data-no-to-all]").press("Enter")
    expect(page.locator("#group-irreversible summary")).to_be_focused()
    expect(page.locator("#advice")).to_contain_text("The procedure says: roll back.")
    page.keyboard.press("d")
    page.keyboard.press("Enter")
    oncall.badge("decided")
    expect(oncall.button("Execute the plan")).to_be_visible()
    page.keyboard.press("e")
    page.keyboard.press("Enter")
    dialog = page.locator("dialog#execute")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Execute")).to_be_focused()
    for _ in range(5):
        page.keyboard.press("Tab")
        assert page.evaluate(f"{IN_FOCUS} === document.body || {IN_FOCUS}.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
