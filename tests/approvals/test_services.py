"""Asking, answering, changing one's mind, and using a grant once: what each service promises."""

from datetime import timedelta

import pytest

from approvals import refusals
from approvals.models import ApprovalRequest, Vote
from approvals.ports import Subject
from approvals.queries.requests import who_lost_the_role
from approvals.quorum import Answer
from approvals.refusals import Refusal
from approvals.services.asking import ask_again, keep, void, withdraw_request
from approvals.services.consuming import consume, expire_due, reconsider
from approvals.services.voting import Authentication, ReasonMissing, withdraw_vote
from tests.approvals.conftest import account
from tests.approvals.houses import content_of
from tests.approvals.people import Ear, Notebook, Roster
from tests.approvals.questions import P2, R3

OTHER = "c" * 64


def use(request, now, content=None):
    return consume(
        request_id=request.pk, content_digest=content or request.content_digest, consumed_by="plan 7", actor=None,
        now=now,
    )  # fmt: skip


def state_of(request):
    return ApprovalRequest.objects.get(pk=request.pk).state


@pytest.fixture
def granted(asked, votes, cto, dba):
    request = asked()
    votes(request, cto, "cto")
    votes(request, dba, "dba")
    return ApprovalRequest.objects.get(pk=request.pk)


def test_m3_needs_both_the_cto_and_the_dba(asked, votes, cto, dba):
    request = asked()
    votes(request, cto, "cto")
    assert state_of(request) == "open"
    votes(request, dba, "dba")
    assert state_of(request) == "granted"


def test_p2_needs_the_cto_or_the_ciso(asked, votes, cto, ciso):
    request = asked(P2)
    votes(request, ciso, "ciso")
    with pytest.raises(refusals.AlreadyGranted, match="ciso approved as CISO"):
        votes(request, cto, "cto")


def test_an_administrator_is_no_approver(asked, votes, administrator):
    with pytest.raises(refusals.NotEligible):
        votes(asked(), administrator, "cto")


def test_e14_nobody_votes_on_what_they_asked_for(asked, votes, engineer):
    Roster.seat(engineer, "cto")
    with pytest.raises(refusals.AskedByYou):
        votes(asked(), engineer, "cto")


def test_the_self_approval_of_r3_is_flagged_on_vote_and_request(asked, votes, engineer):
    Roster.seat(engineer, "reviewer")
    request = asked(R3)
    assert votes(request, engineer, "reviewer").flags == ["self"]
    assert ApprovalRequest.objects.get(pk=request.pk).flags == ["self"]


def test_e14_a_small_team_may_seat_one_person_twice_and_it_is_flagged(settings, asked, votes, cto):
    settings.SMALL_TEAM = True
    Roster.seat(cto, "dba")
    request = asked()
    votes(request, cto, "cto")
    assert votes(request, cto, "dba").flags == ["two seats"]
    assert state_of(request) == "granted"


def test_e14_one_person_does_not_fill_two_seats(asked, votes, cto):
    Roster.seat(cto, "dba")
    request = asked()
    votes(request, cto, "cto")
    with pytest.raises(refusals.SeatedElsewhere):
        votes(request, cto, "dba")


def test_an_inactive_person_fills_nothing_whatever_the_roster_says(asked, votes, cto):
    cto.is_active = False
    cto.save()
    with pytest.raises(refusals.NotEligible):
        votes(asked(), cto, "cto")


def test_who_refuses_says_why(asked, votes, cto):
    with pytest.raises(ReasonMissing):
        votes(asked(), cto, "cto", Answer.REFUSE, reason="  ")


def test_a_refusal_blocks_until_it_is_withdrawn(granted, votes, cto, now):
    votes(granted, cto, "cto", Answer.REFUSE)
    with pytest.raises(refusals.NotGranted, match="cto refused it"):
        use(granted, now)
    version = ApprovalRequest.objects.get(pk=granted.pk).version
    withdraw_vote(request_id=granted.pk, actor=cto, version=version, now=now)
    assert state_of(granted) == "open"


