"""Follow-ups as issues of the code host: opened once, closed here and there, followed (T2)."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from incidents.effects import wiring
from incidents.effects.following import follow_issue, follow_issues
from incidents.effects.reading import read
from incidents.models import FollowUp, LedgerEntry
from incidents.services.clock import database_now
from incidents.services.intake import store_delivery
from incidents.services.learning import add_follow_up, settle_follow_up
from incidents.services.retrospectives import open_retrospective
from sandbox.codehost.accounts import person_token
from tests.effects.conftest import Drill

REPOSITORY = "acme/shop"


@pytest.fixture
def asked(drill: Drill) -> FollowUp:
    """A follow-up that wants an issue."""
    incident, now = drill.declare(drill.break_shop()), database_now()
    with transaction.atomic():
        open_retrospective(incident, now)
    return add_follow_up(
        incident_id=incident.pk, kind=FollowUp.Kind.TEST_GAP, words="Test the checkout with points.",
        actor=drill.oncall, now=now, owner_id=User.objects.get(username="engineer").pk, as_issue=True,
    )  # fmt: skip


@pytest.fixture
def opened(drill: Drill, asked: FollowUp) -> FollowUp:
    drill.work_until(drill.reaches("open_issue", "done"), "the issue is open")
    asked.refresh_from_db()
    return asked


def close_outside(drill: Drill, number: int, reason: str) -> None:
    """Somebody closes the issue on the code host's own page."""
    drill.sandbox.client.patch(
        f"/github/api/repos/{REPOSITORY}/issues/{number}", json={"state": "closed", "state_reason": reason},
        headers={"Authorization": f"Bearer {person_token('engineer')}"},
    ).raise_for_status()  # fmt: skip


def test_t2_a_follow_up_becomes_one_issue(drill: Drill, opened: FollowUp) -> None:
    (made,) = drill.effects("issue.opened")
    assert made.detail["title"] == "Test the checkout with points."
    assert opened.outside_url.endswith(f"/issues/{opened.issue_number}")


def test_t2_an_issue_that_is_there_is_found_and_not_opened_again(drill: Drill, asked: FollowUp) -> None:
    step, host = drill.step("open_issue"), wiring.world().code_host
    there = host.open_issue(REPOSITORY, title="Found", body=str(step.parameters["body"]))
    drill.work_until(drill.reaches("open_issue", "done"), "the issue is found")
    assert drill.step("open_issue").evidence["number"] == there.number
    assert len(drill.effects("issue.opened")) == 1


def test_t2_what_is_done_here_is_closed_there(drill: Drill, opened: FollowUp) -> None:
    settle_follow_up(follow_up_id=opened.pk, actor=drill.oncall, now=database_now())
    drill.work_until(drill.reaches("close_issue", "done"), "the issue is closed")
    found = wiring.world().code_host.issue(REPOSITORY, opened.issue_number or 0)
    assert (found.closed, found.completed) == (True, True)


@pytest.mark.parametrize(("reason", "kind"), [("completed", "done_at"), ("not_planned", "cancelled_at")])
def test_t2_what_is_closed_there_is_settled_here_by_looking(
    drill: Drill, opened: FollowUp, reason: str, kind: str
) -> None:
    close_outside(drill, opened.issue_number or 0, reason)
    follow_issues(wiring.world())
    opened.refresh_from_db()
    assert getattr(opened, kind) is None  # its turn comes later
    FollowUp.objects.update(looked_at=database_now() - timedelta(minutes=6))
    follow_issues(wiring.world())
    opened.refresh_from_db()
    assert getattr(opened, kind) is not None
    assert LedgerEntry.objects.filter(kind__startswith="follow_up.", actor=None).count() == 1


def test_t2_a_webhook_is_a_hint_and_the_code_host_decides(drill: Drill, opened: FollowUp) -> None:
    news = {"action": "closed", "issue": {"number": opened.issue_number}, "repository": {"full_name": REPOSITORY}}
    tell(news)
    opened.refresh_from_db()
    assert opened.done_at is None
    close_outside(drill, opened.issue_number or 0, "completed")
    tell({**news, "again": True})
    opened.refresh_from_db()
    assert opened.done_at is not None


def tell(news: dict[str, object]) -> None:
    body = json.dumps(news).encode()
    kept = store_delivery(source="github", key="", event="issues", body=body, now=database_now())
    assert kept is not None
    read(kept.pk)


def test_an_issue_that_cannot_be_read_is_looked_at_later(drill: Drill, opened: FollowUp) -> None:
    FollowUp.objects.update(issue_number=999, looked_at=None)
    follow_issue(REPOSITORY, 999, wiring.world())
    opened.refresh_from_db()
    assert (opened.done_at, opened.looked_at is not None) == (None, True)
