"""The world page shows what happens, and breaks the shop at one click."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from incidents.integrations.better_stack_status import BetterStackStatusPage
from incidents.integrations.chat import Button
from incidents.integrations.slack import Slack
from incidents.integrations.status_page import Affected, Health
from sandbox import secrets
from sandbox.testing import Sandbox

APPROVE = Button("approve", "Approve", "request-7")
LOOK = Button("look", "Look", url="https://console.example/approvals/7/")


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


@pytest.fixture
def slack(world: Sandbox) -> Slack:
    return Slack(secrets.SLACK_TOKEN, base_url=f"{world.url}/slack/api")


@pytest.mark.browser
@pytest.mark.filterwarnings("ignore::pytest.PytestRemovedIn10Warning")  # pytest-base-url 2.1
def test_p2_people_press_slacks_buttons_on_the_page(world: Sandbox, slack: Slack, page: Page) -> None:
    cto = slack.person_by_email("cto@acme.example")
    assert cto is not None
    alone = slack.post(slack.direct(cto), "May this be posted?", key="k1", buttons=[APPROVE, LOOK])
    everybody = slack.post("C0ENGINC1DT", "The words wait.", key="k2", buttons=[APPROVE])
    page.goto(world.url)
    to_cto = page.locator("#chat li").filter(has_text="to cto alone")
    expect(to_cto.get_by_role("link", name="Look")).to_have_attribute("href", LOOK.url)
    to_cto.get_by_role("button", name="Approve").click()
    world.await_entry("button.pressed", key=f"{alone.ts}:approve:cto")
    page.get_by_label("In the channel, press as").select_option("ciso")
    page.locator("#chat li").filter(has_text="The words wait.").get_by_role("button", name="Approve").click()
    world.await_entry("button.pressed", key=f"{everybody.ts}:approve:ciso")


@pytest.mark.browser
@pytest.mark.filterwarnings("ignore::pytest.PytestRemovedIn10Warning")  # pytest-base-url 2.1
def test_p1_what_was_posted_stands_on_the_page(world: Sandbox, page: Page) -> None:
    post = BetterStackStatusPage(f"{world.url}/betterstack", secrets.BETTER_STACK_TOKEN, page=secrets.STATUS_PAGE)
    affected = [Affected("Checkout", Health.DEGRADED)]
    words = {"title": "Errors when paying", "message": "We are looking.", "key": "k"}
    post.open_report(**words, affected=affected, notify=True, published_at=datetime.now(UTC))
    page.goto(world.url)
    expect(page.locator("#public li").filter(has_text="Checkout")).to_contain_text("degraded")
    expect(page.locator("#told li").first).to_contain_text("Errors when paying: We are looking.")
    expect(page.locator("#told li").first).to_contain_text("sent to subscribers")
    page.goto(f"{world.url}/status")
    expect(page.get_by_role("heading", level=1)).to_have_text("Checkout: not as it should be")
