"""Better Stack: a page is found by our key, sent once, and its doubt is told.

Bodies as documented: https://betterstack.com/docs/uptime/api/list-all-incidents and …/create-an-incident
"""

import dataclasses
from datetime import UTC, datetime

import httpx
import pytest

from incidents.integrations.better_stack import BetterStack
from incidents.integrations.errors import IntegrationError
from incidents.integrations.paging import Call, Page, Pager
from tests.integrations.worlds import Answer, Table, ok

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
INCIDENTS = "/api/v3/incidents"
CALL = Call("oncall@acme.example", "INC-2026-0001 Shop", "Checkout answers 500", "Declared 12:00:00 UTC.")


def incident(number: str, key: str, **attributes: object) -> dict[str, object]:
    """The documented example, cut to what is told about a page."""
    metadata = {"rollback_console_id": [{"type": "String", "value": key}]}
    told = {"name": "Shop", "url": None, "status": "Started", "origin_url": None, "metadata": metadata}
    return {"id": number, "type": "incident", "attributes": told | attributes}


def pager(**answers: Answer | list[Answer]) -> tuple[Pager, Table]:
    table = Table({f"{method} {INCIDENTS}": answer for method, answer in answers.items()})
    return BetterStack("https://host.example", "token", team="acme", transport=table.transport), table


def listed(*incidents: object, following: str | None = None) -> httpx.Response:
    return ok({"data": list(incidents), "pagination": {"next": following}})


def test_a_page_wakes_by_every_means_and_carries_our_key():
    better_stack, table = pager(POST=ok({"data": incident("25", "k1")}, 201))
    assert better_stack.page(CALL, key="k1") == Page("25", "k1", "Started", "", "")
    body = table.bodies("POST")[0]
    assert body["metadata"] == {"rollback_console_id": "k1"}
    assert [body[means] for means in ("call", "sms", "email", "push", "critical_alert")] == [True] * 5
    assert (body["requester_email"], body["summary"], body["team_name"]) == (CALL.requester, CALL.summary, "acme")
    assert table.asked[0].headers["authorization"] == "Bearer token"


def test_a_page_is_found_by_our_key_whatever_the_filter_lets_through():
    better_stack, table = pager(GET=listed(incident("25", "other"), incident("26", "k1"), incident("9", "k1")))
    assert [page.id for page in better_stack.find(key="k1", since=NOON)] == ["9", "26"]
    assert table.asked[0].url.params["metadata[rollback_console_id]"] == "k1"
    assert table.asked[0].url.params["from"] == "2026-11-23"


def test_the_search_goes_on_to_the_last_page():
    first = listed(incident("30", "other"), following="https://host.example/api/v3/incidents?page=2")
    better_stack, table = pager(GET=[first, listed(incident("25", "k1"))])
    assert [page.id for page in better_stack.find(key="k1", since=NOON)] == ["25"]
    assert [request.url.params["page"] for request in table.asked] == ["1", "2"]


def test_an_endless_list_is_no_proof_that_nobody_was_paged():
    better_stack, _ = pager(GET=listed(following="https://host.example/api/v3/incidents?page=9"))
    with pytest.raises(IntegrationError, match="look there by hand"):
        better_stack.find(key="k1", since=NOON)


def test_metadata_of_other_shapes_is_passed_over():
    schedule = {"rollback_console_id": [{"type": "Schedule", "item_id": 123, "name": "Secondary calendar"}]}
    better_stack, _ = pager(GET=listed(incident("25", "", metadata=schedule), incident("26", "", metadata=None)))
    assert better_stack.find(key="k1", since=NOON) == []


@pytest.mark.parametrize(
    ("answer", "retryable", "in_doubt"),
    [
        (httpx.ReadTimeout("late"), True, True),
        (httpx.RemoteProtocolError("dropped"), True, True),
        (ok({"errors": "oops"}, 502), True, True),
        (ok({"data": {}}, 201), False, True),
        (httpx.ConnectError("refused"), True, False),
        (ok({}, 429, retry_after="7"), True, False),
        (ok({"errors": "Invalid"}, 401), False, False),
        (ok({"errors": {"summary": ["can't be blank"]}}, 422), False, False),
    ],
)
def test_a_lost_answer_is_in_doubt_and_a_refusal_is_not(answer, retryable, in_doubt):
    better_stack, _ = pager(POST=answer)
    with pytest.raises(IntegrationError) as caught:
        better_stack.page(CALL, key="k1")
    assert (caught.value.retryable, caught.value.in_doubt) == (retryable, in_doubt)


def test_a_refusal_says_how_to_page_by_hand():
    better_stack, _ = pager(POST=ok({}, 403))
    with pytest.raises(IntegrationError, match="page by hand"):
        better_stack.page(CALL, key="k1")


def resolving(answer: Answer) -> tuple[Pager, Table]:
    table = Table({f"POST {INCIDENTS}/25/resolve": answer})
    return BetterStack("https://host.example", "token", transport=table.transport), table


@pytest.mark.parametrize("answer", [ok({"data": incident("25", "k1")}), ok({"errors": "was already resolved"}, 409)])
def test_e15_a_page_is_let_to_rest_once_or_again(answer):
    better_stack, table = resolving(answer)
    better_stack.resolve(Page("25", "k1", "Started", "", ""))
    assert table.bodies("POST") == [{"resolved_by": "Rollback Console"}]


def test_e15_a_page_that_cannot_be_resolved_says_so():
    better_stack, _ = resolving(ok({}, 403))
    with pytest.raises(IntegrationError, match="resolving our page"):
        better_stack.resolve(Page("25", "k1", "Started", "", ""))


def test_e15_a_policy_rings_a_certain_person_and_none_rings_whoever_is_on_call():
    table = Table({f"POST {INCIDENTS}": [ok({"data": incident("25", "k1")}, 201)] * 2})
    better_stack = BetterStack("https://host.example", "token", policy="7", transport=table.transport)
    better_stack.page(dataclasses.replace(CALL, policy="1021"), key="k1")
    better_stack.page(CALL, key="k2")
    assert [body["policy_id"] for body in table.bodies("POST")] == ["1021", "7"]


def test_e15_a_resolved_page_is_told_apart():
    better_stack, _ = pager(GET=listed(incident("25", "k1", resolved_at="2026-11-23T12:05:00Z"), incident("26", "k1")))
    assert [page.resolved for page in better_stack.find(key="k1", since=NOON)] == [True, False]
