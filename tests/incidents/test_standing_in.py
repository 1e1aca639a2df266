"""While an M3 question waits: the deputy in time, exactly once; whoever answered is left in peace (E14, E15)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import close_old_connections, connection
from pytest_django.fixtures import Settings

from approvals.authentication import Authentication
from approvals.models import ApprovalRequest
from approvals.quorum import Answer
from approvals.services.asking import withdraw_request
from approvals.services.voting import vote
from incidents.models import Deputy, Incident, LedgerEntry, Seat, Shift
from incidents.queries.room import room_of
from incidents.queries.timeline import entry_in_words
from incidents.services.deciding import decide
from incidents.services.minding import mind_questions
from incidents.services.standing_in import let_answered_rest, unheard_votes, wake_deputies

Fill = Callable[..., dict[str, str]]


@pytest.fixture(autouse=True)
def tools(settings: Settings) -> Settings:
    settings.BETTER_STACK_TOKEN, settings.SLACK_TOKEN = "a-token", "another"
    settings.WAKE_POLICIES = {"cto": "1021", "dba": "1023", "deputy": "1024"}
    return settings


@pytest.fixture
def deputy(db: None) -> User:
    """Named to stand in for the on-call DBA."""
    person = User.objects.create_user("deputy", "deputy@example.com", "a-password-of-the-tests")
    Deputy.objects.create(role="dba", person=person)
    return person


@pytest.fixture
def question(
    incident: Incident, oncall: User, cto: User, dba: User, deputy: User, answers: Fill, now: datetime
) -> ApprovalRequest:
    """CTO and on-call DBA are asked for M3, and have been woken."""
    given = answers(migration="yes", incompatible="no", customer_data="yes")
    decide(incident_id=incident.pk, actor=oncall, now=now, version=incident.version, answers=given, path="rollback")
    return ApprovalRequest.objects.get()


def names() -> list[str]:
    """Everybody who was woken, in order."""
    entries = LedgerEntry.objects.filter(kind="people.woken").order_by("seq")
    return [each["person"] for entry in entries for each in entry.data["woken"]]


def after(now: datetime, minutes: float) -> None:
    wake_deputies(now + timedelta(minutes=minutes))


def approve(question: ApprovalRequest, person: User, seat: str, now: datetime) -> None:
    question.refresh_from_db()
    vote(
        request_id=question.pk, actor=person, seat=seat, answer=Answer.APPROVE, reason="", digest=question.digest,
        version=question.version, now=now, authentication=Authentication("password", now, fresh=True),
    )  # fmt: skip


def test_e15_the_deputy_is_woken_after_the_minutes_of_its_switch_exactly_once(
    question: ApprovalRequest, now: datetime
) -> None:
    assert names() == ["cto", "dba"]
    after(now, 4.9)
    assert names() == ["cto", "dba"]
    for minutes in (5, 5.1, 6, 60):
        after(now, minutes)
    assert names() == ["cto", "dba", "deputy"]
    newest = LedgerEntry.objects.filter(kind="people.woken").latest("seq")
    assert entry_in_words(newest).words == "Woken: deputy (deputy of the on-call DBA)."
    assert newest.at == now + timedelta(minutes=5)


def test_e15_no_deputy_is_woken_for_a_seat_that_is_filled(question: ApprovalRequest, dba: User, now: datetime) -> None:
    approve(question, dba, "dba", now)
    after(now, 6)
    assert names() == ["cto", "dba"]


@pytest.mark.parametrize("away", ["inactive", "off shift"])
def test_e14_a_holder_who_can_no_longer_answer_has_the_deputy_woken_at_once(
    question: ApprovalRequest, dba: User, now: datetime, away: str
) -> None:
    if away == "inactive":
        User.objects.filter(pk=dba.pk).update(is_active=False)
    else:
        Shift.objects.filter(person=dba).update(ends_at=now + timedelta(seconds=30))
    after(now, 1)
    assert names() == ["cto", "dba", "deputy"]


def test_e15_whoever_comes_on_shift_is_woken_for_what_waits(
    question: ApprovalRequest, dba: User, now: datetime
) -> None:
    relief = User.objects.create_user("relief", "relief@example.com", "a-password-of-the-tests")
    relief.groups.add(dba.groups.get(name="dba"))
    Shift.objects.create(person=relief, seat=Seat.DBA, starts_at=now, ends_at=now + timedelta(hours=8))
    after(now, 1)
    assert names() == ["cto", "dba", "relief"]


def test_e15_nobody_is_woken_for_a_question_that_is_over(question: ApprovalRequest, now: datetime) -> None:
    withdraw_request(request_id=question.pk, actor=None, now=now)
    after(now, 6)
    assert names() == ["cto", "dba"]


def test_e15_whoever_has_voted_is_left_in_peace(
    question: ApprovalRequest, incident: Incident, cto: User, now: datetime
) -> None:
    approve(question, cto, "cto", now)
    let_answered_rest(request_id=question.pk, now=now)
    states = dict(incident.steps.filter(kind="wake_by_phone").values_list("parameters__name", "state"))
    assert states == {"cto": "cancelled", "dba": "ready"}


def test_e15_a_vote_that_nobody_heard_lets_the_phone_rest_by_the_sweep(
    question: ApprovalRequest, incident: Incident, cto: User, now: datetime
) -> None:
    assert unheard_votes() == []
    approve(question, cto, "cto", now)
    assert unheard_votes() == [question.pk]
    assert mind_questions(now=now) == 0
    states = dict(incident.steps.filter(kind="wake_by_phone").values_list("parameters__name", "state"))
    assert (states, unheard_votes()) == ({"cto": "cancelled", "dba": "ready"}, [])


def test_e15_once_the_question_is_withdrawn_everybody_is_left_in_peace(
    question: ApprovalRequest, incident: Incident, now: datetime
) -> None:
    withdraw_request(request_id=question.pk, actor=None, now=now)
    let_answered_rest(request_id=question.pk, now=now)
    assert set(incident.steps.filter(kind__startswith="wake").values_list("state", flat=True)) == {"cancelled"}


def test_e15_the_room_says_whom_to_call_by_hand_while_the_question_waits(
    incident: Incident, oncall: User, cto: User, answers: Fill, now: datetime, tools: Settings
) -> None:
    tools.WAKE_POLICIES = {"cto": "1021"}
    given = answers(migration="yes", incompatible="no", customer_data="yes")
    decide(incident_id=incident.pk, actor=oncall, now=now, version=incident.version, answers=given, path="rollback")
    incident.refresh_from_db()
    assert [(line.part, line.by_hand) for line in room_of(incident, now).people.by_hand] == [
        ("on-call DBA", "nobody can fill this role")
    ]
    withdraw_request(request_id=ApprovalRequest.objects.get().pk, actor=None, now=now)
    assert room_of(incident, now).people.by_hand == ()


@pytest.mark.django_db(transaction=True)
def test_e15_eight_sweeps_at_once_wake_the_deputy_once(question: ApprovalRequest, now: datetime) -> None:
    gate = Barrier(8)

    def sweep(_: int) -> None:
        close_old_connections()
        try:
            gate.wait(timeout=20)
            after(now, 6)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(sweep, range(8)))
    assert names() == ["cto", "dba", "deputy"]
