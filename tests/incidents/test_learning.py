"""What is learnt is followed up by engineers of the service (T2)."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from incidents.models import FollowUp, Incident, LedgerEntry, Retrospective, Step
from incidents.queries.duty import NotPermitted
from incidents.services.issues import IssueAsked, issues_to_look_at, note_issue, note_state
from incidents.services.learning import (
    AlreadyDone,
    Mending,
    NotAnOwner,
    NothingToFollowUp,
    ReasonMissing,
    add_follow_up,
    change_follow_up,
    give_up_follow_up,
    push_follow_up,
    settle_follow_up,
)
from incidents.services.locking import StaleView


@pytest.fixture
def retrospective(incident: Incident, now: datetime) -> Retrospective:
    return Retrospective.objects.create(incident=incident, opened_at=now, due_at=now)


def follow_up(incident: Incident, actor: User, now: datetime, **given: object) -> FollowUp:
    told = {"kind": FollowUp.Kind.TEST_GAP, "words": "Test the checkout with points."} | given
    return add_follow_up(incident_id=incident.pk, actor=actor, now=now, **told)


def test_t2_an_engineer_adds_a_follow_up_with_owner_and_day(
    incident: Incident, engineer: User, retrospective: Retrospective, now: datetime
) -> None:
    added = follow_up(incident, engineer, now, owner_id=engineer.pk, due_on=date(2026, 5, 20))
    assert added.retrospective == retrospective
    assert LedgerEntry.objects.get(kind="follow_up.added").data["due_on"] == "2026-05-20"


def test_t2_a_follow_up_says_what_is_to_be_mended(
    incident: Incident, engineer: User, retrospective: Retrospective, now: datetime
) -> None:
    with pytest.raises(NothingToFollowUp):
        follow_up(incident, engineer, now, words=" ")


def test_t2_a_stranger_owns_no_follow_up(
    incident: Incident, engineer: User, stranger: User, retrospective: Retrospective, now: datetime
) -> None:
    with pytest.raises(NotAnOwner):
        follow_up(incident, engineer, now, owner_id=stranger.pk)


def test_a_follow_up_is_done_once(
    incident: Incident, engineer: User, retrospective: Retrospective, now: datetime
) -> None:
    added = follow_up(incident, engineer, now)
    assert settle_follow_up(follow_up_id=added.pk, actor=engineer, now=now).done_at == now
    with pytest.raises(AlreadyDone):
        settle_follow_up(follow_up_id=added.pk, actor=engineer, now=now)


def test_those_who_only_read_add_nothing(
    incident: Incident, auditor: User, retrospective: Retrospective, now: datetime
) -> None:
    with pytest.raises(NotPermitted):
        follow_up(incident, auditor, now)


def test_t2_a_follow_up_is_changed_and_the_record_keeps_both(
    incident: Incident, engineer: User, retrospective: Retrospective, now: datetime
) -> None:
    added = follow_up(incident, engineer, now)
    mending = Mending(kind=FollowUp.Kind.RUNBOOK, words="Name the switch.", owner_id=engineer.pk)
    change_follow_up(follow_up_id=added.pk, mending=mending, actor=engineer, now=now, version=1)
    told = LedgerEntry.objects.get(kind="follow_up.changed").data
    assert (told["before"]["words"], told["words"]) == ("Test the checkout with points.", "Name the switch.")
    with pytest.raises(StaleView):
        change_follow_up(follow_up_id=added.pk, mending=mending, actor=engineer, now=now, version=1)


def test_t2_a_follow_up_is_given_up_only_with_a_reason(
    incident: Incident, engineer: User, retrospective: Retrospective, now: datetime
) -> None:
    added = follow_up(incident, engineer, now)
    with pytest.raises(ReasonMissing):
        give_up_follow_up(follow_up_id=added.pk, actor=engineer, now=now, reason=" ")
    give_up_follow_up(follow_up_id=added.pk, actor=engineer, now=now, reason="The shop is retired.")
    with pytest.raises(AlreadyDone, match="given up"):
        settle_follow_up(follow_up_id=added.pk, actor=engineer, now=now)


@pytest.fixture
def with_issue(incident: Incident, engineer: User, retrospective: Retrospective, now: datetime) -> FollowUp:
    """A follow-up whose issue has been opened."""
    added = follow_up(incident, engineer, now, as_issue=True)
    step = Step.objects.get(kind="open_issue")
    step.evidence, step.url = {"number": 12}, "http://code.example/issues/12"
    step.save()
    note_issue(step, now)
    added.refresh_from_db()
    return added


def test_t2_a_follow_up_has_one_issue(with_issue: FollowUp, engineer: User, now: datetime) -> None:
    assert (with_issue.issue_number, with_issue.outside_url) == (12, "http://code.example/issues/12")
    with pytest.raises(IssueAsked, match="#12"):
        push_follow_up(follow_up_id=with_issue.pk, actor=engineer, now=now)


def test_t2_an_issue_that_failed_makes_room_for_another_try(
    incident: Incident, engineer: User, retrospective: Retrospective, now: datetime
) -> None:
    added = follow_up(incident, engineer, now, as_issue=True)
    with pytest.raises(IssueAsked):
        push_follow_up(follow_up_id=added.pk, actor=engineer, now=now)
    Step.objects.update(state="failed", due_at=None)
    push_follow_up(follow_up_id=added.pk, actor=engineer, now=now)
    states = Step.objects.filter(kind="open_issue").values_list("state", flat=True)
    assert sorted(states) == ["cancelled", "ready"]


@pytest.mark.parametrize(("done", "settle"), [(True, settle_follow_up), (False, give_up_follow_up)])
def test_t2_what_is_settled_here_has_its_issue_closed(
    with_issue: FollowUp, engineer: User, now: datetime, done: bool, settle: Callable[..., FollowUp]
) -> None:
    reason = {} if done else {"reason": "The shop is retired."}
    settle(follow_up_id=with_issue.pk, actor=engineer, now=now, **reason)
    asked = Step.objects.get(kind="close_issue").parameters
    assert (asked["number"], asked["done"]) == (12, done)


@pytest.mark.parametrize(("completed", "kind"), [(True, "follow_up.done"), (False, "follow_up.given_up")])
def test_t2_an_issue_closed_outside_settles_its_follow_up(
    with_issue: FollowUp, now: datetime, completed: bool, kind: str
) -> None:
    for _ in range(2):  # the webhook and the look
        note_state(follow_up_id=with_issue.pk, closed=True, completed=completed, by="engineer", now=now)
    entry = LedgerEntry.objects.get(kind=kind)
    assert (entry.data["issue"], entry.data["closed_by"]) == (12, "engineer")
    assert not Step.objects.filter(kind="close_issue").exists()


def test_t2_an_issue_opened_for_what_was_settled_meanwhile_is_closed_again(
    incident: Incident, engineer: User, retrospective: Retrospective, now: datetime
) -> None:
    added = follow_up(incident, engineer, now, as_issue=True)
    settle_follow_up(follow_up_id=added.pk, actor=engineer, now=now)
    step = Step.objects.get(kind="open_issue")
    step.evidence = {"number": 12}
    step.save()
    note_issue(step, now)
    assert Step.objects.filter(kind="close_issue").exists()


def test_t2_open_issues_are_looked_at_in_turn(with_issue: FollowUp, now: datetime) -> None:
    assert issues_to_look_at(now) == []  # it was opened just now
    assert issues_to_look_at(now + timedelta(minutes=6)) == [with_issue]
