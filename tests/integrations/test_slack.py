"""Slack through its client: what is posted, found again, and refused."""

import json
import logging
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from incidents.integrations import outbound
from incidents.integrations.chat import Button, Chat, Emphasis, Message
from incidents.integrations.errors import IntegrationError
from incidents.integrations.slack import Slack
from tests.integrations import worlds
from tests.integrations.worlds import Answer, Table, ok

TOKEN = "xoxb-secret-secret"
SINCE = datetime(2026, 11, 23, 12, tzinfo=UTC)
POST = "POST /api/chat.postMessage"
HISTORY = "POST /api/conversations.history"
POSTED = {"ok": True, "channel": "C1", "ts": "1790000000.000100", "message": {"text": "x"}}
HOME = {"ok": True, "url": "https://acme.slack.example/"}


def slack(answers: dict[str, Answer | list[Answer]]) -> tuple[Chat, Table]:
    table = Table({"POST /api/auth.test": ok(HOME)} | answers)
    return Slack(TOKEN, base_url="https://slack.example/api", transport=table.transport), table


def sent(request: httpx.Request) -> dict[str, object]:
    if request.headers["content-type"].startswith("application/json"):
        return json.loads(request.content)
    return {name: values[0] for name, values in parse_qs(request.content.decode()).items()}


def message(ts: str, key: str | None, text: str = "x") -> dict[str, object]:
    ours = {"metadata": {"event_type": "rollback_console", "event_payload": {"key": key}}} if key else {}
    return {"type": "message", "ts": ts, "text": text, **ours}


def test_a_message_carries_its_key_and_comes_back_with_its_address():
    chat, table = slack({POST: ok(POSTED)})
    posted = chat.post("C1", "Rolling back.", key="k-1")
    asked = sent(table.asked[0])
    metadata = asked["metadata"] if isinstance(asked["metadata"], dict) else json.loads(str(asked["metadata"]))
    assert metadata == {"event_type": "rollback_console", "event_payload": {"key": "k-1"}}
    assert table.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert (posted.channel, posted.ts, posted.key) == ("C1", "1790000000.000100", "k-1")
    assert posted.url == "https://acme.slack.example/archives/C1/p1790000000000100"


def test_a_text_from_outside_wakes_nobody_but_a_mentioned_person():
    chat, table = slack({POST: ok(POSTED)})
    chat.post("C1", "<@U0AB> <!channel> <https://evil.example|here> a & b", key="k")
    assert sent(table.asked[0])["text"] == "<@U0AB> &lt;!channel&gt; &lt;https://evil.example|here&gt; a &amp; b"


def test_a_missing_link_is_no_failure():
    chat, _ = slack({POST: ok(POSTED), "POST /api/auth.test": ok({"ok": False, "error": "fatal_error"})})
    assert chat.post("C1", "x", key="k").url is None


def test_the_workspace_is_asked_for_once():
    chat, table = slack({POST: ok(POSTED)})
    for _ in range(3):
        chat.post("C1", "x", key="k")
    assert [request.url.path for request in table.asked].count("/api/auth.test") == 1


def test_a_message_is_found_by_its_key_through_all_pages_oldest_first():
    first = {"ok": True, "messages": [message("4.0", "k"), message("3.0", "other")]}
    first |= {"has_more": True, "response_metadata": {"next_cursor": "more"}}
    second = {"ok": True, "messages": [message("2.0", None), message("1.0", "k", "a &amp; b")]}
    chat, table = slack({HISTORY: [ok(first), ok(second)]})
    assert [(each.ts, each.text) for each in chat.find("C1", key="k", since=SINCE)] == [("1.0", "a & b"), ("4.0", "x")]
    asked = [sent(request) for request in table.asked if request.url.path.endswith("history")]
    assert [each.get("cursor") for each in asked] == [None, "more"]
    assert float(str(asked[0]["oldest"])) == SINCE.timestamp() - 60
    assert str(asked[0]["include_all_metadata"]) in {"1", "True"}


def test_somebody_elses_metadata_is_not_ours():
    stranger = {"ts": "1.0", "text": "", "metadata": {"event_type": "theirs", "event_payload": {"key": "k"}}}
    chat, _ = slack({HISTORY: ok({"ok": True, "messages": [stranger]})})
    assert chat.find("C1", key="k", since=SINCE) == []


