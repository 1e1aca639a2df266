"""Buttons in the chat answer P2 only, for whom the console knows there, and are judged at the click."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from pytest_django.fixtures import Settings

from approvals.models import ApprovalRequest, Vote
from approvals.quorum import Answer
from approvals.services.consuming import expire_due
from approvals.services.voting import vote
from incidents.effects import reading, wiring
from incidents.models import Delivery, Identity, Incident, LedgerEntry, StatusUpdate
from incidents.queries.buttons import Carried, carried_by, value_of
from incidents.queries.timeline import entry_in_words
from incidents.services.clock import database_now
from incidents.services.deciding import decide
from incidents.services.drafting import Draft
from incidents.services.publishing import write_words
from tests.incidents.crowds import EIGHT, at_once
from tests.incidents.presses import SECRET, Remembering, pressed, send

pytestmark = pytest.mark.django_db(transaction=True)
CTO = "U0CTO000000"


@pytest.fixture(autouse=True)
def chat(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Remembering:
    """Slack signs, and answers whoever pressed."""
    settings.SLACK_SIGNING_SECRET = SECRET
    settings.GITHUB_TOKEN = settings.SLACK_TOKEN = "not-used-here"
    remembering = Remembering()
    wiring.world.cache_clear()
    world = replace(wiring.world(), chat=remembering)
    monkeypatch.setattr(reading, "world", lambda: world)
    return remembering


@pytest.fixture
def asked(incident: Incident, oncall: User, cto: User, ciso: User) -> ApprovalRequest:
    """Public words wait for the CTO, whose Slack identity is verified, or the CISO."""
    Identity.objects.create(person=cto, place="slack", login=CTO, verified_at=database_now())
    draft = Draft(phase="investigating", title="Disruption of Checkout", message="Some orders fail.")
    write_words(incident_id=incident.pk, draft=draft, ask=True, actor=oncall, now=database_now())
    return ApprovalRequest.objects.get()


def work() -> Delivery:
    """What a worker does with everything that is unread."""
    for pk in Delivery.objects.filter(verdict="received").values_list("pk", flat=True):
        reading.read(pk)
    return Delivery.objects.latest("received_at")


def press(asked: ApprovalRequest, **other: Any) -> Delivery:
    assert send(Client(), pressed(value_of(asked), **other)).status_code == 200
    return work()


def words_of_refusal() -> str:
    entry = LedgerEntry.objects.get(kind="approval.press_refused")
    assert entry_in_words(entry).words == f"A press in the chat did not count. {entry.data['words']}"
    return str(entry.data["words"])


# ── the door ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_p2_a_press_that_slack_did_not_sign_is_refused(asked: ApprovalRequest, client: Client) -> None:
    body = pressed(value_of(asked))
    unsigned = client.post("/hooks/slack", body, "application/x-www-form-urlencoded")
    assert (unsigned.status_code, send(client, body, secret="another").status_code) == (401, 401)
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("away", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_p2_a_signature_that_is_not_of_now_is_refused(asked: ApprovalRequest, client: Client, away: timedelta) -> None:
    assert send(client, pressed(value_of(asked)), at=database_now() + away).status_code == 401
    assert not Delivery.objects.exists()


def test_p2_without_a_signing_secret_no_press_is_believed(
    asked: ApprovalRequest, client: Client, settings: Settings
) -> None:
    settings.SLACK_SIGNING_SECRET = ""
    assert send(client, pressed(value_of(asked)), secret="").status_code == 401


@pytest.mark.parametrize("body", [b"", b"payload={", b"other=1", b"payload=%7B%22type%22%3A%22block_actions%22%7D"])
def test_p2_a_signed_press_that_makes_no_sense_is_kept_as_unreadable(client: Client, body: bytes) -> None:
    assert send(client, body).status_code == 400
    assert (Delivery.objects.get().verdict, bytes(Delivery.objects.get().body)) == ("unreadable", body)


@pytest.mark.parametrize("value", ["", "nonsense", "x 1 d", f"{'0' * 32} {'9' * 20} d", "1 2 3"])
def test_p2_a_button_that_carries_nothing_of_ours_is_unreadable(client: Client, value: str) -> None:
    send(client, pressed(value))
    assert (work().verdict, Vote.objects.count()) == ("unreadable", 0)


def test_p2_what_a_button_carries_comes_back_as_it_was(asked: ApprovalRequest) -> None:
    assert carried_by(value_of(asked)) == Carried(asked.pk, asked.version, asked.digest)


def test_p2_a_press_that_only_opens_the_page_is_acknowledged_and_answers_nothing(asked: ApprovalRequest) -> None:
    assert (press(asked, action="open-question").verdict, Vote.objects.count()) == ("ignored", 0)


# ── the answer ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_p2_a_press_of_the_cto_approves_exactly_what_was_shown(asked: ApprovalRequest, cto: User) -> None:
    assert press(asked).words == "cto approved as cto"
    cast = Vote.objects.get()
    assert (cast.person, cast.seat, cast.answer, cast.digest_seen) == (cto, "cto", "approve", asked.digest)
    assert cast.authentication_method == "slack"
    assert StatusUpdate.objects.get().state == "approved"


def test_p2_the_same_delivery_sent_again_counts_once(asked: ApprovalRequest, client: Client) -> None:
    body, at = pressed(value_of(asked)), database_now()
    answers = [send(client, body, at=at).json()["seen_before"] for _ in range(2)]
    work()
    assert (answers, Delivery.objects.count(), Vote.objects.count()) == ([False, True], 1, 1)


def test_p2_a_second_press_is_the_same_answer(asked: ApprovalRequest, chat: Remembering) -> None:
    press(asked)
    press(asked, at="2.5")
    assert (Delivery.objects.count(), Vote.objects.count(), chat.said) == (2, 1, [])


def test_p2_one_press_read_by_many_workers_at_once_is_one_answer_and_nobody_is_told_otherwise(
    asked: ApprovalRequest, chat: Remembering, client: Client
) -> None:
    send(client, pressed(value_of(asked)))
    kept = Delivery.objects.get()
    at_once([partial(reading.read, kept.pk)] * EIGHT)
    kept.refresh_from_db()
    assert (kept.words, Vote.objects.count(), chat.said) == ("cto approved as cto", 1, [])
    assert not LedgerEntry.objects.filter(kind="approval.press_refused").exists()


def _unknown(**_: User) -> None:
    Identity.objects.filter(place="slack").delete()


def _unverified(**_: User) -> None:
    Identity.objects.filter(place="slack").update(verified_at=None)


def _inactive(cto: User, **_: User) -> None:
    User.objects.filter(pk=cto.pk).update(is_active=False)


def _seatless(cto: User, **_: User) -> None:
    cto.groups.set([Group.objects.get_or_create(name="dba")[0]])


def _asker(oncall: User, **_: User) -> None:
    oncall.groups.add(Group.objects.get(name="cto"))
    Identity.objects.filter(place="slack").update(person=oncall)


def _expired(**_: User) -> None:
    expire_due(now=database_now() + timedelta(days=1))


def _taken(ciso: User, **_: User) -> None:
    _say(ciso, Answer.APPROVE)


def _refused(ciso: User, **_: User) -> None:
    _say(ciso, Answer.REFUSE)


def _say(person: User, answer: Answer) -> None:
    asked = ApprovalRequest.objects.get()
    vote(
        request_id=asked.pk, actor=person, seat="ciso", answer=answer, reason="read", digest=asked.digest,
        version=asked.version, now=database_now(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("meanwhile", "words"),
    [
        (_unknown, "The console does not know you here."),
        (_unverified, "The console does not know you here."),
        (_inactive, "Your account is switched off."),
        (_seatless, "You cannot answer as CTO now."),
        (_asker, "Nobody votes on what they asked for."),
        (_expired, "Nobody answered in time."),
        (_taken, "ciso approved as CISO at"),
        (_refused, "ciso refused as CISO at"),
    ],
)
def test_p2_a_press_is_judged_at_the_click(
    asked: ApprovalRequest, chat: Remembering, cto: User, ciso: User, oncall: User,
    meanwhile: Callable[..., None], words: str,
) -> None:  # fmt: skip
    meanwhile(cto=cto, ciso=ciso, oncall=oncall)
    votes = Vote.objects.count()
    press(asked)
    assert Vote.objects.count() == votes
    assert words in words_of_refusal()
    (told,) = chat.said
    assert (told.channel, told.text.startswith("Not counted.")) == (f"D-{CTO}", True)


def test_e13_a_press_on_words_that_have_changed_since_is_refused(
    asked: ApprovalRequest, incident: Incident, oncall: User
) -> None:
    update = StatusUpdate.objects.get()
    draft = Draft(
        phase="identified", title=update.title, message="We know why.", update_id=update.pk, version=update.version
    )
    write_words(incident_id=incident.pk, draft=draft, ask=True, actor=oncall, now=database_now())
    press(asked)
    newer = ApprovalRequest.objects.get(replaces=asked)
    assert words_of_refusal().endswith(f"is asked anew. Open it here: http://localhost:8000/approvals/{newer.pk}/")
    assert not Vote.objects.exists()


def test_e13_a_press_that_carries_another_content_is_refused(asked: ApprovalRequest, client: Client) -> None:
    send(client, pressed(value_of(asked).replace(asked.digest, "0" * 64)))
    work()
    assert words_of_refusal() == "What is asked has changed since. Look at it again, then answer."


def test_p2_a_press_about_no_question_of_ours_stands_in_the_intakes_record(client: Client) -> None:
    send(client, pressed(f"{'0' * 32} 1 {'0' * 64}"))
    work()
    assert LedgerEntry.objects.get(kind="approval.press_refused").stream_id == "intake"


def test_m3_is_never_answered_by_a_button_even_a_forged_one(
    incident: Incident, oncall: User, cto: User, dba: User, answers: Callable[..., dict[str, str]], client: Client
) -> None:
    Identity.objects.create(person=cto, place="slack", login=CTO, verified_at=database_now())
    given = answers(migration="yes", customer_data="yes", incompatible="no")
    decide(incident_id=incident.pk, actor=oncall, now=database_now(), version=1, answers=given, path="rollback")
    press(ApprovalRequest.objects.get(rule_id="M3"))
    assert not Vote.objects.exists()
    assert words_of_refusal().startswith("M3 is never answered by a button")
