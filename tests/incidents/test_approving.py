"""M3: the CTO and the on-call DBA approve exactly what will run, before it runs (E10, E13, E14)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from approvals.models import ApprovalRequest, Vote
from approvals.quorum import Answer
from approvals.services.consuming import expire_due
from approvals.services.voting import Authentication, ProofMissing, vote
from incidents.models import Assessment, Change, Deputy, Incident, LedgerEntry, Plan, Shift, Trigger
from incidents.queries.controls import controls_of
from incidents.queries.grants import why_waiting
from incidents.services.approving import NothingToAsk, ask_anew, continue_plan, void_outdated, waiting_incidents
from incidents.services.breaking import GlassHolds, GlassUnreviewed, break_glass
from incidents.services.concluding import close_as_false_alarm, close_incident, say_it_did_not_help
from incidents.services.deciding import decide
from incidents.services.declaring import declare_incident, merge_incidents
from incidents.services.executing import execute_plan, stop_plan
from incidents.services.questions import QuestionRefused
from incidents.services.running import claim_step
from tests.incidents.conftest import NOW

Fill = Callable[..., dict[str, str]]
CUSTOMER_DATA = {"migration": "yes", "customer_data": "yes", "incompatible": "no"}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def plan(incident: Incident, oncall: User, cto: User, dba: User, answers: Fill) -> Plan:
    """A decided rollback of a migration that touches customer data."""
    return decided(incident, oncall, answers(**CUSTOMER_DATA))


def decided(incident: Incident, actor: User, given: dict[str, str]) -> Plan:
    incident.refresh_from_db()
    decision = decide(
        incident_id=incident.pk, actor=actor, now=NOW, version=incident.version, answers=given, path="rollback"
    )
    return decision.plan


def execute(plan: Plan, actor: User) -> None:
    version = Incident.objects.get(pk=plan.incident_id).version
    execute_plan(incident_id=plan.incident_id, actor=actor, now=NOW, version=version, digest=plan.instance_digest)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The listener and the gate ask the database for the time; here it stands at `NOW`."""
    monkeypatch.setattr("incidents.receivers.database_now", lambda: NOW)
    monkeypatch.setattr("incidents.services.gating.database_now", lambda: NOW)


def question() -> ApprovalRequest:
    return ApprovalRequest.objects.order_by("-asked_at", "-id").get(state__in=["open", "granted", "refused"])


def say(person: User, seat: str, answer: Answer = Answer.APPROVE, now: datetime = NOW) -> None:
    asked = question()
    vote(
        request_id=asked.pk, actor=person, seat=seat, answer=answer, reason="read", digest=asked.digest,
        version=asked.version, now=now, authentication=Authentication("webauthn", now, fresh=True),
    )  # fmt: skip


def both(cto: User, dba: User) -> None:
    say(cto, "cto")
    say(dba, "dba")


def states(plan: Plan) -> list[str]:
    return list(plan.steps.in_order().values_list("state", flat=True))


def test_m3_the_decision_asks_the_cto_and_the_dba_at_once(plan: Plan, oncall: User) -> None:
    asked = question()
    assert [seat["role"] for seat in asked.rule_seats["seats"]] == ["cto", "dba"]
    assert (asked.rule_id, asked.asked_by, asked.content_digest) == ("M3", oncall, plan.content_digest)
    assert plan.patch_id[:12] in asked.exactly


def test_m3_a_rollback_without_customer_data_asks_nobody(incident: Incident, oncall: User, answers: Fill) -> None:
    decided(incident, oncall, answers())
    assert not ApprovalRequest.objects.exists()


def test_e10_m3_holds_the_push_until_both_have_approved(plan: Plan, oncall: User, cto: User, dba: User) -> None:
    execute(plan, oncall)
    assert states(plan) == ["gated", *["blocked"] * 5]
    say(cto, "cto")
    first = plan.steps.in_order()[0]
    assert (first.state, first.sentence) == ("gated", "Not approved yet by on-call DBA.")
    say(dba, "dba")
    assert states(plan) == ["ready", *["blocked"] * 5]


