"""Webhooks: signed, told once, and disturbed on request."""

import hashlib
import hmac
from typing import Any

import pytest
from githubkit_schemas.v2026_03_10 import models

from sandbox import secrets
from sandbox.testing import await_true

MODELS = {
    "push": models.WebhookPush,
    "pull_request opened": models.WebhookPullRequestOpened,
    "pull_request synchronize": models.WebhookPullRequestSynchronize,
    "pull_request closed": models.WebhookPullRequestClosed,
    "pull_request_review submitted": models.WebhookPullRequestReviewSubmitted,
    "workflow_run requested": models.WebhookWorkflowRunRequested,
    "workflow_run in_progress": models.WebhookWorkflowRunInProgress,
    "workflow_run completed": models.WebhookWorkflowRunCompleted,
    "deployment_status created": models.WebhookDeploymentStatusCreated,
}


@pytest.fixture
def heard(console, heard_sandbox) -> list[Any]:
    return console[1]


def named(delivery):
    return f"{delivery.event} {delivery.json().get('action', '')}".strip()


def test_a_whole_change_is_told_in_githubs_own_shapes(heard_sandbox, heard):
    heard_sandbox.control("push", branch="mend", title="Mend", files={"a": "1"})
    heard_sandbox.control("revert", sha="master", branch="back", author="oncall", open_pull_request=True)
    heard_sandbox.control("push", branch="back", title="More", files={"b": "1"})
    merged = heard_sandbox.control("merge", title="Break it", author="engineer", files={"c": "1"}).json()
    heard_sandbox.await_entry("deployment.succeeded", key=merged["sha"])
    await_true(lambda: set(MODELS) <= {named(one) for one in heard}, "every event is heard")
    for delivery in heard:
        MODELS[named(delivery)].model_validate(delivery.json())


def test_every_delivery_is_signed_and_has_an_id_of_its_own(heard_sandbox, heard):
    heard_sandbox.control("push", branch="mend", title="Mend", files={"a": "1"})
    await_true(lambda: any(one.event == "push" for one in heard), "the push is heard")
    for one in heard:
        digest = hmac.new(secrets.GITHUB_WEBHOOK_SECRET.encode(), one.body, hashlib.sha256).hexdigest()
        assert one.path == "/hooks/github"
        assert one.headers["x-hub-signature-256"] == f"sha256={digest}"
    ids = [one.headers["x-github-delivery"] for one in heard]
    assert len(ids) == len(set(ids))


def test_a_push_says_what_moved(heard_sandbox, heard):
    sha = heard_sandbox.control("push", branch="mend", title="Mend", files={"a": "1"}).json()["sha"]
    await_true(lambda: any(one.event == "push" for one in heard), "the push is heard")
    body = next(one.json() for one in heard if one.event == "push")
    assert (body["ref"], body["after"], body["created"], body["forced"]) == ("refs/heads/mend", sha, True, False)


def test_a_lost_webhook_is_not_sent_again(heard_sandbox, heard):
    heard_sandbox.faults.arm("missing_webhook", part="github", path="push")
    heard_sandbox.control("push", branch="mend", title="Mend", files={"a": "1"})
    heard_sandbox.await_entry("webhook.lost")
    heard_sandbox.control("push", branch="mend", title="More", files={"b": "1"})
    await_true(lambda: any(one.event == "push" for one in heard), "the second push is heard")
    assert [one.json()["created"] for one in heard if one.event == "push"] == [False]


def test_a_doubled_webhook_has_one_id(heard_sandbox, heard):
    heard_sandbox.faults.arm("double_webhook", part="github", path="push")
    heard_sandbox.control("push", branch="mend", title="Mend", files={"a": "1"})
    await_true(lambda: sum(one.event == "push" for one in heard) == 2, "the push is heard twice")
    assert len({one.headers["x-github-delivery"] for one in heard if one.event == "push"}) == 1
    await_true(lambda: "webhook.sent" in {effect for effect, _ in heard_sandbox.journal.duplicates()}, "both are noted")


def test_a_held_back_webhook_comes_after_the_next(heard_sandbox, heard):
    heard_sandbox.faults.arm("reordered_webhook", part="github", path="push")
    for title in ("First", "Second"):
        heard_sandbox.control("push", branch="mend", title=title, files={title: "1"})
    await_true(lambda: sum(one.event == "push" for one in heard) == 2, "both pushes are heard")
    pushes = [one.json()["head_commit"]["message"] for one in heard if one.event == "push"]
    assert pushes == ["Second", "First"]
