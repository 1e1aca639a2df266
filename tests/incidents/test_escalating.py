"""Escalating to the CISO and the CTO: the Incident Response Plan governs, from any open state, once (X1, X2, E20)."""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import close_old_connections, connection
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from approvals.models import ApprovalRequest
from incidents.models import Deputy, Incident, LedgerEntry, Plan, Retrospective
from incidents.queries.controls import controls_of
from incidents.queries.duty import NotPermitted
from incidents.queries.escalation import escalation_panel
from incidents.queries.room import room_of
from incidents.services import running
from incidents.services.concluding import close_incident
from incidents.services.deciding import decide
from incidents.services.escalating import (
    GroundsMissing,
    HasItAlready,
    acknowledge_escalation,
    escalate,
    note_governor,
)
from incidents.services.executing import execute_plan
from incidents.services.locking import NotInThatState, StaleView

EIGHT = 8
WHY = "The old rows are gone, the old code needs them"
Fill = Callable[..., dict[str, str]]


@pytest.fixture(autouse=True)
def tools(settings: Settings) -> Settings:
    """Every tool is set, and a policy rings the CTO and the CISO."""
    settings.BETTER_STACK_TOKEN, settings.SLACK_TOKEN = "a-token", "another"
    settings.WAKE_POLICIES = {"cto": "1021", "ciso": "1022"}
    return settings


@pytest.fixture
def escalated(incident: Incident, oncall: User, cto: User, ciso: User, now: datetime) -> Incident:
    """Escalated by the on-call engineer before any decision."""
    escalate(incident_id=incident.pk, actor=oncall, now=now, version=incident.version, reason=WHY)
    incident.refresh_from_db()
    return incident


def fresh(plan: Plan) -> Incident:
    return Incident.objects.get(pk=plan.incident_id)


# ── from where, by whom, why ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("state", ["declared", "decided", "executing", "recovered"])
def test_x2_it_is_escalated_from_every_open_state_by_a_decision_of_its_own(
    executed: Plan, oncall: User, cto: User, ciso: User, now: datetime, state: str
) -> None:
    Incident.objects.filter(pk=executed.incident_id).update(state=state)
    decision = escalate(
        incident_id=executed.incident_id, actor=oncall, now=now, version=fresh(executed).version, reason=WHY
    )
    assert (fresh(executed).state, decision.path, decision.number, decision.reason) == ("escalated", "escalate", 2, WHY)
    woken = fresh(executed).steps.filter(kind="wake_by_phone").values_list("parameters__name", flat=True)
    assert sorted(woken) == ["ciso", "cto"]
    assert fresh(executed).steps.filter(kind="announce", rule="X2").count() == 1


@pytest.mark.parametrize("state", ["escalated", "closed"])
def test_x2_what_is_escalated_or_closed_is_not_escalated_again(
    escalated: Incident, oncall: User, now: datetime, state: str
) -> None:
    if state == "closed":
        close_incident(incident_id=escalated.pk, actor=oncall, now=now, version=escalated.version)
    version = Incident.objects.get(pk=escalated.pk).version
    with pytest.raises(NotInThatState):
        escalate(incident_id=escalated.pk, actor=oncall, now=now, version=version, reason=WHY)


def test_x1_an_escalation_says_why(incident: Incident, oncall: User, now: datetime) -> None:
    with pytest.raises(GroundsMissing):
        escalate(incident_id=incident.pk, actor=oncall, now=now, version=incident.version, reason="  ")


def test_d6_only_the_on_call_engineer_escalates(incident: Incident, engineer: User, now: datetime) -> None:
    with pytest.raises(NotPermitted):
        escalate(incident_id=incident.pk, actor=engineer, now=now, version=incident.version, reason=WHY)


def test_x2_a_page_from_before_does_not_escalate(incident: Incident, oncall: User, now: datetime) -> None:
    with pytest.raises(StaleView):
        escalate(incident_id=incident.pk, actor=oncall, now=now, version=incident.version - 1, reason=WHY)


def test_x1_the_decision_to_escalate_names_x1s_grounds(
    incident: Incident, oncall: User, cto: User, answers: Fill, now: datetime
) -> None:
    decide(
        incident_id=incident.pk, actor=oncall, now=now, version=incident.version, path="escalate",
        answers=answers(irreversible_call="yes"),
    )  # fmt: skip
    incident.refresh_from_db()
    panel = room_of(incident, now).escalation
    assert panel is not None
    assert [ground.rule for ground in panel.grounds] == ["X1"]
    assert panel.grounds[0].words in incident.steps.get(kind="announce").parameters["text"]