def test_m3_what_is_approved_beforehand_runs_at_once_and_is_used_once(
    plan: Plan, oncall: User, cto: User, dba: User
) -> None:
    both(cto, dba)
    assert states(plan)[0] == "blocked"
    execute(plan, oncall)
    used = ApprovalRequest.objects.get()
    assert (states(plan)[0], used.state, used.consumed_by) == ("ready", "consumed", f"plan:{plan.pk}")
    continue_plan(incident_id=plan.incident_id, now=NOW)
    assert LedgerEntry.objects.filter(kind="approval.consumed").count() == 1


def test_e10_the_switch_lets_the_push_go_and_holds_the_merge(
    plan: Plan, oncall: User, settings: object, cto: User, dba: User
) -> None:
    settings.HOLD_AT = "merge"  # type: ignore[attr-defined]  # the fixture has whatever setting there is
    execute(plan, oncall)
    steps = plan.steps.in_order()
    assert steps[0].state == "ready"
    steps.filter(position__lte=3).update(state="done", due_at=None, finished_at=NOW)
    continue_plan(incident_id=plan.incident_id, now=NOW)
    assert steps[3].state == "gated"
    both(cto, dba)
    assert steps[3].state == "ready"


def test_m3_a_refusal_holds_and_says_who_refused(plan: Plan, oncall: User, cto: User, dba: User) -> None:
    execute(plan, oncall)
    say(cto, "cto")
    say(dba, "dba", Answer.REFUSE)
    step = plan.steps.in_order()[0]
    assert (step.state, step.sentence) == ("gated", "dba refused it.")


def test_m3_the_gate_is_asked_again_at_the_claim(plan: Plan, oncall: User, cto: User, dba: User) -> None:
    both(cto, dba)
    execute(plan, oncall)
    cto.groups.clear()
    step = plan.steps.in_order()[0]
    assert claim_step(step_id=step.pk) is None
    step.refresh_from_db()
    assert (step.state, step.rule) == ("gated", "R1")
    assert step.sentence == "cto approved it and has lost the role since. Ask again."


def test_m3_the_end_of_a_shift_stops_no_running_plan(plan: Plan, oncall: User, cto: User, dba: User) -> None:
    both(cto, dba)
    execute(plan, oncall)
    Shift.objects.filter(person=dba).update(ends_at=NOW)
    assert claim_step(step_id=plan.steps.in_order()[0].pk) is not None


def test_m3_after_a_lost_role_it_is_asked_anew_and_goes_on(plan: Plan, oncall: User, cto: User, dba: User) -> None:
    both(cto, dba)
    execute(plan, oncall)
    cto.groups.clear()
    claim_step(step_id=plan.steps.in_order()[0].pk)
    other = User.objects.create_user("another")
    other.groups.add(Group.objects.get(name="cto"))
    version = Incident.objects.get(pk=plan.incident_id).version
    ask_anew(incident_id=plan.incident_id, actor=oncall, now=NOW + timedelta(seconds=1), version=version)
    both(other, dba)
    assert states(plan)[0] == "ready"


def test_m3_nobody_asks_anew_while_the_question_stands(plan: Plan, oncall: User) -> None:
    version = Incident.objects.get(pk=plan.incident_id).version
    with pytest.raises(NothingToAsk):
        ask_anew(incident_id=plan.incident_id, actor=oncall, now=NOW, version=version)


@pytest.mark.parametrize(
    ("ended", "offered"),
    [
        ({"state": "decided"}, True),
        ({"state": "executing"}, True),
        ({"state": "escalated"}, False),
        ({"state": "closed", "closed_at": NOW, "resolution": "escalated"}, False),
    ],
    ids=["decided", "executing", "escalated", "closed"],
)
def test_m3_asking_anew_and_breaking_the_glass_are_offered_where_they_are_taken(
    plan: Plan, oncall: User, settings: Any, ended: dict[str, Any], offered: bool
) -> None:
    settings.BREAK_GLASS_MINUTES = 10
    expire_due(now=NOW + timedelta(hours=5))
    Incident.objects.filter(pk=plan.incident_id).update(**ended)
    shown = controls_of(Incident.objects.get(pk=plan.incident_id), oncall, NOW + timedelta(hours=5)).plan
    assert shown is not None
    assert (shown.may_ask_anew, shown.may_break_glass) == (offered, offered)


