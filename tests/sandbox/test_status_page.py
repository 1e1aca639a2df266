"""The sandbox's status page at Better Stack: its refusals, its defaults, its faults, and what the public sees."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import httpx
import pytest
from pydantic import BaseModel, ConfigDict

from incidents.integrations.better_stack_status import BetterStackStatusPage
from incidents.integrations.errors import IntegrationError
from incidents.integrations.status_page import Affected, Health, Report, is_report, is_update
from sandbox import secrets
from sandbox.status import StatusPart
from sandbox.testing import Sandbox, running_sandbox

AT = f"/betterstack/api/v2/status-pages/{secrets.STATUS_PAGE}"
REPORTS = f"{AT}/status-reports"
HEADERS = {"Authorization": f"Bearer {secrets.BETTER_STACK_TOKEN}"}
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
WORDS = {"title": "Checkout", "message": "We are looking."}


class Shape(BaseModel):
    """Strict: these are the documented example bodies, nothing more and nothing less."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Said(Shape):
    status_page_resource_id: str
    status: Literal["resolved", "degraded", "downtime"]


class UpdateTold(Shape):
    """https://betterstack.com/docs/uptime/api/list-all-existing-status-updates-for-a-status-page-report"""

    message: str
    published_at: str
    status_report_id: int
    affected_resources: list[Said]


class UpdatePosted(UpdateTold):
    """https://betterstack.com/docs/uptime/api/create-a-new-status-update"""

    published_at_timezone: str
    notify_subscribers: bool


class ReportTold(Shape):
    """https://betterstack.com/docs/uptime/api/list-existing-reports-on-a-status-page"""

    title: str
    report_type: Literal["manual"]
    starts_at: str
    ends_at: str | None
    status_page_id: int
    affected_resources: list[Said]
    aggregate_state: Literal["operational", "degraded", "downtime"]


class Pagination(Shape):
    """https://betterstack.com/docs/uptime/api/pagination"""

    first: str
    last: str
    prev: str | None
    next: str | None


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path, parts=[StatusPart()]) as running:
        yield running


@pytest.fixture
def page(sandbox: Sandbox) -> BetterStackStatusPage:
    url = f"{sandbox.url}/betterstack"
    return BetterStackStatusPage(url, secrets.BETTER_STACK_TOKEN, page=secrets.STATUS_PAGE)


def post(sandbox: Sandbox, path: str = REPORTS, **body: object) -> httpx.Response:
    return sandbox.client.post(path, json=body, headers=HEADERS)


def opened(page: BetterStackStatusPage, *, notify: bool = False) -> Report:
    affected = [Affected("Checkout", Health.DOWNTIME)]
    return page.open_report(**WORDS, affected=affected, notify=notify, published_at=NOON, key="k1")


def updated(page: BetterStackStatusPage, report: Report, *, health: Health = Health.RESOLVED) -> None:
    affected, at = [Affected("Checkout", health)], NOON.replace(minute=5)
    page.post_update(report.id, "Mended.", affected=affected, notify=True, published_at=at, key="k2")


def test_p1_what_is_posted_is_what_the_public_sees(sandbox, page):
    assert "All systems operational" in sandbox.client.get("/status").text
    report = opened(page)
    seen = sandbox.client.get("/status").text
    assert "Checkout: not as it should be" in seen
    assert "We are looking." in seen
    assert {each.name: each.state for each in page.components()} == {
        "Storefront": "operational", "Checkout": "downtime",
    }  # fmt: skip
    updated(page, report)
    seen = sandbox.client.get("/status").text
    assert seen.index("Mended.") < seen.index("We are looking.")
    assert "All systems operational" in seen


def test_what_the_public_reads_cannot_carry_markup(sandbox, page):
    page.open_report("<b>x", "<script>", affected=[], notify=False, published_at=NOON, key="k")
    assert "<script>" not in sandbox.client.get("/status").text


def test_the_journal_holds_exactly_what_was_sent(sandbox, page):
    updated(page, opened(page))
    first, second = sandbox.journal.entries(part="status")
    assert (first.effect, first.key) == ("status.report_posted", "Checkout @ 2026-11-23T12:00:00.000Z")
    assert (first.detail["message"], first.detail["notified"]) == ("We are looking.", False)
    assert first.detail["affected"] == {"Checkout": "downtime"}
    assert (second.effect, second.detail["notified"]) == ("status.update_posted", True)
    assert second.key == f"{first.detail['id']} @ 2026-11-23T12:05:00.000Z: Mended."


def test_two_posts_with_the_same_words_are_two_reports(sandbox, page):
    opened(page)
    opened(page)
    assert len(page.reports(since=NOON)) == 2
    assert sandbox.journal.duplicates() == {("status.report_posted", "Checkout @ 2026-11-23T12:00:00.000Z"): 2}


def test_without_a_word_about_it_a_report_notifies_everybody_and_an_update_nobody(sandbox):
    """The defaults of https://betterstack.com/docs/uptime/api/create-a-new-status-page-report and …-status-update."""
    report = post(sandbox, **WORDS).json()["data"]["id"]
    post(sandbox, f"{REPORTS}/{report}/status-updates", message="x", affected_resources=[])
    assert [entry.detail["notified"] for entry in sandbox.journal.entries(part="status")] == [True, False]