# ── E20: frozen ──────────────────────────────────────────────────────────────────────────────────────────────────────
def _escalate_running(executed: Plan, oncall: User, now: datetime) -> None:
    escalate(incident_id=executed.incident_id, actor=oncall, now=now, version=fresh(executed).version, reason=WHY)


def test_e20_nothing_further_of_the_plan_starts(executed: Plan, oncall: User, cto: User, now: datetime) -> None:
    push = executed.steps.get(kind="push_revert")
    assert push.state == "ready"
    _escalate_running(executed, oncall, now)
    push.refresh_from_db()
    assert (push.state, push.due_at) == ("blocked", None)
    assert running.claim_step(step_id=push.pk) is None
    assert LedgerEntry.objects.filter(kind="plan.frozen", rule="E20").count() == 1


def test_e20_what_watches_is_watched_on_and_nothing_follows_it(
    executed: Plan, oncall: User, cto: User, now: datetime
) -> None:
    executed.steps.filter(kind="push_revert").update(state="watching", due_at=now - timedelta(minutes=1))
    _escalate_running(executed, oncall, now)
    push = executed.steps.get(kind="push_revert")
    assert push.state == "watching"
    claim = running.claim_step(step_id=push.pk)
    assert claim is not None
    assert not claim.gate.open
    running.finish_step(claim, sentence="Pushed.", evidence={})
    assert executed.steps.get(kind="open_pull_request").state == "blocked"
    assert fresh(executed).state == "escalated"


def test_e20_the_room_shows_the_plan_as_frozen_and_who_governs(
    executed: Plan, oncall: User, cto: User, ciso: User, now: datetime
) -> None:
    _escalate_running(executed, oncall, now)
    room = room_of(fresh(executed), now)
    assert room.plan is not None
    assert room.plan.badge.words == "frozen"
    assert room.escalation is not None
    assert (room.escalation.by, room.escalation.owner, room.escalation.reason) == ("oncall", "the CISO", WHY)
    assert "the Incident Response Plan governs" in room.now.words


def test_e20_a_question_that_waits_for_approval_is_taken_back(
    incident: Incident, oncall: User, cto: User, dba: User, answers: Fill, now: datetime
) -> None:
    given = answers(migration="yes", incompatible="no", customer_data="yes")
    decide(incident_id=incident.pk, actor=oncall, now=now, version=incident.version, answers=given, path="rollback")
    assert ApprovalRequest.objects.get().state == "open"
    incident.refresh_from_db()
    escalate(incident_id=incident.pk, actor=oncall, now=now, version=incident.version, reason=WHY)
    assert ApprovalRequest.objects.get().state == "withdrawn"
    with pytest.raises(NotInThatState):
        execute_plan(incident_id=incident.pk, actor=oncall, now=now, version=incident.version + 1, digest="x")


def test_t1_the_retrospective_opens_when_an_escalated_incident_is_closed(
    escalated: Incident, oncall: User, now: datetime
) -> None:
    assert not Retrospective.objects.exists()
    close_incident(incident_id=escalated.pk, actor=oncall, now=now, version=escalated.version, words="Restored.")
    assert Retrospective.objects.get().due_at == now + timedelta(hours=24)


# ── who has answered ─────────────────────────────────────────────────────────────────────────────────────────────────
def _answers(incident: Incident) -> Mapping[str, str]:
    panel = escalation_panel(incident, list(incident.decisions.order_by("-number")), list(incident.steps.all()))
    assert panel is not None
    return {line.name: line.answer for line in panel.woken}


def test_x2_who_was_woken_has_opened_the_room_or_has_it(
    escalated: Incident, cto: User, ciso: User, now: datetime
) -> None:
    assert _answers(escalated) == {"ciso": "", "cto": ""}
    assert note_governor(incident=escalated, person=cto, now=now)
    assert not note_governor(incident=escalated, person=cto, now=now)
    assert _answers(escalated) == {"ciso": "", "cto": "has opened the room"}
    acknowledge_escalation(incident_id=escalated.pk, actor=ciso, now=now)
    assert _answers(escalated) == {"ciso": "has it", "cto": "has opened the room"}
    assert room_of(escalated, now).now.detail == "ciso has it."