def test_e13_a_changed_patch_voids_the_approval_and_shows_the_difference(
    plan: Plan, change: Change, oncall: User, cto: User, dba: User
) -> None:
    both(cto, dba)
    Assessment.objects.filter(change=change).update(patch_id="f" * 40, base="9" * 40)
    void_outdated(change=change, assessment=Assessment.objects.get(change=change), now=NOW)
    voided = ApprovalRequest.objects.get()
    assert voided.state == "voided"
    assert {each["where"] for each in voided.changes} >= {"content_digest", "exactly"}
    execute(plan, oncall)
    assert states(plan)[0] == "gated"


def test_e13_a_moved_base_with_the_same_patch_keeps_the_approval(
    plan: Plan, change: Change, oncall: User, cto: User, dba: User, answers: Fill
) -> None:
    both(cto, dba)
    Assessment.objects.filter(change=change).update(base="9" * 40)
    void_outdated(change=change, assessment=Assessment.objects.get(change=change), now=NOW)
    incident = Incident.objects.get(pk=plan.incident_id)
    say_it_did_not_help(incident_id=incident.pk, actor=oncall, now=NOW, version=incident.version)
    again = decided(incident, oncall, answers(**CUSTOMER_DATA))
    assert (again.content_digest, again.base) == (plan.content_digest, "9" * 40)
    assert LedgerEntry.objects.filter(kind="approval.kept").count() == 1
    execute(again, oncall)
    assert states(again)[0] == "ready"


def test_e13_another_answer_voids_and_asks_again(plan: Plan, oncall: User, cto: User, dba: User, answers: Fill) -> None:
    both(cto, dba)
    incident = Incident.objects.get(pk=plan.incident_id)
    say_it_did_not_help(incident_id=incident.pk, actor=oncall, now=NOW, version=incident.version)
    again = decided(incident, oncall, answers(**CUSTOMER_DATA, correctness_defect="yes"))
    execute(again, oncall)
    assert states(again)[0] == "gated"
    assert question().replaces == ApprovalRequest.objects.get(state="voided")


def test_m3_an_expired_grant_does_not_run(plan: Plan, oncall: User, cto: User, dba: User, settings: object) -> None:
    both(cto, dba)
    late = question().expires_at
    expire_due(now=late)
    execute(plan, oncall)
    assert states(plan)[0] == "gated"
    assert why_waiting(plan, "M3", late) == "The question has ended without an approval. Ask again, or decide again."


def test_e14_who_decided_does_not_approve_their_deputy_does(
    incident: Incident, oncall: User, dba: User, ciso: User, answers: Fill
) -> None:
    oncall.groups.add(Group.objects.get_or_create(name="cto")[0])
    Deputy.objects.create(role="cto", person=ciso)
    plan = decided(incident, oncall, answers(**CUSTOMER_DATA))
    say(ciso, "cto")
    say(dba, "dba")
    execute(plan, oncall)
    assert (states(plan)[0], ApprovalRequest.objects.get().flags) == ("ready", ["deputy"])


def test_e17_a_stopped_plan_starts_by_no_approval(plan: Plan, oncall: User, cto: User, dba: User) -> None:
    execute(plan, oncall)
    version = Incident.objects.get(pk=plan.incident_id).version
    stop_plan(incident_id=plan.incident_id, actor=oncall, now=NOW, version=version)
    both(cto, dba)
    assert states(plan)[0] == "blocked"


def test_what_the_listener_missed_the_sweep_finds(
    plan: Plan, oncall: User, cto: User, dba: User, settings: object
) -> None:
    execute(plan, oncall)
    settings.APPROVALS_LISTENER = None  # type: ignore[attr-defined]  # the web process died before it could tell
    both(cto, dba)
    assert states(plan)[0] == "gated"
    assert waiting_incidents() == [plan.incident_id]
    continue_plan(incident_id=plan.incident_id, now=NOW)
    assert states(plan)[0] == "ready"


def test_every_answer_is_an_entry_of_the_incidents_record(plan: Plan, oncall: User, cto: User, dba: User) -> None:
    both(cto, dba)
    execute(plan, oncall)
    kinds = LedgerEntry.objects.filter(incident=plan.incident_id, kind__startswith="approval.").order_by("seq")
    assert list(kinds.values_list("kind", "actor__username", "rule")) == [
        ("approval.asked", "oncall", "M3"),
        ("approval.approved", "cto", "M3"),
        ("approval.approved", "dba", "M3"),
        ("approval.consumed", "oncall", "M3"),
    ]


