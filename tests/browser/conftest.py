"""One real stack for all browser tests, and people who sign in to it; no page may complain."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from sandbox.drill.browser import PASSWORD
from tests.browser.rooms import Visitor
from tests.browser.stage import KEPT, Stage, running_stage
from tests.browser.watching import Watch

Enter = Callable[..., Visitor]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A path through the console takes minutes on a busy machine; pytest-base-url 2.1 warns of its own hooks."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestRemovedIn10Warning"))
            item.add_marker(pytest.mark.timeout(300, func_only=True))  # the stack takes its own time to start


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The console and its world, running."""
    with running_stage() as running:
        yield running


@pytest.fixture(scope="session")
def sessions() -> dict[str, Any]:
    """Who has signed in already, by name."""
    return {}


@pytest.fixture
def enter(browser: Browser, stage: Stage, sessions: dict[str, Any], request: pytest.FixtureRequest) -> Iterator[Enter]:
    """People with a browser of their own each; at the end nothing may have gone wrong in any of them."""
    opened: list[tuple[BrowserContext, Visitor]] = []

    def come_in(name: str, *, fresh: bool = False, **how: Any) -> Visitor:
        state = None if fresh else sessions.get(name)
        how = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light", **how}
        context = browser.new_context(storage_state=state, **how)
        visitor = Visitor(name, context.new_page(), stage, Watch())
        visitor.watch.over(context)
        opened.append((context, visitor))
        if state is None:
            sign_in(visitor)
        if not fresh:
            sessions[name] = sessions.get(name) or context.storage_state()
        return visitor

    yield come_in
    failed = getattr(request.node, "failed", False)
    for context, visitor in opened:
        if failed:
            visitor.page.screenshot(path=KEPT / "failed" / f"{request.node.name}-{visitor.name}.png", caret="initial")
        context.close()
    stage.calm_down()
    assert [f"{visitor.name}: {problem}" for _, visitor in opened for problem in visitor.watch.problems] == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """A test that failed keeps what its pages showed."""
    report = yield
    if report.when == "call" and report.failed:
        item.failed = True  # type: ignore[attr-defined]
    return report


def sign_in(visitor: Visitor) -> None:
    visitor.goes("/accounts/login/")
    visitor.page.get_by_label("Username").or_(visitor.page.locator("[name=login]")).first.fill(visitor.name)
    visitor.page.locator("[name=password]").fill(PASSWORD)
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url(visitor.stage.address + "/")


@pytest.fixture
def declared(stage: Stage, enter: Enter) -> str:
    """The number of an incident declared by hand, its suspect named."""
    return stage.declare("Gift notes are cut short")
