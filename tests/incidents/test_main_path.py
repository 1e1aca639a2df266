"""From the declaring to the released first step: each act once, in order, by the one who may."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from incidents.models import Incident, Plan, Step
from incidents.models.ledger import LedgerEntry, first_broken_entry, stream_of
from incidents.procedure.gates import StepForbidden
from incidents.procedure.steps import StepKind
from incidents.queries.duty import NotPermitted
from incidents.services.concluding import ReasonMissing, close_as_false_alarm, say_it_did_not_help
from incidents.services.deciding import decide
from incidents.services.executing import execute_plan, stop_plan
from incidents.services.locking import StaleView
from incidents.services.running import claim_step, finish_step

Fill = Callable[..., dict[str, str]]


def execute(plan: Plan, actor: User, now: datetime, *, version: int | None = None) -> Plan:
    plan.incident.refresh_from_db()
    return execute_plan(
        incident_id=plan.incident.pk, actor=actor, now=now, digest=plan.instance_digest,
        version=plan.incident.version if version is None else version,
    )  # fmt: skip


def test_d6_only_the_on_call_engineer_decides(incident: Incident, engineer: User, answers: Fill, now: datetime) -> None:
    with pytest.raises(NotPermitted) as refusal:
        decide(incident_id=incident.pk, actor=engineer, now=now, version=1, answers=answers(), path="rollback")
    assert refusal.value.rule == "D6"


def test_a_decision_to_roll_back_makes_the_steps_of_r_in_order(plan: Plan) -> None:
    kinds = list(plan.steps.in_order().values_list("kind", "rule", "state"))
    assert [rule for _, rule, _ in kinds] == ["R1", "R2", "R3", "R4", "R4", "R5"]
    assert {state for _, _, state in kinds} == {"blocked"}


def test_e19_and_d7_follow_from_the_decision_and_wait_for_nothing(plan: Plan) -> None:
    told = plan.incident.steps.of_incident_alone().values_list("rule", "state")
    assert set(told) == {("D7", "ready"), ("E19", "ready")}


def test_executing_readies_the_first_step_only(plan: Plan, oncall: User, now: datetime) -> None:
    execute(plan, oncall, now)
    assert list(plan.steps.in_order().values_list("state", flat=True)) == ["ready", *["blocked"] * 5]
    plan.incident.refresh_from_db()
    assert plan.incident.state == "executing"


def test_e16_execute_is_one_post_that_asks_for_no_fresh_proof(
    client: Client, plan: Plan, oncall: User, now: datetime
) -> None:
    client.force_login(oncall)
    longest = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": (now - longest).timestamp()}]
    session.save()
    form = {"digest": plan.instance_digest, "version": plan.incident.version}
    answer = client.post(reverse("incidents:execute", args=[plan.incident.number]), form)
    assert (answer.status_code, Incident.objects.get(pk=plan.incident_id).state) == (302, "executing")


@pytest.mark.parametrize(
    ("answered", "rule"),
    [
        ({"migration": "unknown"}, "E9"),
    ],
)
def test_what_this_release_cannot_satisfy_closes_execute_and_names_the_rule(
    incident: Incident, oncall: User, answers: Fill, now: datetime, answered: dict[str, str], rule: str
) -> None:
    given = answers(hotfix_tolerates="yes") | {"incompatible": "no"} | answered
    decide(incident_id=incident.pk, actor=oncall, now=now, version=1, answers=given, path="rollback")
    with pytest.raises(StepForbidden) as refusal:
        execute(incident.plans.get(), oncall, now)
    assert refusal.value.rule == rule


def test_a_stale_page_is_refused_and_told_who_acted(plan: Plan, oncall: User, now: datetime) -> None:
    with pytest.raises(StaleView, match="Meanwhile oncall: Decided: roll back"):
        execute(plan, oncall, now, version=1)


def test_the_next_step_is_released_when_the_one_before_is_done(plan: Plan, oncall: User, now: datetime) -> None:
    execute(plan, oncall, now)
    claim = claim_step(step_id=plan.steps.in_order()[0].pk)
    assert claim is not None
    assert finish_step(claim, sentence="Pushed.", evidence={"branch": "revert/x"})
    assert list(plan.steps.in_order().values_list("state", flat=True))[:3] == ["done", "ready", "blocked"]


def test_a_step_is_claimed_once(plan: Plan, oncall: User, now: datetime) -> None:
    execute(plan, oncall, now)
    first = plan.steps.in_order()[0]
    assert claim_step(step_id=first.pk) is not None
    assert claim_step(step_id=first.pk) is None


def test_a_worker_that_lost_its_lease_changes_nothing(plan: Plan, oncall: User, now: datetime) -> None:
    execute(plan, oncall, now)
    first = plan.steps.in_order()[0]
    stale = claim_step(step_id=first.pk)
    assert stale is not None
    Step.objects.filter(pk=first.pk).update(due_at=now - timedelta(days=1))
    fresh = claim_step(step_id=first.pk)
    assert fresh is not None
    assert fresh.token > stale.token
    assert not finish_step(stale, sentence="I was first.", evidence={})
    assert finish_step(fresh, sentence="Pushed.", evidence={"branch": "revert/x"})


def test_e17_a_stopped_plan_starts_no_further_step(plan: Plan, oncall: User, now: datetime) -> None:
    execute(plan, oncall, now)
    plan.incident.refresh_from_db()
    stop_plan(incident_id=plan.incident.pk, actor=oncall, now=now, version=plan.incident.version)
    assert claim_step(step_id=plan.steps.in_order()[0].pk) is None
    assert plan.steps.in_order()[0].state == "blocked"


def test_e17_it_did_not_help_leads_back_to_the_decision(plan: Plan, oncall: User, now: datetime) -> None:
    execute(plan, oncall, now)
    plan.incident.refresh_from_db()
    say_it_did_not_help(incident_id=plan.incident.pk, actor=oncall, now=now, version=plan.incident.version)
    plan.incident.refresh_from_db()
    assert plan.incident.state == "declared"
    assert plan.incident.suspects.get().tried_at == now
    assert set(plan.steps.values_list("state", flat=True)) == {"cancelled"}


def test_e17_a_false_alarm_needs_a_reason(incident: Incident, oncall: User, now: datetime) -> None:
    with pytest.raises(ReasonMissing):
        close_as_false_alarm(incident_id=incident.pk, actor=oncall, now=now, version=1, reason="  ")


def test_everything_done_stands_in_one_unbroken_chain(plan: Plan, oncall: User, now: datetime) -> None:
    execute(plan, oncall, now)
    stream = stream_of(plan.incident)
    entries = list(LedgerEntry.objects.filter(stream_id=stream).order_by("seq").values_list("seq", flat=True))
    assert entries == list(range(1, len(entries) + 1))
    assert first_broken_entry(stream) is None


def test_the_steps_bear_the_procedures_kinds(plan: Plan) -> None:
    assert plan.steps.filter(kind=StepKind.PUSH_REVERT, parameters__commits=[plan.decision.change.sha]).exists()