def test_x2_having_it_lets_ones_own_phone_rest_and_nobody_elses(
    escalated: Incident, cto: User, ciso: User, now: datetime
) -> None:
    acknowledge_escalation(incident_id=escalated.pk, actor=cto, now=now)
    states = dict(escalated.steps.filter(kind="wake_by_phone").values_list("parameters__name", "state"))
    assert states == {"cto": "cancelled", "ciso": "ready"}


def test_x2_one_says_so_once(escalated: Incident, cto: User, now: datetime) -> None:
    acknowledge_escalation(incident_id=escalated.pk, actor=cto, now=now)
    with pytest.raises(HasItAlready, match="12:00:00 UTC"):
        acknowledge_escalation(incident_id=escalated.pk, actor=cto, now=now)
    assert LedgerEntry.objects.filter(kind="escalation.acknowledged").count() == 1


def test_x2_nobody_else_has_it(escalated: Incident, oncall: User, auditor: User, now: datetime) -> None:
    for person in (oncall, auditor):
        assert not note_governor(incident=escalated, person=person, now=now)
        with pytest.raises(NotPermitted):
            acknowledge_escalation(incident_id=escalated.pk, actor=person, now=now)


def test_e14_the_deputy_who_was_woken_has_it(
    incident: Incident, oncall: User, cto: User, stranger: User, now: datetime
) -> None:
    Deputy.objects.create(role="ciso", person=stranger)
    escalate(incident_id=incident.pk, actor=oncall, now=now, version=incident.version, reason=WHY)
    acknowledge_escalation(incident_id=incident.pk, actor=stranger, now=now)
    incident.refresh_from_db()
    assert _answers(incident) == {"stranger": "has it", "cto": ""}


def test_e15_the_room_says_who_must_be_called_by_hand(
    incident: Incident, oncall: User, cto: User, now: datetime, tools: Settings
) -> None:
    tools.WAKE_POLICIES = {}
    escalate(incident_id=incident.pk, actor=oncall, now=now, version=incident.version, reason=WHY)
    incident.refresh_from_db()
    panel = room_of(incident, now).escalation
    assert panel is not None
    assert {line.name or line.part: line.by_hand for line in panel.woken} == {
        "cto": "the console cannot ring this phone: no policy or number is set",
        "CISO": "nobody can fill this role",
    }


# ── the doors ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_x2_the_cto_opens_the_link_and_has_it_with_one_click(
    client: Client, escalated: Incident, cto: User, now: datetime
) -> None:
    client.force_login(cto)
    page = client.get(f"/incidents/{escalated.number}/")
    assert b"I have it" in page.content
    assert LedgerEntry.objects.filter(kind="escalation.seen", actor=cto).exists()
    assert client.post(reverse("incidents:have-it", args=[escalated.number])).status_code == 302
    assert client.post(reverse("incidents:have-it", args=[escalated.number])).status_code == 409
    assert controls_of(escalated, cto, now).now.actions == ()


def test_x2_stop_the_bleed_stays_open_and_no_second_escalation_is_offered(
    escalated: Incident, oncall: User, now: datetime
) -> None:
    controls = controls_of(escalated, oncall, now)
    assert controls.bleed_acts is not None
    assert controls.bleed_acts.allowed
    assert controls.closing is not None
    assert not controls.closing.may_escalate


@pytest.mark.django_db(transaction=True)
def test_x2_eight_press_at_once_and_seven_are_told_who_won(
    incident: Incident, oncall: User, cto: User, ciso: User
) -> None:
    address, gate = reverse("incidents:escalate", args=[incident.number]), Barrier(EIGHT)

    def press(_: int) -> Any:
        close_old_connections()
        client = Client(headers={"HX-Request": "true"})
        client.force_login(oncall)
        try:
            gate.wait(timeout=20)
            return client.post(address, {"version": incident.version, "reason": WHY})
        finally:
            connection.close()

    with ThreadPoolExecutor(EIGHT) as crowd:
        answers = list(crowd.map(press, range(EIGHT)))
    assert Counter(answer.status_code for answer in answers) == {204: 1, 409: 7}
    assert all(b"Meanwhile oncall" in answer.content for answer in answers if answer.status_code == 409)
    assert incident.steps.filter(kind="wake_by_phone").count() == 2
    assert incident.decisions.count() == 1
