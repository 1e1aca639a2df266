"""The signed webhook: docs/integrations-webhook.md is the contract; these tests are its other half."""

import dataclasses
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from incidents.integrations.chat import Button, Chat
from incidents.integrations.drains import Drains, Duty
from incidents.integrations.errors import IntegrationError
from incidents.integrations.flags import Flags
from incidents.integrations.paging import Call, Page, Pager
from incidents.integrations.secrets import Secrets
from incidents.integrations.signed_webhook import SignedWebhook, signature
from incidents.integrations.status_page import (
    Affected,
    Component,
    Health,
    Report,
    StatusPage,
    is_report,
    is_update,
)
from incidents.integrations.webhook_providers import (
    WebhookChat,
    WebhookDrains,
    WebhookFlags,
    WebhookPager,
    WebhookSecrets,
    WebhookStatusPage,
)
from tests.integrations.worlds import Answer, Table, ok

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRET = "a-secret-of-the-tests"
CALL = Call("oncall@acme.example", "INC-2026-0001 Shop", "Checkout answers 500", "Declared.")


def hook(answer: Answer) -> tuple[SignedWebhook, Table]:
    table = Table({"POST /hook": answer})
    return SignedWebhook("https://host.example/hook", SECRET, transport=table.transport, clock=NOON.timestamp), table


def sent(table: Table) -> dict[str, Any]:
    return table.bodies("POST")[-1]


def test_the_signature_is_over_the_time_and_the_very_bytes_of_the_body():
    webhook, table = hook(ok({"pages": []}))
    WebhookPager(webhook).find(key="k1", since=NOON)
    request = table.asked[0]
    at = int(NOON.timestamp())
    expected = hmac.new(SECRET.encode(), f"{at}.".encode() + request.content, hashlib.sha256).hexdigest()
    assert request.headers["x-rollback-console-signature"] == f"t={at},v1={expected}"


def test_a_signature_holds_for_no_other_body_time_or_secret():
    signed = signature(SECRET, b"{}", 1)
    assert len({signed, signature(SECRET, b"{ }", 1), signature(SECRET, b"{}", 2), signature("x", b"{}", 1)}) == 4


def test_an_order_carries_the_key_of_its_step_and_a_question_none():
    webhook, table = hook(ok({}))
    flags: Flags = WebhookFlags(webhook)
    flags.turn("loyalty-points", on=False, key="k1")
    assert table.asked[0].headers["idempotency-key"] == "k1"
    assert sent(table) == {
        "version": 1, "act": "flag.turn_off", "sent_at": "2026-11-23T12:00:00+00:00", "key": "k1",
        "flag": "loyalty-points",
    }  # fmt: skip
    with pytest.raises(IntegrationError, match="cannot read"):
        flags.read("loyalty-points")
    assert "idempotency-key" not in table.asked[1].headers


def test_a_repeated_order_is_the_same_order():
    webhook, table = hook(httpx.Response(204))
    drains: Drains = WebhookDrains(webhook)
    drains.drain("eu-1", key="k1")
    drains.drain("eu-1", key="k1")
    assert table.asked[0].content == table.asked[1].content


def test_a_page_is_found_and_opened():
    webhook, table = hook(ok({"id": "7", "status": "sent", "url": "https://pager.example/7"}))
    pager: Pager = WebhookPager(webhook)
    assert pager.page(CALL, key="k1") == Page("7", "k1", "sent", "https://pager.example/7", "")
    assert (sent(table)["act"], sent(table)["summary"]) == ("page.open", "Checkout answers 500")


def test_e15_a_page_for_a_person_carries_their_number_and_is_resolved_under_a_key_of_its_own():
    webhook, table = hook(ok({"id": "7"}))
    pager: Pager = WebhookPager(webhook)
    page = pager.page(dataclasses.replace(CALL, number="+49 30 1"), key="k1")
    assert sent(table)["number"] == "+49 30 1"
    pager.resolve(page)
    order = table.bodies("POST")[-1]
    assert (order["act"], order["page"], order["key"]) == ("page.resolve", "7", "k1:resolve")


def test_a_pager_may_answer_nothing_to_an_order():
    webhook, _ = hook(httpx.Response(202))
    assert WebhookPager(webhook).page(CALL, key="k1").id == "k1"


@pytest.mark.parametrize("on", [True, False])
def test_a_flag_is_read(on):
    webhook, _ = hook(ok({"on": on, "environment": "production"}))
    assert WebhookFlags(webhook).read("loyalty-points").on is on


def test_a_target_is_read_with_those_beside_it():
    servers = [
        {"name": "eu-1", "duty": "drained", "sessions": 2},
        {"name": "eu-2", "duty": "serving", "healthy": True},
        {"name": "eu-3", "duty": "serving", "healthy": False},
    ]
    webhook, _ = hook(ok({"servers": servers}))
    pool = WebhookDrains(webhook).read("eu-1")
    assert (pool.target.duty, pool.target.sessions, pool.left_serving) == (Duty.DRAINED, 2, 1)