def test_every_body_is_shaped_as_documented(sandbox):
    """What the console sends is in the first test of this file's neighbour; these are the answers."""
    affected = [{"status_page_resource_id": "7002", "status": "downtime"}]
    posted = post(sandbox, **WORDS, affected_resources=affected).json()
    report = posted["data"]
    ReportTold.model_validate(report["attributes"])
    assert report["relationships"]["status_updates"]["data"] == [
        {"id": posted["included"][0]["id"], "type": "status_update"}
    ]
    UpdateTold.model_validate(posted["included"][0]["attributes"])
    updates = f"{REPORTS}/{report['id']}/status-updates"
    UpdatePosted.model_validate(
        post(sandbox, updates, message="x", affected_resources=affected).json()["data"]["attributes"]
    )
    for path, shape in ((REPORTS, ReportTold), (updates, UpdateTold)):
        listed = sandbox.client.get(path, headers=HEADERS).json()
        assert listed["data"]
        Pagination.model_validate(listed["pagination"])
        for each in listed["data"]:
            shape.model_validate(each["attributes"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"message": "x"}, "title"),
        ({"title": "x"}, "message"),
        ({**WORDS, "report_type": "maintenance"}, "report_type"),
        ({**WORDS, "published_at": "yesterday"}, "published_at"),
        ({**WORDS, "starts_at": "soon"}, "starts_at"),
        ({**WORDS, "notify_subscribers": "yes"}, "notify_subscribers"),
        ({**WORDS, "affected_resources": "all"}, "affected_resources"),
        ({**WORDS, "affected_resources": [{"status_page_resource_id": "9"}]}, "affected_resources"),
        ({**WORDS, "affected_resources": [{"status_page_resource_id": "7001", "status": "sad"}]}, "affected_resources"),
    ],
)
def test_an_invalid_report_is_refused_by_field_and_posts_nothing(sandbox, body, field):
    refused = post(sandbox, **body)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [field])
    assert sandbox.journal.entries(part="status") == []
    assert "We are looking." not in sandbox.client.get("/status").text


def test_an_update_names_what_is_affected_and_a_report_that_exists(sandbox):
    report = post(sandbox, **WORDS).json()["data"]["id"]
    assert post(sandbox, f"{REPORTS}/{report}/status-updates", message="x").status_code == 422
    assert post(sandbox, f"{REPORTS}/1/status-updates", message="x", affected_resources=[]).status_code == 404
    assert sandbox.client.get(f"{REPORTS}/1/status-updates", headers=HEADERS).status_code == 404


@pytest.mark.parametrize("path", [REPORTS, f"{AT}/resources", f"{REPORTS}/9001/status-updates"])
def test_a_stranger_and_a_wrong_page_get_nothing(sandbox, path):
    assert sandbox.client.get(path).status_code == 401
    assert sandbox.client.get(path.replace(secrets.STATUS_PAGE, "1"), headers=HEADERS).status_code == 404


def test_the_console_is_told_which_page_is_wrong(sandbox):
    stranger = BetterStackStatusPage(f"{sandbox.url}/betterstack", secrets.BETTER_STACK_TOKEN, page="1")
    with pytest.raises(IntegrationError, match="BETTER_STACK_STATUS_PAGE"):
        stranger.components()


def test_long_lists_are_read_to_their_end(sandbox, page):
    for number in range(53):
        post(sandbox, title=f"Report {number}", message="x", starts_at=NOON.isoformat())
    assert [report.title for report in page.reports(since=NOON)] == [f"Report {number}" for number in range(53)]


def test_what_was_posted_outlives_a_restart_but_not_a_reset(tmp_path):
    with running_sandbox(tmp_path, parts=[StatusPart()]) as first:
        post(first, **WORDS).raise_for_status()
    with running_sandbox(tmp_path, parts=[StatusPart()]) as second:
        assert "We are looking." in second.client.get("/status").text
        second.client.post("/control/reset").raise_for_status()
        assert "We are looking." not in second.client.get("/status").text


@pytest.mark.parametrize(("kind", "posted"), [("drop_after", 1), ("drop_before", 0), ("500", 0), ("502", 0)])
def test_p2_a_report_whose_answer_is_lost_is_in_doubt_and_can_be_looked_for(sandbox, page, kind, posted):
    sandbox.faults.arm(kind, part="betterstack", method="POST", path="*/status-reports")
    with pytest.raises(IntegrationError) as lost:
        opened(page)
    assert lost.value.in_doubt
    found = [each for each in page.reports(since=NOON) if is_report(each, title="Checkout", published_at=NOON)]
    assert len(found) == posted == len(sandbox.journal.entries(effect="status.report_posted"))


@pytest.mark.parametrize(("kind", "posted"), [("drop_after", 1), ("drop_before", 0), ("hang", 0)])
def test_p2_an_update_whose_answer_is_lost_is_in_doubt_and_can_be_looked_for(sandbox, page, kind, posted, monkeypatch):
    report = opened(page)
    monkeypatch.setattr("incidents.integrations.outbound.READ_SECONDS", 1.0)
    hasty = BetterStackStatusPage(f"{sandbox.url}/betterstack", secrets.BETTER_STACK_TOKEN, page=secrets.STATUS_PAGE)
    sandbox.faults.arm(kind, part="betterstack", method="POST", path="*/status-updates", seconds=5)
    with pytest.raises(IntegrationError) as lost:
        updated(hasty, report)
    assert lost.value.in_doubt
    at = NOON.replace(minute=5)
    found = [each for each in page.updates(report.id) if is_update(each, message="Mended.", published_at=at)]
    assert len(found) == posted == len(sandbox.journal.entries(effect="status.update_posted"))


def test_a_limit_is_no_doubt(sandbox, page):
    sandbox.faults.arm("429", part="betterstack", method="POST", seconds=7)
    with pytest.raises(IntegrationError) as limited:
        opened(page)
    assert (limited.value.retryable, limited.value.in_doubt, limited.value.retry_after) == (True, False, 7)
    assert sandbox.journal.entries(part="status") == []
