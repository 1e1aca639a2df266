"""GitHub's webhooks: hints, read tolerantly, refused with words."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.integrations import github_events
from incidents.integrations.errors import UnreadableDelivery
from incidents.integrations.github_events import (
    DeploymentSeen,
    PullRequestSeen,
    PushSeen,
    ReviewSeen,
    RunSeen,
)
from tests.integrations.deliveries import GITHUB, SHA, ZERO, anything, spoiled

RUN_URL = "https://github.example/acme/shop/actions/runs/30433642"
FILE = ".github/workflows/deploy.yml"
READ = {
    "push": PushSeen("acme/shop", "master", ZERO, SHA, forced=False),
    "workflow_run": RunSeen("acme/shop", 30433642, 1, "completed", "failure", SHA, "master", FILE, RUN_URL),
    "deployment_status": DeploymentSeen(
        "acme/shop", SHA, "production", "failure", "https://run", datetime(2026, 11, 23, 12, tzinfo=UTC)
    ),
    "pull_request": PullRequestSeen("acme/shop", 7),
    "pull_request_review": ReviewSeen("acme/shop", 7),
}


def parse(event: str, delivery: object) -> github_events.Event | None:
    return github_events.parse(event, json.dumps(delivery).encode())


@pytest.mark.parametrize("event", READ)
def test_each_event_that_we_follow_is_read(event):
    assert parse(event, GITHUB[event]) == READ[event]


@pytest.mark.parametrize("event", ["ping", "star", "", "deployment_review"])
def test_an_event_that_we_do_not_follow_is_passed_over_unread(event):
    assert github_events.parse(event, b"not even json") is None


def test_a_pushed_tag_is_passed_over():
    assert parse("push", GITHUB["push"] | {"ref": "refs/tags/v1"}) is None


def test_a_forced_push_to_a_branch_with_slashes_is_told():
    seen = parse("push", GITHUB["push"] | {"ref": "refs/heads/revert/INC-1", "forced": True})
    assert isinstance(seen, PushSeen)
    assert (seen.branch, seen.forced) == ("revert/INC-1", True)


@pytest.mark.parametrize("event", READ)
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"ref": 7}'])
def test_nonsense_is_refused_naming_the_event(event, body):
    with pytest.raises(UnreadableDelivery, match=event):
        github_events.parse(event, body)


def test_a_number_that_no_database_holds_is_refused():
    with pytest.raises(UnreadableDelivery, match="number"):
        parse("pull_request", GITHUB["pull_request"] | {"pull_request": {"number": 2**63}})


def test_a_delivery_larger_than_githubs_own_cap_is_refused(monkeypatch):
    monkeypatch.setattr(github_events, "LARGEST_DELIVERY", 10)
    with pytest.raises(UnreadableDelivery, match="larger"):
        parse("push", GITHUB["push"])


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(READ)).flatmap(lambda event: st.tuples(st.just(event), spoiled(GITHUB[event]) | anything))
)
def test_whatever_comes_is_read_or_refused(delivery):
    event, body = delivery
    with suppress(UnreadableDelivery):
        seen = parse(event, body)
        assert seen is None or isinstance(seen, type(READ[event]))
