"""A press of a button, as Slack tells it: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""

import json
from contextlib import suppress
from dataclasses import astuple
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.integrations.errors import UnreadableDelivery
from incidents.integrations.slack_actions import ButtonPressed, parse

HOOKS = "https://hooks.slack.com"
KEYED = {"event_type": "rollback_console", "event_payload": {"key": "k1"}}
TOLD = {
    "type": "block_actions",
    "team": {"id": "T9TK3CUKW", "domain": "example"},
    "user": {"id": "UA8RXUSPL", "username": "cto", "team_id": "T9TK3CUKW"},
    "api_app_id": "AABA1ABCD",
    "token": "9s8d9as89d8as9d8as989",
    "container": {"type": "message", "message_ts": "1548261231.000200", "channel_id": "CBR2V3XEX"},
    "trigger_id": "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
    "channel": {"id": "CBR2V3XEX", "name": "review-updates"},
    "message": {"type": "message", "text": "Approve?", "ts": "1548261231.000200", "metadata": KEYED},
    "response_url": f"{HOOKS}/actions/AABA1ABCD/1232321423432/D09sSasdasdAS9091209",
    "actions": [
        {
            "action_id": "approve",
            "block_id": "=qXel",
            "value": "request-7",
            "type": "button",
            "action_ts": "1548426417.840180",
        }
    ],
}
PRESSED = ButtonPressed(
    id="UA8RXUSPL/approve/1548426417.840180",
    person="UA8RXUSPL",
    action="approve",
    value="request-7",
    channel="CBR2V3XEX",
    ts="1548261231.000200",
    key="k1",
)


def form(payload: object) -> bytes:
    return urlencode({"payload": payload if isinstance(payload, str) else json.dumps(payload)}).encode()


def pressed(**other: object) -> ButtonPressed | None:
    return parse(form(TOLD | other))


def test_a_press_is_read():
    assert pressed() == PRESSED


@pytest.mark.parametrize("kind", ["view_submission", "shortcut", ""])
def test_other_interactions_are_none_of_ours(kind):
    assert pressed(type=kind) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/actions/1",
        "http://hooks.slack.com/actions/1",
        "https://hooks.slack.com:8443/actions/1",
        "https://hooks.slack.com.evil.example/1",
        "https://hooks.slack.com@evil.example/1",
        "//hooks.slack.com/1",
        "",
        None,
        "https://[",
    ],
)
def test_a_delivery_does_not_choose_where_we_call(address):
    found = pressed(response_url=address)
    assert found is not None
    assert not address or address not in astuple(found)


@pytest.mark.parametrize("metadata", [None, {}, {"event_type": "theirs", "event_payload": {"key": "k1"}}])
def test_a_message_that_is_not_ours_has_no_key(metadata):
    found = pressed(message={"ts": "1", "metadata": metadata})
    assert found is not None
    assert found.key == ""


def test_a_button_without_a_value_has_an_empty_one():
    found = pressed(actions=[{"action_id": "open", "action_ts": "1.0"}])
    assert found is not None
    assert found.value == ""


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"user": {}}, "user.id"),
        ({"actions": []}, "one action"),
        ({"actions": [{}, {}]}, "one action"),
        ({"actions": [{"action_id": "a"}]}, "action_ts"),
        ({"actions": [{"action_ts": "1"}]}, "action_id"),
    ],
)
def test_what_is_missing_is_named(other, words):
    with pytest.raises(UnreadableDelivery, match=words):
        pressed(**other)


@pytest.mark.parametrize(
    "body", [b"", b"payload=", b"payload=[]", b"{}", b"\xff", b"a=1&" * 50, b"payload=" + b"[" * 100_000]
)
def test_nonsense_is_refused(body):
    with pytest.raises(UnreadableDelivery, match="Slack"):
        parse(body)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from([*TOLD, "id", "action_id"]), inner),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(TOLD)), ANYTHING)
def test_whatever_comes_is_read_or_refused(field, value):
    with suppress(UnreadableDelivery):
        found = parse(form(TOLD | {field: value}))
        assert found is None or isinstance(found, ButtonPressed)
