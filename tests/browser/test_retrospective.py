"""The retrospective in browsers: two write it, one dies while typing, 20 MB are pasted; nothing typed is lost (T2)."""

import re

import pytest
from playwright.sync_api import APIResponse, Locator, Route, expect

from tests.browser.conftest import Enter
from tests.browser.looking import look_at
from tests.browser.rooms import SOON, Visitor
from tests.browser.stage import KEPT, Stage


@pytest.fixture
def over(stage: Stage, declared: str) -> str:
    """An incident that was mended by hand: its retrospective is open."""
    stage.end_by_hand(declared)
    return declared


def opens(visitor: Visitor, number: str, section: str) -> Locator:
    """The field of a section, ready to be written in."""
    visitor.goes(f"/incidents/{number}/retrospective/")
    visitor.is_live()
    visitor.page.locator(f"#write-{section} > summary").click()
    field = visitor.page.locator(f"#area-{section}")
    field.focus()
    return field


def saved(visitor: Visitor, section: str, version: int) -> None:
    expect(visitor.page.locator(f"#saved-{section}")).to_contain_text(f"version {version}", timeout=SOON)


def says(visitor: Visitor, section: str, words: str) -> None:
    """The section's text, as everybody reads it."""
    expect(visitor.page.locator(f"#text-{section}")).to_have_text(words, timeout=SOON)


def both_wrote(enter: Enter, number: str) -> tuple[Visitor, Visitor]:
    """The on-call engineer was faster; the engineer is asked which of the two texts is to stand."""
    oncall, engineer = enter("oncall"), enter("engineer")
    first, second = opens(oncall, number, "trigger"), opens(engineer, number, "trigger")
    first.fill("It was the **cache**.")
    saved(oncall, "trigger", 1)
    engineer.sees("This text was changed meanwhile", where="#section-trigger")
    with engineer.allowing("409"):
        second.fill("It was the queue.")
        engineer.sees("It was the **cache**.", where="#conflict-trigger")
    return oncall, engineer


def test_t2_two_people_write_one_retrospective_and_lose_nothing(enter: Enter, over: str) -> None:
    oncall, engineer = both_wrote(enter, over)
    faults = look_at(engineer.page, "retrospective-conflict")
    engineer.button("Keep both").click()
    says(engineer, "trigger", "It was the cache.\nIt was the queue.")
    oncall.page.locator("h1").click()  # out of the field, so that it may follow
    says(oncall, "trigger", "It was the cache.\nIt was the queue.")
    engineer.page.locator("#section-trigger .history > summary").click()
    expect(engineer.page.locator("#section-trigger .revisions > li")).to_have_count(3, timeout=SOON)
    faults += look_at(oncall.page, "retrospective")
    assert faults == []


@pytest.mark.parametrize(
    ("choice", "words"),
    [("Keep mine", ""), ("Keep theirs", "It was the cache."), ("Keep both", "It was the cache.\nIt was the lock.")],
)
def test_t2_the_choice_between_two_texts_is_offered_again_and_takes_the_field_as_it_stands(
    enter: Enter, over: str, choice: str, words: str
) -> None:
    _, engineer = both_wrote(enter, over)
    engineer.goes(f"/incidents/{over}/retrospective/")
    engineer.is_live()
    field = engineer.page.locator("#area-trigger")
    expect(field).to_have_value("It was the queue.")
    with engineer.allowing("409"):
        field.fill("It was the lock." if choice != "Keep mine" else "")
        engineer.button(choice).click()
        says(engineer, "trigger", words or re.compile("^Nothing is written here"))
    expect(engineer.page.locator("#conflict-trigger form")).to_have_count(0)