def test_a_channel_too_busy_to_look_through_is_an_error_not_an_absence():
    page = {"ok": True, "messages": [message("1.0", None)], "response_metadata": {"next_cursor": "on"}}
    chat, _ = slack({HISTORY: ok(page)})
    with pytest.raises(IntegrationError, match="by hand"):
        chat.find("C1", key="k", since=SINCE)


@pytest.mark.parametrize(
    ("answer", "person"),
    [({"ok": True, "user": {"id": "U7"}}, "U7"), ({"ok": False, "error": "users_not_found"}, None)],
)
def test_a_person_is_looked_up_by_address(answer, person):
    chat, _ = slack({"POST /api/users.lookupByEmail": ok(answer)})
    assert chat.person_by_email("cto@acme.example") == person


@pytest.mark.parametrize(
    ("code", "retryable", "in_doubt", "words"),
    [
        ("channel_not_found", False, False, "catalogue"),
        ("not_in_channel", False, False, "Invite"),
        ("invalid_auth", False, False, "administrator"),
        ("some_new_code", False, False, "some_new_code"),
        ("internal_error", True, True, "may have taken place"),
        ("fatal_error", True, True, "may have taken place"),
        ("ratelimited", True, False, "again in 60 s"),
    ],
)
def test_a_refusal_comes_with_200_and_tells_what_to_do(code, retryable, in_doubt, words):
    chat, _ = slack({POST: ok({"ok": False, "error": code})})
    with pytest.raises(IntegrationError, match=words) as caught:
        chat.post("C1", "x", key="k")
    assert (caught.value.retryable, caught.value.in_doubt) == (retryable, in_doubt)


def test_a_limit_tells_when_to_come_back():
    chat, table = slack({POST: ok({"ok": False, "error": "ratelimited"}, 429, Retry_After="17")})
    with pytest.raises(IntegrationError) as caught:
        chat.post("C1", "x", key="k")
    assert (caught.value.retry_after, caught.value.in_doubt, len(table.asked)) == (17, False, 1)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, content=b"<html>oops"),
        httpx.Response(503, json={"ok": False, "error": "service_unavailable"}),
        httpx.Response(200, content=b"<html>welcome"),
        httpx.Response(200, json=["ok"]),
        httpx.Response(200, json={"ok": True}),
        httpx.ReadTimeout("slow"),
    ],
)
def test_a_post_without_a_readable_answer_is_in_doubt_and_sent_once(answer):
    chat, table = slack({POST: answer, "POST /api/auth.test": ok(HOME)})
    with pytest.raises(IntegrationError) as caught:
        chat.post("C1", "x", key="k")
    assert (caught.value.in_doubt, len(table.asked)) == (True, 1)


def test_a_dropped_connection_is_not_tried_again_behind_our_back(monkeypatch):
    monkeypatch.setattr(outbound, "READ_SECONDS", 0.2)
    with worlds.breaking_server(worlds.drop) as server:
        with pytest.raises(IntegrationError) as caught:
            Slack(TOKEN, base_url=server.url).post("C1", "x", key="k")
        assert (caught.value.in_doubt, len(server.received)) == (True, 1)


def test_a_redirect_does_not_carry_the_token_away():
    with worlds.breaking_server(worlds.drop) as elsewhere:
        with worlds.breaking_server(worlds.redirect_to(elsewhere.url)) as server, pytest.raises(IntegrationError):
            Slack(TOKEN, base_url=server.url).post("C1", "x", key="k")
        assert elsewhere.received == []


@pytest.mark.parametrize("answer", [ok({"ok": False, "error": "invalid_auth"}), httpx.ReadError("broke")])
def test_the_token_is_in_no_words_and_no_log(answer, caplog):
    caplog.set_level(logging.DEBUG)
    chat, _ = slack({POST: answer})
    with pytest.raises(IntegrationError) as caught:
        chat.post("C1", "x", key="k")
    assert TOKEN not in f"{caught.value!r} {caught.value.__cause__!r} {chat!r} {caplog.text}"


def test_a_token_that_no_request_can_carry_is_refused_unquoted():
    table = Table()
    with pytest.raises(IntegrationError, match="cannot be sent") as caught:
        Slack("xöxb-secret", base_url="https://slack.example", transport=table.transport).post("C1", "x", key="k")
    assert (table.asked, "xöxb" in str(caught.value)) == ([], False)


