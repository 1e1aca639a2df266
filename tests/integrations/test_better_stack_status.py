"""The public status page: said outright who hears it, found again by its words, never posted twice by itself (P1, P2).

https://betterstack.com/docs/uptime/api/create-a-new-status-page-report and …/create-a-new-status-update
"""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from incidents.integrations.better_stack_status import BetterStackStatusPage
from incidents.integrations.errors import IntegrationError
from incidents.integrations.status_page import (
    Affected,
    Component,
    Health,
    Report,
    StatusPage,
    Update,
    is_report,
    is_update,
)
from tests.integrations.worlds import Answer, Table, ok

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
AT = "/api/v2/status-pages/4242"
REPORTS, UPDATES = f"{AT}/status-reports", f"{AT}/status-reports/9001/status-updates"
DOWN = [Affected("Checkout", Health.DOWNTIME)]


def resource(number: str, name: str, health: str = "operational") -> dict[str, object]:
    attributes = {"public_name": name, "status": health, "resource_type": "Monitor", "availability": 0.99963}
    return {"id": number, "type": "status_page_resource", "attributes": attributes}


def report(number: str, title: str, starts_at: str = "2026-11-23T12:00:00.000Z") -> dict[str, object]:
    attributes = {"title": title, "report_type": "manual", "starts_at": starts_at, "aggregate_state": "downtime"}
    return {"id": number, "type": "status_report", "attributes": attributes, "relationships": {}}


def update(
    number: str, message: str, published_at: str = "2026-11-23T12:00:00.000Z", **told: bool
) -> dict[str, object]:
    told_always = {"message": message, "published_at": published_at, "status_report_id": 9001}
    return {"id": number, "type": "status_update", "attributes": {**told_always, "affected_resources": [], **told}}


def listed(*entries: object, following: str | None = None) -> httpx.Response:
    return ok({"data": list(entries), "pagination": {"next": following}})


def page(**answers: Answer | list[Answer]) -> tuple[StatusPage, Table]:
    """`reports`, `updates`: what a POST there answers; `listed`: what a GET of the reports answers."""
    shown = listed(resource("7001", "Storefront"), resource("7002", "Checkout", "degraded"))
    known: dict[str, Answer | list[Answer]] = {
        f"GET {AT}/resources": shown,
        f"POST {REPORTS}": answers.get("reports", ok({"data": report("9001", "Checkout")}, 201)),
        f"POST {UPDATES}": answers.get("updates", ok({"data": update("5", "Mended.", notify_subscribers=False)}, 201)),
        f"GET {REPORTS}": answers.get("listed", listed()),
        f"GET {UPDATES}": answers.get("published", listed()),
    }
    table = Table(known)
    client = BetterStackStatusPage("https://host.example", "token", page="4242", transport=table.transport)
    return client, table


def open_one(client: StatusPage, *, notify: bool = True, affected: list[Affected] = DOWN) -> Report:
    return client.open_report(
        "Checkout", "We are looking.", affected=affected, notify=notify, published_at=NOON, key="k1"
    )


def test_the_components_are_those_of_the_page():
    client, _ = page()
    assert client.components() == [
        Component("7001", "Storefront", "operational"), Component("7002", "Checkout", "degraded"),
    ]  # fmt: skip


@pytest.mark.parametrize("notify", [True, False])
def test_p2_a_report_says_outright_who_is_notified_and_what_is_affected(notify):
    client, table = page()
    assert open_one(client, notify=notify) == Report("9001", "Checkout", NOON, "downtime")
    assert table.bodies("POST") == [
        {
            "title": "Checkout",
            "message": "We are looking.",
            "report_type": "manual",
            "starts_at": "2026-11-23T12:00:00Z",
            "published_at": "2026-11-23T12:00:00Z",
            "notify_subscribers": notify,
            "affected_resources": [{"status_page_resource_id": "7002", "status": "downtime"}],
        }
    ]


