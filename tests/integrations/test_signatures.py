"""Whether a delivery comes from its sender."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.integrations.signatures import bearer_holds, github_signature_holds, slack_signature_holds

# The example of docs.github.com, "Validating webhook deliveries": secret, payload and signature.
SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_githubs_own_example_holds():
    assert github_signature_holds(SECRET, BODY, SIGNATURE)


@pytest.mark.parametrize(
    ("secret", "body", "header"),
    [
        ("another", BODY, SIGNATURE),
        (SECRET, b"Hello, World", SIGNATURE),
        (SECRET, BODY, SIGNATURE.removeprefix("sha256=")),
        (SECRET, BODY, SIGNATURE.replace("sha256", "sha1")),
        (SECRET, BODY, SIGNATURE[:-1]),
        (SECRET, BODY, ""),
        (SECRET, BODY, None),
        (SECRET, BODY, "sha256=ü\udcff"),
        ("", BODY, SIGNATURE),
    ],
)
def test_any_other_signature_does_not(secret, body, header):
    assert not github_signature_holds(secret, body, header)


@pytest.mark.parametrize("header", ["Bearer hooktok", "bearer hooktok", "Bearer  hooktok "])
def test_the_right_bearer_holds(header):
    assert bearer_holds("hooktok", header)


@pytest.mark.parametrize(
    "header", [None, "", "hooktok", "Basic hooktok", "Bearer", "Bearer hooktok2", "Bearer ü\udcff"]
)
def test_any_other_bearer_does_not(header):
    assert not bearer_holds("hooktok", header)


def test_without_a_token_nothing_holds():
    assert not bearer_holds("", "Bearer ")


# The example of docs.slack.dev, "Verifying requests from Slack".
SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SLACK_SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
SLACK_TIME = "1531420618"
THEN = datetime.fromtimestamp(1531420618, UTC)


def slack_holds(**other: object) -> bool:
    told = {"secret": SLACK_SECRET, "body": SLACK_BODY, "signature": SLACK_SIGNATURE, "timestamp": SLACK_TIME}
    return slack_signature_holds(**{**told, "now": THEN, **other})


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_slacks_own_example_holds_for_five_minutes(seconds):
    assert slack_holds(now=THEN + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "other",
    [
        {"now": THEN + timedelta(seconds=301)},
        {"now": THEN - timedelta(seconds=301)},
        {"secret": "another"},
        {"secret": ""},
        {"secret": " "},
        {"body": SLACK_BODY + b" "},
        {"body": b"\xff"},
        {"signature": SLACK_SIGNATURE.removeprefix("v0=")},
        {"signature": SLACK_SIGNATURE[:-1]},
        {"signature": "v0=\u00fc\udcff"},
        {"signature": None},
        {"timestamp": "1531420619"},
        {"timestamp": "soon"},
        {"timestamp": "-1531420618"},
        {"timestamp": "\u00b2"},
        {"timestamp": "1" * 400},
        {"timestamp": ""},
        {"timestamp": None},
    ],
)
def test_a_press_by_anybody_else_or_at_another_time_does_not_hold(other):
    assert not slack_holds(**other)