APPROVE = Button("approve", "Approve", "request-7", Emphasis.PRIMARY)
REFUSE = Button("refuse", "Refuse", "request-7", Emphasis.DANGER)
LOOK = Button("look", "Open it in the console", url="https://console.example/approvals/7/")


def blocks_of(request: httpx.Request) -> list[dict[str, Any]]:
    blocks = sent(request)["blocks"]
    return blocks if isinstance(blocks, list) else json.loads(str(blocks))


def test_p2_buttons_stand_under_the_words_and_carry_what_they_mean():
    chat, table = slack({POST: ok(POSTED)})
    chat.post("C1", "Approve <this>?", key="k", buttons=[APPROVE, REFUSE, LOOK])
    section, actions = blocks_of(table.asked[0])
    assert section["text"] == {"type": "mrkdwn", "text": "Approve &lt;this&gt;?", "verbatim": True}
    assert sent(table.asked[0])["text"] == "Approve &lt;this&gt;?"
    approve, refuse, look = actions["elements"]
    assert (approve["action_id"], approve["value"], approve["style"]) == ("approve", "request-7", "primary")
    assert approve["text"]["type"] == "plain_text"
    assert (refuse["style"], look["url"], "style" in look) == ("danger", LOOK.url, False)


def test_a_message_without_buttons_has_no_blocks():
    chat, table = slack({POST: ok(POSTED)})
    chat.post("C1", "x", key="k")
    assert "blocks" not in sent(table.asked[0])


@pytest.mark.parametrize("text", ["word " * 2000, "x" * 7000, "a line\n" * 1000])
def test_long_words_are_split_into_sections_and_none_is_lost(text):
    chat, table = slack({POST: ok(POSTED)})
    chat.post("C1", text, key="k", buttons=[APPROVE])
    *sections, _ = blocks_of(table.asked[0])
    assert max(len(section["text"]["text"]) for section in sections) <= 3000
    assert "".join(section["text"]["text"] for section in sections) == text


def test_a_button_that_slack_would_not_take_is_refused_before_anything_is_sent():
    chat, table = slack({POST: ok(POSTED)})
    with pytest.raises(IntegrationError, match="more than Slack takes"):
        chat.post("C1", "x", key="k", buttons=[Button("a", "b", "x" * 2001)])
    assert table.asked == []


def test_a_revised_message_keeps_its_key_and_loses_its_buttons():
    chat, table = slack({"POST /api/chat.update": ok({"ok": True, "ts": "1.0", "channel": "C1"})})
    chat.revise(Message("C1", "1.0", "x", "k", None), "Approved <by> the CTO.")
    asked = sent(table.asked[0])
    assert (asked["ts"], asked["text"], "metadata" in asked) == ("1.0", "Approved &lt;by&gt; the CTO.", False)
    assert blocks_of(table.asked[0]) == []


def test_a_revision_whose_answer_is_lost_is_in_doubt():
    chat, _ = slack({"POST /api/chat.update": httpx.ReadTimeout("late")})
    with pytest.raises(IntegrationError) as caught:
        chat.revise(Message("C1", "1.0", "x", "k", None), "y")
    assert (caught.value.in_doubt, caught.value.retryable) == (True, True)


def test_a_person_is_spoken_to_alone():
    chat, table = slack({"POST /api/conversations.open": ok({"ok": True, "channel": {"id": "D7"}})})
    assert chat.direct("U7") == "D7"
    assert sent(table.asked[0])["users"] == "U7"


@pytest.mark.parametrize(
    ("answer", "retryable", "words"),
    [
        (ok({"ok": False, "error": "user_not_found"}), False, "link their Slack identity"),
        (ok({"ok": False, "error": "missing_scope"}), False, "scope"),
        (ok({"ok": False, "error": "fatal_error"}), True, "on its side"),
        (httpx.ReadTimeout("late"), True, "did not answer"),
    ],
)
def test_opening_a_conversation_is_never_in_doubt(answer, retryable, words):
    chat, _ = slack({"POST /api/conversations.open": answer})
    with pytest.raises(IntegrationError, match=words) as caught:
        chat.direct("U7")
    assert (caught.value.retryable, caught.value.in_doubt) == (retryable, False)