@pytest.mark.parametrize("notify", [True, False])
def test_p2_an_update_says_so_too(notify):
    client, table = page()
    posted = client.post_update("9001", "Mended.", affected=[], notify=notify, published_at=NOON, key="k2")
    assert posted == Update("5", "9001", "Mended.", NOON, notified=False)
    body = {"message": "Mended.", "published_at": "2026-11-23T12:00:00Z"}
    assert table.bodies("POST") == [{**body, "notify_subscribers": notify, "affected_resources": []}]


def test_a_component_is_named_as_the_public_knows_it_or_by_its_id():
    client, table = page()
    open_one(client, affected=[Affected("Storefront", Health.DEGRADED), Affected("7002", Health.RESOLVED)])
    sent = [tuple(each.values()) for each in table.bodies("POST")[0]["affected_resources"]]
    assert sent == [("7001", "degraded"), ("7002", "resolved")]


def test_a_component_that_the_page_does_not_show_is_refused_before_anything_is_posted():
    client, table = page()
    with pytest.raises(IntegrationError, match="shows no Warehouse") as refused:
        open_one(client, affected=[Affected("Warehouse", Health.DOWNTIME)])
    assert (refused.value.retryable, refused.value.in_doubt, table.bodies("POST")) == (False, False, [])


def test_a_report_is_found_again_by_its_title_and_its_start():
    wanted = report("9002", "Checkout", "2026-11-23T12:00:00.480Z")
    others = [report("9003", "Search"), report("9001", "Checkout", "2026-11-22T12:00:00.000Z")]
    client, _ = page(listed=[listed(others[0], following="https://host.example/next"), listed(wanted, others[1])])
    found = client.reports(since=NOON - timedelta(hours=1))
    assert [each.id for each in found] == ["9003", "9002"]
    assert [each.id for each in found if is_report(each, title="Checkout", published_at=NOON)] == ["9002"]


def test_an_update_is_found_again_by_its_words_and_its_time():
    late = update("7", "Mended.", "2026-11-23T12:05:00Z")
    client, _ = page(published=listed(late, update("6", "Mended.")))
    found = client.updates("9001")
    assert [(each.id, each.notified) for each in found] == [("6", None), ("7", None)]
    assert [each.id for each in found if is_update(each, message="Mended.", published_at=NOON)] == ["6"]


def test_an_endless_list_is_no_proof_that_nothing_was_posted():
    client, _ = page(listed=listed(following="https://host.example/next"))
    with pytest.raises(IntegrationError, match="look there by hand"):
        client.reports(since=NOON)


@pytest.mark.parametrize(
    ("answer", "retryable", "in_doubt"),
    [
        (httpx.ReadTimeout("late"), True, True),
        (httpx.RemoteProtocolError("dropped"), True, True),
        (ok({"errors": "oops"}, 502), True, True),
        (ok({"data": {}}, 201), False, True),
        (httpx.ConnectError("refused"), True, False),
        (ok({}, 429, retry_after="7"), True, False),
        (ok({"errors": "Invalid Team API token."}, 401), False, False),
        (ok({"errors": {"title": ["can't be blank"]}}, 422), False, False),
    ],
)
def test_a_lost_answer_is_in_doubt_and_a_refusal_is_not(answer, retryable, in_doubt):
    client, table = page(reports=answer, updates=answer)
    with pytest.raises(IntegrationError) as opened:
        open_one(client)
    with pytest.raises(IntegrationError) as posted:
        client.post_update("9001", "Mended.", affected=[], notify=False, published_at=NOON, key="k")
    for caught in (opened.value, posted.value):
        assert (caught.retryable, caught.in_doubt) == (retryable, in_doubt)
    assert len(table.bodies("POST")) == 2


@pytest.mark.parametrize(("status", "words"), [(401, "BETTER_STACK_TOKEN"), (404, "BETTER_STACK_STATUS_PAGE")])
def test_a_refusal_says_what_to_do(status, words):
    client, _ = page(reports=ok({"errors": "no"}, status))
    with pytest.raises(IntegrationError, match=f"{words}.* by hand"):
        open_one(client)


def test_an_id_leads_nowhere_else():
    client, table = page()
    with pytest.raises(IntegrationError):
        client.updates("../../incidents")
    assert table.asked[-1].url.raw_path.startswith(f"{REPORTS}/..%2F..%2Fincidents".encode())