@pytest.mark.parametrize(
    ("servers", "words"),
    [([], "knows no target"), ([{"name": "eu-1", "duty": "asleep"}], "cannot read")],
)
def test_a_target_that_is_not_told_is_not_guessed(servers, words):
    webhook, _ = hook(ok({"servers": servers}))
    with pytest.raises(IntegrationError, match=words):
        WebhookDrains(webhook).read("eu-1")


def test_a_message_is_posted_and_found():
    webhook, table = hook(ok({"id": "m1", "messages": [{"id": "m1", "text": "Declared."}]}))
    chat: Chat = WebhookChat(webhook)
    assert chat.post("C1", "Declared.", key="k1").ts == "m1"
    assert [message.text for message in chat.find("C1", key="k1", since=NOON)] == ["Declared."]
    assert sent(table)["find"] == "k1"
    assert chat.person_by_email("cto@acme.example") == "m1"


@pytest.mark.parametrize(
    ("answer", "retryable", "in_doubt"),
    [
        (httpx.ReadTimeout("late"), True, True),
        (ok({}, 503), True, True),
        (ok([1]), False, True),
        (httpx.ConnectError("refused"), True, False),
        (ok({"error": "who are you"}, 401), False, False),
    ],
)
def test_a_lost_answer_to_an_order_is_in_doubt(answer, retryable, in_doubt):
    webhook, _ = hook(answer)
    with pytest.raises(IntegrationError) as caught:
        WebhookDrains(webhook).drain("eu-1", key="k1")
    assert (caught.value.retryable, caught.value.in_doubt) == (retryable, in_doubt)


def test_words_of_every_language_are_signed_as_they_are_sent():
    webhook, table = hook(ok({}))
    WebhookChat(webhook).post("C1", "Zahlung schlägt fehl – 支払い", key="k1")
    assert json.loads(table.asked[0].content)["text"] == "Zahlung schlägt fehl – 支払い"
    assert "支払い".encode() in table.asked[0].content


def test_p2_public_words_travel_as_they_were_approved():
    webhook, table = hook(ok({"id": "9", "state": "downtime", "url": "https://status.example/9"}))
    status: StatusPage = WebhookStatusPage(webhook)
    affected = [Affected("Checkout", Health.DOWNTIME)]
    report = status.open_report(
        "Checkout", "We are looking.", affected=affected, notify=True, published_at=NOON, key="k1"
    )
    assert report == Report("9", "Checkout", NOON, "downtime", "https://status.example/9")
    assert {name: sent(table)[name] for name in ("act", "key", "title", "message", "affected", "notify")} == {
        "act": "status.open_report", "key": "k1", "title": "Checkout", "message": "We are looking.",
        "affected": [{"component": "Checkout", "health": "downtime"}], "notify": True,
    }  # fmt: skip
    status.post_update("9", "Mended.", affected=[], notify=False, published_at=NOON, key="k2")
    assert (sent(table)["act"], sent(table)["report"], sent(table)["notify"]) == ("status.post_update", "9", False)


def test_what_the_public_was_told_is_looked_up():
    at = NOON.isoformat()
    reports = [{"id": "9", "title": "Checkout", "starts_at": at}]
    updates = [{"id": "1", "message": "Mended.", "published_at": at, "notified": True}]
    webhook, _ = hook(ok({"reports": reports, "updates": updates, "components": [{"name": "Checkout"}]}))
    status = WebhookStatusPage(webhook)
    assert [is_report(each, title="Checkout", published_at=NOON) for each in status.reports(since=NOON)] == [True]
    assert [is_update(each, message="Mended.", published_at=NOON) for each in status.updates("9")] == [True]
    assert status.components() == [Component("Checkout", "Checkout", "")]


def test_c1_versions_of_a_secret_are_asked_for_and_no_value():
    versions = [{"number": number, "created_at": NOON.isoformat()} for number in (1, 2)]
    versions[0] |= {"deleted_at": NOON.isoformat()}
    webhook, table = hook(ok({"versions": versions}))
    store: Secrets = WebhookSecrets(webhook)
    secret = store.versions("shop/payment")
    assert (secret.current, [each.exists(NOON) for each in secret.versions]) == (2, [True, False])
    assert (sent(table)["act"], sent(table)["path"]) == ("secret.versions", "shop/payment")


def test_a_person_is_written_to_and_a_message_revised_without_slack():
    webhook, table = hook(ok({}))
    chat: Chat = WebhookChat(webhook)
    assert chat.direct("cto") == "cto"
    buttons = [Button("approve", "Approve", "7"), Button("look", "Look", url="https://console.example/")]
    posted = chat.post("cto", "Approve?", key="k1", buttons=buttons)
    assert sent(table)["links"] == [{"label": "Look", "url": "https://console.example/"}]
    chat.revise(posted, "Approved.")
    assert (sent(table)["act"], sent(table)["id"], sent(table)["key"]) == ("message.revise", "k1", "k1/revised")