def test_an_answer_that_was_changed_is_kept_in_history(asked, votes, cto):
    request = asked()
    votes(request, cto, "cto", Answer.REFUSE)
    votes(request, cto, "cto")
    assert [vote.superseded_at is None for vote in Vote.objects.order_by("number")] == [False, True]


@pytest.mark.parametrize("shown", [{"digest": OTHER}, {"version": 99}])
def test_a_vote_from_a_stale_page_is_refused(asked, votes, cto, shown):
    with pytest.raises((refusals.ContentChanged, refusals.StaleView)):
        votes(asked(), cto, "cto", **shown)
    assert not Vote.objects.exists()


def test_a_stale_page_is_told_who_did_what_meanwhile(asked, votes, cto, dba):
    request = asked()
    votes(request, cto, "cto")
    with pytest.raises(refusals.StaleView, match="cto approved as CTO at 12:00:00 UTC"):
        votes(request, dba, "dba", version=request.version)


def test_a_grant_is_used_once(granted, now):
    assert use(granted, now).consumed_by == "plan 7"
    with pytest.raises(refusals.AlreadyEnded):
        use(granted, now)


def test_e13_a_grant_is_not_used_for_other_content(granted, now):
    with pytest.raises(refusals.ContentChanged):
        use(granted, now, OTHER)


def test_a_used_grant_can_no_longer_be_withdrawn(granted, cto, now):
    version = use(granted, now).version
    with pytest.raises(refusals.AlreadyEnded):
        withdraw_vote(request_id=granted.pk, actor=cto, version=version, now=now)


@pytest.mark.parametrize("loss", ["role", "shift", "account"])
def test_rights_shift_and_activity_are_judged_again_when_the_grant_is_used(granted, dba, now, loss):
    {
        "role": Roster.held.clear,
        "shift": lambda: Roster.off_shift.add("dba"),
        "account": lambda: type(dba).objects.filter(pk=dba.pk).update(is_active=False),
    }[loss]()
    with pytest.raises(refusals.NotGranted, match="dba may no longer answer as DBA"):
        use(granted, now)


def test_the_end_of_a_shift_never_stops_a_running_plan_but_a_lost_role_does(granted, now):
    use(granted, now)
    Roster.off_shift.add("dba")
    assert who_lost_the_role(granted.pk) == []
    Roster.held.discard(("dba", "dba", False))
    assert who_lost_the_role(granted.pk) == ["dba"]


def test_a_lost_role_opens_the_question_again_when_it_is_reconsidered(granted, now):
    Roster.held.discard(("cto", "cto", False))
    assert reconsider(request_id=granted.pk, now=now).state == "open"


def test_e13_changed_content_voids_the_approval_keeps_the_votes_and_shows_the_difference(granted, engineer, now):
    content = content_of(OTHER, exactly="Revert tree c0ffee on master.")
    void(request_id=granted.pk, content=content, actor=engineer, now=now)
    kept = ApprovalRequest.objects.get(pk=granted.pk)
    assert kept.state == "voided"
    assert kept.votes.count() == 2
    assert [change["where"] for change in kept.changes] == ["content_digest", "exactly"]


def test_e13_the_same_content_on_a_moved_base_keeps_the_approval(granted, engineer, now):
    with pytest.raises(refusals.ContentUnchanged):
        void(request_id=granted.pk, content=content_of(granted.content_digest), actor=engineer, now=now)
    keep(request_id=granted.pk, content_digest=granted.content_digest, words="the base moved", now=now)
    assert Notebook.lines[-1].kind == "approval.kept"
    assert state_of(granted) == "granted"