def test_t2_a_history_that_is_read_grows_while_others_write(enter: Enter, over: str) -> None:
    oncall, engineer = enter("oncall"), enter("engineer")
    field = opens(oncall, over, "action")
    engineer.goes(f"/incidents/{over}/retrospective/")
    engineer.is_live()
    engineer.page.locator("#section-action .history > summary").click()
    engineer.sees("Nobody has written here yet", where="#section-action .history")
    field.fill("Reverted by hand.")
    expect(engineer.page.locator("#section-action .revisions > li")).to_have_count(2, timeout=SOON)


def test_t2_an_answer_that_comes_late_brings_no_older_text_back(enter: Enter, over: str) -> None:
    oncall = enter("oncall")
    field, page = opens(oncall, over, "action"), oncall.page
    held: list[tuple[Route, APIResponse]] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.fulfill(status=204)
        else:
            held.append((route, route.fetch()))

    page.route(re.compile("/panels$"), hold_the_first)
    with page.expect_request(re.compile("/panels$")):
        field.fill("Reverted.")
    saved(oncall, "action", 1)
    field.fill("Reverted by hand.")
    saved(oncall, "action", 2)
    page.locator("h1").click()
    page.locator("#panel-terms").evaluate("panel => { panel.dataset.old = ''; }")
    for route, answer in held:
        route.fulfill(response=answer)
    expect(page.locator("#panel-terms[data-old]")).to_have_count(0, timeout=SOON)
    expect(page.locator("#text-action")).to_have_text("Reverted by hand.")


def test_t2_a_browser_that_dies_while_typing_offers_the_words_again(enter: Enter, over: str) -> None:
    oncall = enter("oncall")
    field, dying = opens(oncall, over, "blast_radius"), oncall.page
    oncall.page = dying.context.new_page()
    dying.route(re.compile("/retrospective/blast_radius$"), lambda route: route.abort())
    with oncall.allowing("offline"):
        field.fill("Two of ten orders failed.")
        expect(dying.locator("#saved-blast_radius")).to_contain_text("kept in this browser", timeout=SOON)
        dying.close(run_before_unload=False)
    oncall.goes(f"/incidents/{over}/retrospective/")
    oncall.sees("This browser kept words", where="#section-blast_radius")
    faults = look_at(oncall.page, "retrospective-kept")
    oncall.button("Take them up again").click()
    saved(oncall, "blast_radius", 1)
    oncall.goes(f"/incidents/{over}/retrospective/")
    says(oncall, "blast_radius", "Two of ten orders failed.")
    assert faults == []


def test_twenty_megabytes_pasted_are_refused_in_words_and_stay_in_the_field(enter: Enter, over: str) -> None:
    oncall = enter("oncall")
    field = opens(oncall, over, "action")
    posted: list[str] = []
    oncall.page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    field.evaluate(
        "area => { area.value = 'x'.repeat(20_000_000); area.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    oncall.sees("20,000,000 characters, and a section holds 100,000", where="#saved-action")
    assert field.evaluate("area => area.value.length") == 20_000_000
    field.fill("Reverted by hand.")
    saved(oncall, "action", 1)
    assert len(posted) == 1


def test_t2_a_follow_up_is_added_and_the_retrospective_completed(enter: Enter, over: str) -> None:
    oncall = enter("oncall")
    oncall.goes(f"/incidents/{over}/retrospective/")
    oncall.is_live()
    oncall.page.locator("#words-new").fill("Test the checkout with points.")
    oncall.page.locator("#words-new").evaluate("area => { area.style.height = '20rem'; }")  # as pulled by its corner
    oncall.presses("Add")
    oncall.sees("Test the checkout with points.", where="#panel-follow-ups")
    oncall.presses("It is complete")
    oncall.sees("changes are recorded as later ones", where="#panel-terms")
    faults = look_at(oncall.page, "retrospective-complete")
    oncall.page.emulate_media(media="print")
    oncall.page.screenshot(path=KEPT / "retrospective-print.png", full_page=True)
    oncall.page.emulate_media(media="screen")
    oncall.goes("/follow-ups/")
    oncall.sees("Test the checkout with points.")
    faults += look_at(oncall.page, "follow-ups")
    assert faults == []
