"""Slack as the console's own client sees it. Methods and errors: https://api.slack.com/methods"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox import secrets
from sandbox.slack import SlackPart, direct_id, user_id
from sandbox.testing import Sandbox, running_sandbox

CHANNEL = "C0ENGINC1DT"
pytestmark = pytest.mark.filterwarnings("ignore:The top-level `text`:UserWarning")


def metadata(key: str) -> dict[str, Any]:
    return {"event_type": "rollback_console", "event_payload": {"key": key}}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path, parts=[SlackPart()]) as running:
        yield running


def button(**other: Any) -> dict[str, Any]:
    label = {"type": "plain_text", "text": "Approve"}
    return {"type": "button", "action_id": "approve", "text": label, "value": "7", **other}


def row(*elements: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def client(sandbox: Sandbox, token: str = secrets.SLACK_TOKEN) -> WebClient:
    return WebClient(token, base_url=f"{sandbox.url}/slack/api/", retry_handlers=[], timeout=5)


def refusal(call: Any, **asked: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        call(**asked)
    assert refused.value.response.status_code == 200
    return str(refused.value.response["error"])


def test_a_message_is_found_by_the_key_in_its_metadata(sandbox: Sandbox) -> None:
    posted = client(sandbox).chat_postMessage(channel=CHANNEL, text="Declared.", metadata=metadata("a1"))
    found = client(sandbox).conversations_history(channel=CHANNEL, include_all_metadata=True)["messages"]
    assert [(one["ts"], one["text"], one["metadata"]) for one in found] == [(posted["ts"], "Declared.", metadata("a1"))]


def test_history_is_silent_about_metadata_unless_asked(sandbox: Sandbox) -> None:
    client(sandbox).chat_postMessage(channel=CHANNEL, text="Declared.", metadata=metadata("a1"))
    assert "metadata" not in client(sandbox).conversations_history(channel=CHANNEL)["messages"][0]


def test_the_same_key_twice_is_two_messages_and_the_journal_says_so(sandbox: Sandbox) -> None:
    for _ in range(2):
        client(sandbox).chat_postMessage(channel=CHANNEL, text="Declared.", metadata=metadata("a1"))
    assert len(client(sandbox).conversations_history(channel=CHANNEL)["messages"]) == 2
    assert sandbox.journal.duplicates() == {("message.posted", "a1"): 2}


def test_history_pages_newest_first_and_from_after_oldest(sandbox: Sandbox) -> None:
    slack = client(sandbox)
    moments = [slack.chat_postMessage(channel=CHANNEL, text=str(number))["ts"] for number in range(5)]
    first = slack.conversations_history(channel=CHANNEL, limit=3)
    rest = slack.conversations_history(channel=CHANNEL, cursor=first["response_metadata"]["next_cursor"])
    assert [one["text"] for one in [*first["messages"], *rest["messages"]]] == ["4", "3", "2", "1", "0"]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    after = slack.conversations_history(channel=CHANNEL, oldest=moments[2])["messages"]
    assert [one["text"] for one in after] == ["4", "3"]


def test_an_update_changes_the_message_and_keeps_its_key(sandbox: Sandbox) -> None:
    slack = client(sandbox)
    ts = slack.chat_postMessage(channel=CHANNEL, text="Running.", metadata=metadata("a1"))["ts"]
    slack.chat_update(channel=CHANNEL, ts=ts, text="Done.")
    (found,) = slack.conversations_history(channel=CHANNEL, include_all_metadata=True)["messages"]
    assert (found["text"], found["metadata"], found["ts"]) == ("Done.", metadata("a1"), ts)
    assert len(sandbox.journal.entries(effect="message.updated", key="a1")) == 1


def test_people_are_found_by_their_address(sandbox: Sandbox) -> None:
    found = client(sandbox).users_lookupByEmail(email="oncall@acme.example")["user"]
    assert client(sandbox).users_info(user=found["id"])["user"]["name"] == "oncall"
    assert refusal(client(sandbox).users_lookupByEmail, email="stranger@acme.example") == "users_not_found"


def test_the_token_says_who_speaks(sandbox: Sandbox) -> None:
    assert client(sandbox).auth_test()["user"] == "rollback-console"
    assert refusal(client(sandbox, "xoxb-other").auth_test) == "invalid_auth"


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"channel": "C0NOWHERE00", "text": "x"}, "channel_not_found"),
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": [{"type": "nope"}]}, "invalid_blocks"),
        ({"blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"text": "x", "metadata": {"event_type": "t"}}, "invalid_metadata_format"),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]}, "invalid_blocks"),
        ({"blocks": "nothing"}, "invalid_blocks_format"),
        ({"blocks": ["x"]}, "invalid_blocks"),
        *[
            ({"text": "x", "blocks": [row(*elements)]}, "invalid_blocks")
            for elements in (
                (),
                ({"type": "nope"},),
                ("x",),
                ({"type": "button", "action_id": "a"},),
                (button(text={"type": "mrkdwn", "text": "x"}),),
                (button(text={"type": "plain_text", "text": "x" * 76}),),
                (button(value="x" * 2001),),
                (button(style="loud"),),
                (button(action_id=""),),
                (button(), button()),
            )
        ],
    ],
)
def test_a_message_that_slack_would_refuse_is_refused(sandbox: Sandbox, asked: dict[str, Any], error: str) -> None:
    assert refusal(client(sandbox).chat_postMessage, **{"channel": CHANNEL, **asked}) == error
    assert not sandbox.journal.entries(part="slack")


def test_blocks_alone_are_a_message(sandbox: Sandbox) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "*Declared.*"}}
    assert client(sandbox).chat_postMessage(channel=CHANNEL, blocks=[block])["ok"]


def test_an_unknown_method_is_named(sandbox: Sandbox) -> None:
    assert refusal(client(sandbox).api_call, api_method="chat.shout") == "unknown_method"


def test_a_rate_limit_is_429_with_retry_after(sandbox: Sandbox) -> None:
    sandbox.faults.arm("429", part="slack", seconds=3)
    with pytest.raises(SlackApiError) as refused:
        client(sandbox).chat_postMessage(channel=CHANNEL, text="x")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["retry-after"] == "3"


def test_messages_outlive_a_restart(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, parts=[SlackPart()]) as before:
        client(before).chat_postMessage(channel=CHANNEL, text="Declared.")
    with running_sandbox(tmp_path, parts=[SlackPart()]) as after:
        assert len(client(after).conversations_history(channel=CHANNEL)["messages"]) == 1


def test_a_conversation_with_a_person_is_opened_once_and_is_theirs(sandbox: Sandbox) -> None:
    slack = client(sandbox)
    cto = slack.users_lookupByEmail(email="cto@acme.example")["user"]["id"]
    assert refusal(slack.chat_postMessage, channel=direct_id("cto"), text="x") == "channel_not_found"
    first, again = (slack.conversations_open(users=cto) for _ in range(2))
    assert (first["channel"]["id"], again["channel"]["id"]) == (direct_id("cto"), direct_id("cto"))
    assert (first["already_open"], again["already_open"]) == (False, True)
    slack.chat_postMessage(channel=direct_id("cto"), text="Approve?", metadata=metadata("a1"))
    assert slack.conversations_history(channel=CHANNEL)["messages"] == []
    assert len(slack.conversations_history(channel=direct_id("cto"))["messages"]) == 1


@pytest.mark.parametrize(("users", "error"), [("U0NOBODY", "user_not_found"), ("", "users_list_not_supplied")])
def test_nobody_has_no_conversation(sandbox: Sandbox, users: str, error: str) -> None:
    assert refusal(client(sandbox).conversations_open, users=users) == error


def test_a_conversation_outlives_a_restart(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, parts=[SlackPart()]) as before:
        client(before).conversations_open(users=user_id("cto"))
    with running_sandbox(tmp_path, parts=[SlackPart()]) as after:
        assert client(after).chat_postMessage(channel=direct_id("cto"), text="x")["ok"]


@pytest.mark.parametrize(
    "other", [{"person": "stranger"}, {"action_id": "nope"}, {"ts": "1.0"}, {"channel": "C0GENERAL01"}]
)
def test_only_a_button_that_is_there_can_be_pressed_by_somebody_who_is(sandbox: Sandbox, other: dict[str, str]) -> None:
    posted = client(sandbox).chat_postMessage(channel=CHANNEL, text="x", blocks=[row(button())])
    asked = {"channel": CHANNEL, "ts": posted["ts"], "action_id": "approve", "person": "cto", **other}
    assert sandbox.client.post("/control/slack/press", json=asked).status_code == 422
    assert sandbox.journal.entries(effect="button.pressed") == []


def test_a_messages_address_leads_to_where_it_is_shown(sandbox: Sandbox) -> None:
    answer = sandbox.client.get(f"/slack/archives/{CHANNEL}/p1790000000000100")
    assert (answer.status_code, answer.headers["location"]) == (307, "/#chat-title")
