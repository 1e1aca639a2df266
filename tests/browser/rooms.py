"""What people do in the console, by what they see."""

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.browser.stage import Stage
from tests.browser.watching import Watch

SOON = 30_000
LATE = 100_000


@dataclass
class Visitor:
    """A person in front of a page."""

    name: str
    page: Page
    stage: Stage
    watch: Watch

    def goes(self, path: str) -> None:
        self.page.goto(self.stage.address + path)

    def allowing(self, *codes: str) -> AbstractContextManager[None]:
        return self.watch.allowing(self.page, *codes)

    def button(self, name: str | re.Pattern[str]) -> Locator:
        """The visible button, or link dressed as one, of that name."""
        either = self.page.get_by_role("button", name=name).or_(self.page.get_by_role("link", name=name))
        return either.filter(visible=True).first

    def sees(self, words: str | re.Pattern[str], *, within: float = SOON, where: str = "main") -> None:
        expect(self.page.locator(where)).to_contain_text(words, timeout=within)

    def badge(self, words: str, *, within: float = SOON) -> None:
        """The room's head says where the incident stands."""
        expect(self.page.locator("#panel-head").get_by_text(words, exact=True)).to_be_visible(timeout=within)

    def opens_the_incident(self) -> str:
        """From the dashboard into the room of what burns; returns its number."""
        self.page.locator("#panel-open a.title").first.click()
        self.is_live()
        return self.page.locator("#panel-head code").first.inner_text()

    def presses(self, name: str) -> None:
        """The page has heard what came of it, and asked for its panels anew."""
        with self.page.expect_response(re.compile(r"/panels$")):
            self.button(name).click()

    def is_live(self) -> None:
        expect(self.page.locator("#live")).to_have_text("live", timeout=SOON)

    def answers(self, question: str, answer: str) -> None:
        """A group that needs nobody is folded: it is opened first. The advice to the answer is waited for."""
        group = self.page.locator(f"details.question-group:has(#q-{question})")
        if group.get_attribute("open") is None:
            group.locator("summary").click()
        choice = self.page.locator(f"#q-{question}").get_by_label(answer, exact=True)
        if choice.is_checked():
            return
        with self.page.expect_response(re.compile(r"/advice$")):
            choice.click()

    def says_no(self, *questions: str) -> None:
        for question in questions:
            self.answers(question, "No")

    def answers_the_default(self) -> None:
        """Nothing stands against a rollback: one press, since the console has read the change and answered the rest."""
        for question in ("migration", "credential_restored"):
            expect(self.page.locator(f"#q-{question} input[value=no]")).to_be_checked()
        self.page.locator("#group-irreversible").get_by_role("button", name="No to all of these").click()

    def decides_to_roll_back(self) -> None:
        self.answers_the_default()
        self.button(re.compile(r"^Roll back [#0-9a-f]")).click()
        self.badge("decided")

    def executes(self) -> None:
        self.button("Execute the plan").click()
        self.page.locator("#execute").get_by_role("button", name="Execute").click()
        self.badge("rolling back")

    def pull_request(self) -> int:
        """The number of the revert's pull request, once its review is waited for."""
        self.sees("The revert waits for its review.", where="#panel-now")
        link = self.page.locator("#panel-now").get_by_role("link", name=re.compile(r"pull request #\d+"))
        return int(link.inner_text().rpartition("#")[2])

    def ends(self, dialog: str, words: str) -> None:
        """Answer one of the closing dialogs."""
        self.page.locator(f"#controls-closing button[data-opens={dialog}]").click()
        asked = self.page.locator(f"dialog#{dialog}")
        asked.locator("textarea").fill(words)
        asked.locator("button[type=submit]").click()