def test_what_is_asked_anew_starts_without_votes_and_names_what_it_replaces(granted, engineer, now):
    later = now + timedelta(hours=1)
    new = ask_again(
        request_id=granted.pk, content=content_of(OTHER), asked_by=engineer, now=now, expires_at=later
    )  # fmt: skip
    assert (new.replaces_id, new.state, new.votes.count()) == (granted.pk, "open", 0)
    with pytest.raises(refusals.AskedAlready):
        ask_again(request_id=granted.pk, content=content_of(), asked_by=engineer, now=now, expires_at=later)


def test_the_same_is_not_asked_twice_at_once(asked):
    asked()
    with pytest.raises(refusals.AskedAlready):
        asked()
    assert asked(subject=Subject("plan", "another")).state == "open"


def test_taking_a_question_back_does_not_take_a_refusal_away(asked, votes, engineer, cto, now):
    request = asked()
    votes(request, cto, "cto", Answer.REFUSE)
    withdraw_request(request_id=request.pk, actor=engineer, now=now)
    with pytest.raises(refusals.StillRefused, match="cto refused exactly this"):
        asked()
    assert asked(content=content_of(OTHER)).state == "open"


def test_only_who_asked_takes_the_question_back(asked, cto, now):
    with pytest.raises(refusals.NotYourRequest):
        withdraw_request(request_id=asked().pk, actor=cto, now=now)


def test_what_nobody_used_in_time_expires(granted, now):
    assert expire_due(now=granted.expires_at - timedelta(seconds=1)) == []
    with pytest.raises(refusals.AlreadyEnded):
        use(granted, granted.expires_at)
    assert [request.pk for request in expire_due(now=granted.expires_at)] == [granted.pk]
    assert state_of(granted) == "expired"


def test_e16_a_vote_records_how_and_when_the_person_proved_who_they_are(asked, votes, cto, now):
    proved = Authentication("webauthn", now - timedelta(seconds=90))
    assert votes(asked(), cto, "cto", authentication=proved).authentication_method == "webauthn"
    assert Notebook.lines[-1].facts["authentication"] == {"method": "webauthn", "age_seconds": 90}


def test_every_step_is_recorded_and_heard_of_after_the_commit(
    granted, now, django_capture_on_commit_callbacks
):  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        use(granted, now)
        assert Ear.news == []
    assert [news.state for news in Ear.news] == ["consumed"]
    assert [line.kind for line in Notebook.lines] == [
        "approval.asked", "approval.approved", "approval.approved", "approval.consumed",
    ]  # fmt: skip


def test_what_cannot_be_recorded_does_not_happen(settings, asked, votes, cto):
    request = asked()
    settings.APPROVALS_RECORDER = "tests.approvals.people.BrokenPen"
    with pytest.raises(OSError, match=r"approval\.approved"):
        votes(request, cto, "cto")
    assert not Vote.objects.exists()


def test_without_a_resolver_nobody_may_answer(settings, asked, votes, cto):
    settings.APPROVALS_SEATS = None
    with pytest.raises(refusals.NotEligible):
        votes(asked(), cto, "cto")


def test_e14_a_deputy_is_flagged(asked, votes):
    assert votes(asked(), account("deputy", "cto", deputy=True), "cto").flags == ["deputy"]


def test_e15_the_deputy_may_answer_once_the_minutes_are_over(settings, asked, votes, now):
    settings.APPROVALS_SEATS = "tests.approvals.people.PatientRoster"
    deputy = account("deputy", "cto", deputy=True)
    request = asked(deputies_from=now + timedelta(minutes=5))
    with pytest.raises(refusals.NotEligible):
        votes(request, deputy, "cto", now=now + timedelta(minutes=4))
    assert votes(request, deputy, "cto", now=now + timedelta(minutes=5)).flags == ["deputy"]


def test_every_refusal_carries_its_rule_and_its_words(asked, votes, stranger):
    with pytest.raises(Refusal) as refused:
        votes(asked(), stranger, "cto")
    assert (refused.value.rule, str(refused.value)) == ("M3", "You cannot answer as CTO now. (M3)")
