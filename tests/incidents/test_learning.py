"""What is learnt is followed up by engineers of the service (T2)."""

from datetime import date, datetime

import pytest
from django.contrib.auth.models import User

from incidents.models import FollowUp, Incident, LedgerEntry, Retrospective
from incidents.queries.duty import NotPermitted
from incidents.services.learning import AlreadyDone, NotAnOwner, NothingToFollowUp, add_follow_up, settle_follow_up


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
