"""The world page shows what happens, and breaks the shop at one click."""

import pytest
from playwright.sync_api import Page, expect

from sandbox.testing import Sandbox


def test_the_page_knows_the_whole_world(world: Sandbox) -> None:
    seen = world.client.get("/control/page").json()
    assert seen["scenarios"][0]["name"] == "errors"
    assert seen["commits"][0]["sha"] == seen["parts"]["github"]["head"]
    assert {"shop", "github", "actions", "metrics", "alerts", "slack", "status"} <= seen["parts"].keys()
    assert len(seen["parts"]["metrics"]["error_ratio"]) > 100


@pytest.mark.parametrize(
    "path", ["/", "/status", "/control/page/world.css", "/control/page/world.js", "/control/page/chart.js"]
)
def test_every_file_of_the_page_is_served(world: Sandbox, path: str) -> None:
    assert world.client.get(path).status_code == 200


@pytest.mark.parametrize("name", ["__init__.py", "..%2Fsecrets.py", "index.html"])
def test_no_other_file_is_served(world: Sandbox, name: str) -> None:
    assert world.client.get(f"/control/page/{name}").status_code == 404


def test_no_fault_strikes_the_page(world: Sandbox) -> None:
    world.faults.arm("500", part="*", times=5)
    try:
        assert world.client.get("/control/page").status_code == 200
        assert world.client.get("/").status_code == 200
    finally:
        world.faults.clear()


@pytest.mark.browser
@pytest.mark.filterwarnings("ignore::pytest.PytestRemovedIn10Warning")  # pytest-base-url 2.1
def test_one_click_breaks_the_checkout_and_the_page_says_so(breakable: Sandbox, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda failed: complaints.append(failed.url))
    page.goto(breakable.url)
    expect(page.locator("#now")).to_contain_text("The shop is well.", timeout=15_000)
    page.get_by_role("button", name="Break the checkout").click()
    expect(page.locator("#answer")).to_contain_text("Loyalty points at checkout")
    expect(page.locator("#now")).to_contain_text("Customers are getting errors.", timeout=30_000)
    expect(page.locator("#commits li").first).to_contain_text("eu-1")
    assert complaints == []