@pytest.mark.parametrize(
    "proof",
    [
        Authentication(),
        Authentication("password", NOW),
        Authentication("password", NOW - timedelta(minutes=5), fresh=True),
    ],
)
def test_e16_an_m3_vote_asks_for_a_fresh_proof_which_no_sign_in_is(
    plan: Plan, cto: User, proof: Authentication
) -> None:
    asked = question()
    with pytest.raises(ProofMissing) as refusal:
        vote(
            request_id=asked.pk, actor=cto, seat="cto", answer=Answer.APPROVE, reason="", digest=asked.digest,
            version=asked.version, now=NOW, authentication=proof,
        )  # fmt: skip
    assert refusal.value.rule == "E16"
    assert not Vote.objects.exists()


def break_it(plan: Plan, actor: User, reason: str = "Customers lose money each minute.") -> None:
    version = Incident.objects.get(pk=plan.incident_id).version
    break_glass(incident_id=plan.incident_id, actor=actor, now=NOW, version=version, reason=reason)


def test_m3_the_glass_holds_where_the_owner_has_not_allowed_it(plan: Plan, oncall: User) -> None:
    with pytest.raises(GlassHolds):
        break_it(plan, oncall)


def test_m3_a_broken_glass_lets_it_run_for_a_while_loudly(
    plan: Plan, oncall: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BREAK_GLASS_MINUTES = 10
    execute(plan, oncall)
    break_it(plan, oncall)
    assert states(plan)[0] == "ready"
    assert ApprovalRequest.objects.get(state="consumed").flags == ["broken glass"]
    assert plan.incident.steps.filter(kind="announce", parameters__said__startswith="Glass broken by oncall").exists()
    monkeypatch.setattr("incidents.services.gating.database_now", lambda: NOW + timedelta(minutes=10))
    assert claim_step(step_id=plan.steps.in_order()[0].pk) is None
    assert plan.steps.in_order()[0].sentence.startswith("The broken glass held until 12:10:00 UTC.")


def test_m3_glass_is_not_broken_against_a_refusal_nor_without_a_reason(
    plan: Plan, oncall: User, cto: User, settings: Any
) -> None:
    settings.BREAK_GLASS_MINUTES = 10
    with pytest.raises(QuestionRefused):
        break_it(plan, oncall, reason=" ")
    say(cto, "cto", Answer.REFUSE)
    with pytest.raises(QuestionRefused) as refusal:
        break_it(plan, oncall)
    assert "cto refused it" in refusal.value.words


def test_m3_neither_a_false_alarm_nor_a_merge_leaves_a_broken_glass_unreviewed(
    plan: Plan, oncall: User, settings: Any
) -> None:
    settings.BREAK_GLASS_MINUTES = 10
    break_it(plan, oncall)
    incident = Incident.objects.get(pk=plan.incident_id)
    with pytest.raises(GlassUnreviewed):
        close_as_false_alarm(incident_id=incident.pk, actor=oncall, now=NOW, version=incident.version, reason="A test.")
    other = declare_incident(
        service_id=incident.service_id, trigger=Trigger.REGRESSION, title="Again", now=NOW, actor=oncall
    )
    Incident.objects.filter(pk=incident.pk).update(state="declared")
    with pytest.raises(GlassUnreviewed):
        merge_incidents(incident_id=incident.pk, into_id=other.pk, actor=oncall, now=NOW, version=incident.version)


def test_m3_an_incident_closes_only_after_its_broken_glass_was_reviewed(
    plan: Plan, oncall: User, cto: User, dba: User, settings: Any
) -> None:
    settings.BREAK_GLASS_MINUTES = 10
    execute(plan, oncall)
    break_it(plan, oncall)
    Incident.objects.filter(pk=plan.incident_id).update(state="recovered", recovered_at=NOW)
    version = Incident.objects.get(pk=plan.incident_id).version
    with pytest.raises(GlassUnreviewed):
        close_incident(incident_id=plan.incident_id, actor=oncall, now=NOW, version=version)
    both(cto, dba)
    close_incident(incident_id=plan.incident_id, actor=oncall, now=NOW, version=version)
