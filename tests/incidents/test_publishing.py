"""P2: the CTO or the CISO approves public words; exactly those are posted, once, and never any others (E13)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from pytest_django.fixtures import Settings

from approvals.models import ApprovalRequest
from approvals.quorum import Answer
from approvals.services.consuming import expire_due
from approvals.services.voting import vote, withdraw_vote
from incidents.effects import wiring
from incidents.effects.performing import perform
from incidents.models import Incident, LedgerEntry, Service, StatusUpdate, Step
from incidents.procedure.steps import PUBLIC_WORDS
from incidents.queries.duty import NotPermitted
from incidents.services.concluding import PublicWordsStand, ReasonMissing, close_as_false_alarm, close_incident
from incidents.services.drafting import Draft, NotADraft, WordsNeedALook, hand_drafting
from incidents.services.locking import StaleView
from incidents.services.publishing import (
    AlreadyOnItsWay,
    NotWhatWasApproved,
    approval_heard,
    post_words,
    publish_update,
    unheard_answers,
    withdraw_words,
    write_words,
)
from incidents.services.questions import QuestionRefused
from incidents.services.running import claim_step
from incidents.services.steering import Asked, NotThisStep, record_by_hand, skip_step
from tests.incidents.conftest import NOW

Say = Callable[..., StatusUpdate]
GOOD: dict[str, Any] = {"phase": "investigating", "title": "Disruption of Checkout", "message": "Some orders fail."}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    """The listener and the gate ask the database for the time; here it stands at `NOW`."""
    monkeypatch.setattr("incidents.receivers.database_now", lambda: NOW)
    settings.STATUS_FOLDER = str(tmp_path / "status")
    settings.GITHUB_TOKEN = settings.SLACK_TOKEN = "not-used-here"
    wiring.world.cache_clear()


@pytest.fixture
def service(service: Service) -> Service:
    service.status_components = ["Storefront", "Checkout"]
    service.save()
    return service


@pytest.fixture
def ask(incident: Incident, oncall: User, cto: User, ciso: User) -> Say:
    """The lead asks, or keeps a draft."""

    def asked(*, ask: bool = True, actor: User = oncall, now: datetime = NOW, **other: Any) -> StatusUpdate:
        draft = Draft(**(GOOD | other))
        return write_words(incident_id=incident.pk, draft=draft, ask=ask, actor=actor, now=now)

    return asked


def question() -> ApprovalRequest:
    return ApprovalRequest.objects.order_by("-asked_at", "-id").get(state__in=["open", "granted", "refused"])


def say(person: User, seat: str, answer: Answer = Answer.APPROVE) -> None:
    asked = question()
    vote(
        request_id=asked.pk, actor=person, seat=seat, answer=answer, reason="read", digest=asked.digest,
        version=asked.version, now=NOW,
    )  # fmt: skip


def work() -> None:
    """What a worker does with every step of public words that is due."""
    for step in Step.objects.filter(kind__in=PUBLIC_WORDS, due_at__isnull=False):
        perform(step.pk, wiring.world())


def state() -> str:
    return StatusUpdate.objects.latest("drafted_at").state


def test_p2_the_cto_or_the_ciso_is_asked_about_every_word(ask: Say, oncall: User) -> None:
    update = ask(components={"Checkout": "down"}, notify=True)
    asked = question()
    assert (asked.rule_id, asked.rule_seats["how"], asked.asked_by) == ("P2", "any", oncall)
    assert [seat["role"] for seat in asked.rule_seats["seats"]] == ["cto", "ciso"]
    assert asked.content_digest == update.content_digest == update.as_words().digest
    assert "Some orders fail." in asked.exactly
    assert "Checkout down" in asked.exactly
    assert "Subscribers: notified." in asked.exactly


@pytest.mark.parametrize("seat", ["cto", "ciso"])
def test_p2_either_of_them_approves_and_exactly_that_is_posted(
    ask: Say, request: pytest.FixtureRequest, seat: str
) -> None:
    update = ask()
    assert not Step.objects.filter(kind__in=PUBLIC_WORDS).exists()
    say(request.getfixturevalue(seat), seat)
    assert state() == "approved"
    work()
    update.refresh_from_db()
    assert (update.state, update.message) == ("posted", "Some orders fail.")
    step = Step.objects.get(kind="publish_status")
    assert (step.state, step.evidence["digest"]) == ("done", update.content_digest)
    assert ApprovalRequest.objects.get().consumed_by == f"status_update:{update.pk}"
    assert LedgerEntry.objects.get(kind="status.posted").data["message"] == "Some orders fail."


def test_p2_a_refusal_is_kept_with_its_reason_and_the_draft_can_be_edited_and_asked_again(
    ask: Say, cto: User, ciso: User
) -> None:
    update = ask()
    say(cto, "cto", Answer.REFUSE)
    assert state() == "refused"
    with pytest.raises(QuestionRefused):
        ask(update_id=update.pk, version=update.version)
    later = NOW + timedelta(seconds=1)
    update = ask(update_id=update.pk, version=update.version, message="Orders by card fail.", now=later)
    assert update.state == "asked"
    changed = {each["where"] for each in ApprovalRequest.objects.get(state="voided").changes}
    assert "evidence › The words › message" in changed
    say(ciso, "ciso")
    assert state() == "approved"


def test_e13_an_edit_of_asked_words_voids_the_question_and_shows_the_difference(ask: Say, cto: User) -> None:
    update = ask()
    edited = ask(update_id=update.pk, version=update.version, notify=True, now=NOW + timedelta(seconds=1))
    assert question().replaces == ApprovalRequest.objects.get(state="voided")
    assert question().content_digest == edited.as_words().digest != update.content_digest
    say(cto, "cto")
    work()
    assert StatusUpdate.objects.get().notify


def test_e13_a_draft_that_is_kept_takes_the_question_back(ask: Say, cto: User) -> None:
    update = ask()
    kept = ask(ask=False, update_id=update.pk, version=update.version, message="Wait.")
    assert (kept.state, ApprovalRequest.objects.get().state) == ("draft", "withdrawn")


def test_e13_asking_for_the_same_again_is_refused(ask: Say) -> None:
    update = ask()
    with pytest.raises(QuestionRefused):
        ask(update_id=update.pk, version=update.version)
    assert StatusUpdate.objects.get().version == update.version


def test_s4_a_guess_is_not_asked_before_it_was_seen(ask: Say) -> None:
    with pytest.raises(WordsNeedALook):
        ask(message="It is probably the network.")
    assert not ApprovalRequest.objects.exists()


def test_e14_nobody_approves_the_words_they_asked_for(
    ask: Say, incident: Incident, oncall: User, now: datetime
) -> None:
    oncall.groups.add(Group.objects.get(name="cto"))
    ask()
    with pytest.raises(Exception, match="Nobody votes on what they asked for"):
        say(oncall, "cto")
    assert state() == "asked"


def test_p2_whoever_lost_the_role_by_the_claim_holds_the_posting(ask: Say, cto: User) -> None:
    update = ask()
    say(cto, "cto")
    cto.groups.clear()
    work()
    step = Step.objects.get(kind="publish_status")
    assert (step.state, state()) == ("gated", "approved")
    taken = StatusUpdate.objects.get()
    withdraw_words(
        incident_id=update.incident_id, update_id=update.pk, version=taken.version, actor=update.drafted_by, now=NOW
    )
    assert (state(), Step.objects.get(kind="publish_status").state) == ("withdrawn", "cancelled")


def test_p2_no_step_of_words_starts_without_a_used_grant(ask: Say, incident: Incident, oncall: User) -> None:
    update = ask()
    step = Step.objects.create(
        incident=incident, kind="publish_status", rule="P1", state="ready", due_at=NOW, asked_at=NOW,
        parameters={"update": str(update.pk), "digest": update.content_digest, "published_at": NOW.isoformat()},
    )  # fmt: skip
    assert claim_step(step_id=step.pk) is None
    step.refresh_from_db()
    assert (step.state, state()) == ("gated", "asked")
    assert "CTO or the CISO" in step.sentence


@pytest.mark.parametrize("tampered", [{"message": "Nothing fails."}, {"notify": True}, {"phase": "resolved"}])
def test_e13_words_that_changed_behind_the_approval_are_not_posted(
    ask: Say, cto: User, tampered: dict[str, Any]
) -> None:
    update = ask()
    say(cto, "cto")
    StatusUpdate.objects.update(**tampered)
    with pytest.raises(NotWhatWasApproved):
        publish_update(update_id=update.pk, digest=update.content_digest, now=NOW)
    work()
    assert (Step.objects.get(kind="publish_status").state, state()) == ("gated", "approved")


def test_p2_two_votes_post_once(ask: Say, cto: User, ciso: User) -> None:
    ask()
    say(cto, "cto")
    with pytest.raises(ApprovalRequest.DoesNotExist):
        say(ciso, "ciso")
    approval_heard(update_id=StatusUpdate.objects.get().pk, now=NOW)
    work()
    assert Step.objects.filter(kind="publish_status").count() == 1
    assert LedgerEntry.objects.filter(kind="status.posted").count() == 1


def test_p2_an_answer_that_nobody_heard_is_found_by_the_sweep_or_posted_by_hand(
    ask: Say, cto: User, oncall: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = ask()
    given = {"incident_id": update.incident_id, "update_id": update.pk, "actor": oncall, "now": NOW}
    with pytest.raises(QuestionRefused, match="Not approved yet by CTO or CISO"):
        post_words(version=update.version, **given)
    monkeypatch.setattr("incidents.receivers.approval_heard", lambda **_: None)
    say(cto, "cto")
    assert (state(), unheard_answers()) == ("asked", [update.pk])
    post_words(version=update.version, **given)
    assert (state(), unheard_answers()) == ("approved", [])
    with pytest.raises(NotADraft, match=r"The update is approved by now\. Meanwhile oncall"):
        post_words(version=update.version, **given)


def test_p2_a_question_that_expired_leaves_a_draft(ask: Say, settings: Settings) -> None:
    ask()
    expire_due(now=NOW + timedelta(minutes=settings.APPROVAL_EXPIRES_AFTER_MINUTES))
    assert state() == "draft"


def test_p2_a_refusal_that_is_taken_back_asks_again(ask: Say, cto: User) -> None:
    ask()
    say(cto, "cto", Answer.REFUSE)
    asked = question()
    withdraw_vote(request_id=asked.pk, actor=cto, version=asked.version, now=NOW)
    assert state() == "asked"


def test_words_are_taken_back_with_their_question_until_they_are_on_their_way(
    ask: Say, cto: User, oncall: User
) -> None:
    update = ask()
    given = {"incident_id": update.incident_id, "actor": oncall, "now": NOW}
    with pytest.raises(StaleView):
        withdraw_words(update_id=update.pk, version=update.version + 1, **given)
    withdraw_words(update_id=update.pk, version=update.version, **given)
    assert (state(), ApprovalRequest.objects.get().state) == ("withdrawn", "withdrawn")
    second = ask(now=NOW + timedelta(seconds=1))
    say(cto, "cto")
    Step.objects.filter(kind__in=PUBLIC_WORDS).update(state="running")
    with pytest.raises(AlreadyOnItsWay):
        withdraw_words(update_id=second.pk, version=second.version + 1, **given)


@pytest.mark.parametrize("act", ["write", "withdraw", "post"])
def test_p1_only_the_lead_or_the_drafter_acts_on_the_words(
    ask: Say, incident: Incident, oncall: User, engineer: User, act: str
) -> None:
    update = ask()
    given = {"incident_id": incident.pk, "update_id": update.pk, "version": update.version, "now": NOW}
    acts: dict[str, Callable[..., object]] = {
        "write": lambda actor: ask(actor=actor, update_id=update.pk, version=update.version, message="New."),
        "withdraw": lambda actor: withdraw_words(actor=actor, **given),
        "post": lambda actor: post_words(actor=actor, **given),
    }
    with pytest.raises(NotPermitted):
        acts[act](engineer)
    hand_drafting(incident_id=incident.pk, actor=oncall, to_id=engineer.pk, now=NOW, version=incident.version)
    try:
        acts[act](engineer)
    except QuestionRefused:
        assert act == "post"


def posted(ask: Say, cto: User, minute: int, **words: Any) -> StatusUpdate:
    update = ask(now=NOW + timedelta(minutes=minute), **words)
    say(cto, "cto")
    work()
    update.refresh_from_db()
    assert update.state == "posted"
    return update


def test_p2_corrections_and_resolved_go_the_same_way(ask: Say, cto: User) -> None:
    wrong = posted(ask, cto, 0)
    correction = posted(ask, cto, 1, message="Orders by card fail.", corrects=wrong.pk)
    assert correction.corrects == wrong
    posted(ask, cto, 2, phase="resolved", message="It is over.")
    assert ApprovalRequest.objects.filter(state="consumed").count() == 3


def test_e20_words_are_posted_in_an_escalated_incident(ask: Say, cto: User, incident: Incident) -> None:
    Incident.objects.filter(pk=incident.pk).update(state="escalated")
    posted(ask, cto, 0)


def test_p1_closing_asks_for_resolved_or_a_word_and_a_later_resolved_is_still_posted(
    ask: Say, cto: User, incident: Incident, oncall: User
) -> None:
    posted(ask, cto, 0)
    Incident.objects.filter(pk=incident.pk).update(state="recovered", recovered_at=NOW)
    given = {"incident_id": incident.pk, "actor": oncall, "now": NOW, "version": incident.version}
    with pytest.raises(PublicWordsStand, match="still says “investigating”"):
        close_incident(**given)
    with pytest.raises(ReasonMissing):
        close_incident(**given, public_stays=True)
    close_incident(**given, public_stays=True, words="The page follows tomorrow.")
    assert LedgerEntry.objects.get(kind="incident.closed").data["public"] == "investigating"
    posted(ask, cto, 1, phase="resolved", message="It is over.")


def test_p1_a_false_alarm_asks_too_and_resolved_words_let_it_close(
    ask: Say, cto: User, incident: Incident, oncall: User
) -> None:
    posted(ask, cto, 0)
    given = {"incident_id": incident.pk, "actor": oncall, "now": NOW, "version": incident.version, "reason": "A test."}
    with pytest.raises(PublicWordsStand):
        close_as_false_alarm(**given)
    posted(ask, cto, 1, phase="resolved", message="It is over.")
    assert close_as_false_alarm(**given).state == "closed"


def test_p1_approved_words_are_posted_after_the_close(ask: Say, cto: User, incident: Incident, oncall: User) -> None:
    ask()
    say(cto, "cto")
    close_as_false_alarm(
        incident_id=incident.pk, actor=oncall, now=NOW, version=incident.version, reason="It was a test."
    )
    work()
    assert state() == "posted"


@pytest.mark.parametrize("act", ["skip", "record"])
def test_p1_the_consoles_own_page_is_neither_skipped_nor_recorded_by_hand(
    ask: Say, cto: User, oncall: User, act: str
) -> None:
    update = ask()
    say(cto, "cto")
    step = Step.objects.get(kind="publish_status")
    Step.objects.filter(kind__in=PUBLIC_WORDS).update(state="failed", due_at=None)
    asked = Asked(incident_id=update.incident_id, step_id=step.pk, actor=oncall, now=NOW, seen="failed")
    with pytest.raises(NotThisStep):
        _ = skip_step(asked, reason="x") if act == "skip" else record_by_hand(asked, evidence="x")


def test_a_folder_that_cannot_be_written_waits_for_a_person_and_goes_on_after_a_retry(
    ask: Say, cto: User, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    good, settings.STATUS_FOLDER = settings.STATUS_FOLDER, str(tmp_path / "file")
    ask()
    say(cto, "cto")
    work()
    step = Step.objects.get(kind="publish_status")
    assert (step.state, state()) == ("failed", "posted")
    assert "cannot be written" in step.sentence
    settings.STATUS_FOLDER = good
    Step.objects.filter(kind__in=PUBLIC_WORDS).update(state="ready", due_at=NOW)
    work()
    step.refresh_from_db()
    assert step.state == "done"
    assert LedgerEntry.objects.filter(kind="status.posted").count() == 1
