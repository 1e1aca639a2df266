"""Approvers are woken by phone, chat and mail, each once; a deputy stands in where a holder cannot (E14, E15)."""

from datetime import datetime

import pytest
from django.contrib.auth.models import Group, User
from pytest_django.fixtures import Settings

from incidents.models import Deputy, Incident, LedgerEntry, Shift, Step
from incidents.models.ledger import first_broken_entry, stream_of
from incidents.procedure.steps import StepKind
from incidents.queries.timeline import entry_in_words
from incidents.services.waking import wake

pytestmark = pytest.mark.django_db
QUESTION = {"rule": "M3", "words": "Approve the rollback path of INC-1?", "url": "/approvals/1/"}
PHONE, CHAT, MAIL = StepKind.WAKE_BY_PHONE, StepKind.WAKE_BY_CHAT, StepKind.WAKE_BY_MAIL


@pytest.fixture(autouse=True)
def tools(settings: Settings) -> Settings:
    """Every tool is set, and a policy rings each role."""
    settings.BETTER_STACK_TOKEN, settings.SLACK_TOKEN = "a-token", "another"
    settings.WAKE_POLICIES = {"cto": "1021", "ciso": "1022", "dba": "1023", "deputy": "1024"}
    return settings


@pytest.fixture
def deputy(db: None) -> User:
    """Somebody without a role of their own, named as the DBA's deputy."""
    person = User.objects.create_user("deputy", "deputy@example.com", "a-password-of-the-tests")
    Deputy.objects.create(role="dba", person=person)
    return person


def people(steps: list[Step]) -> list[str]:
    return sorted({step.parameters["name"] for step in steps})


def entries(incident: Incident) -> list[LedgerEntry]:
    return list(LedgerEntry.objects.filter(incident=incident, kind="people.woken").order_by("seq"))


def test_e15_approvers_are_woken_by_phone_chat_and_mail_with_a_link_that_opens_the_question(
    incident: Incident, cto: User, dba: User, oncall: User, now: datetime
) -> None:
    steps = wake(incident, roles=["cto", "dba"], **QUESTION, now=now, actor=oncall)
    assert [(step.parameters["name"], step.kind) for step in steps] == [
        ("cto", PHONE), ("cto", CHAT), ("cto", MAIL), ("dba", PHONE), ("dba", CHAT), ("dba", MAIL),
    ]  # fmt: skip
    assert {step.parameters["url"] for step in steps} == {"http://localhost:8000/approvals/1/"}
    assert {step.rule for step in steps} == {"M3"}
    assert set(Step.objects.filter(kind__in=[PHONE, CHAT, MAIL]).values_list("state", flat=True)) == {"ready"}
    (entry,) = entries(incident)
    assert entry_in_words(entry).words == "Woken: cto (CTO), dba (on-call DBA)."
    assert first_broken_entry(stream_of(incident)) is None


def test_e15_nobody_is_woken_twice_for_the_same_open_question(
    incident: Incident, cto: User, oncall: User, now: datetime
) -> None:
    wake(incident, roles=["cto"], **QUESTION, now=now, actor=oncall)
    assert wake(incident, roles=["cto"], **QUESTION, now=now, actor=oncall) == []
    assert Step.objects.filter(kind=PHONE).count() == len(entries(incident)) == 1


def test_e15_another_question_wakes_again(incident: Incident, cto: User, oncall: User, now: datetime) -> None:
    wake(incident, roles=["cto"], **QUESTION, now=now, actor=oncall)
    assert people(wake(incident, roles=["cto"], **{**QUESTION, "url": "/approvals/2/"}, now=now, actor=oncall)) == [
        "cto"
    ]


def test_e15_a_person_of_two_roles_is_woken_once(incident: Incident, cto: User, oncall: User, now: datetime) -> None:
    cto.groups.add(Group.objects.get_or_create(name="ciso")[0])
    assert len(wake(incident, roles=["cto", "ciso"], **QUESTION, now=now, actor=oncall)) == 3


def test_e15_what_is_not_urgent_rings_no_phone(incident: Incident, cto: User, oncall: User, now: datetime) -> None:
    steps = wake(incident, roles=["cto"], **QUESTION, now=now, actor=oncall, urgent=False)
    assert [step.kind for step in steps] == [CHAT, MAIL]
    assert entries(incident)[0].data["woken"][0]["missing"] == []


def test_e15_without_a_tool_or_an_address_no_step_is_opened_and_the_record_says_what_is_missing(
    incident: Incident, cto: User, oncall: User, now: datetime, tools: Settings
) -> None:
    tools.WAKE_POLICIES, tools.SLACK_TOKEN = {}, ""
    User.objects.filter(pk=cto.pk).update(email="")
    assert wake(incident, roles=["cto"], **QUESTION, now=now, actor=oncall) == []
    (told,) = entries(incident)[0].data["woken"]
    assert (told["person"], told["ways"], told["missing"]) == ("cto", [], ["phone", "chat", "mail"])


def _asks(incident: Incident, dba: User, oncall: User) -> User:
    return dba


def _is_on_call(incident: Incident, dba: User, oncall: User) -> User:
    Incident.objects.filter(pk=incident.pk).update(taken_over_by=dba)
    incident.refresh_from_db()
    return oncall


def _is_inactive(incident: Incident, dba: User, oncall: User) -> User:
    User.objects.filter(pk=dba.pk).update(is_active=False)
    return oncall


def _has_no_shift(incident: Incident, dba: User, oncall: User) -> User:
    Shift.objects.filter(person=dba).delete()
    return oncall


@pytest.mark.parametrize("away", [_asks, _is_on_call, _is_inactive, _has_no_shift])
def test_e14_where_a_roles_holder_cannot_answer_the_deputy_is_woken_at_once(
    incident: Incident, dba: User, oncall: User, deputy: User, now: datetime, away: object
) -> None:
    asker = away(incident, dba, oncall)  # type: ignore[operator]  # one of the four above
    assert people(wake(incident, roles=["dba"], **QUESTION, now=now, actor=asker)) == ["deputy"]
    assert entry_in_words(entries(incident)[0]).words == "Woken: deputy (deputy of the on-call DBA)."


def test_e14_a_deputy_who_asked_is_not_woken_and_the_record_names_the_role_that_nobody_fills(
    incident: Incident, deputy: User, now: datetime
) -> None:
    assert wake(incident, roles=["dba"], **QUESTION, now=now, actor=deputy) == []
    assert entry_in_words(entries(incident)[0]).words == "Nobody can answer as on-call DBA."


def test_e15_a_roles_policy_rings_its_holder_and_never_its_deputy(
    incident: Incident, oncall: User, deputy: User, now: datetime, tools: Settings
) -> None:
    tools.WAKE_POLICIES = {"dba": "1023"}
    steps = wake(incident, roles=["dba"], **QUESTION, now=now, actor=oncall)
    assert [step.kind for step in steps] == [CHAT, MAIL]
