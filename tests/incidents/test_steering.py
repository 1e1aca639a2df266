"""What a person may do about one step, and what nobody may (R3, E11, E12, E17, E18, X2)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from incidents.models import Incident, LedgerEntry, Plan, Retrospective, Step
from incidents.procedure.gates import StepForbidden
from incidents.queries.duty import NotPermitted
from incidents.services import running, steering
from incidents.services.announcing import WordsNeedALook, announce
from incidents.services.executing import AlreadyStopped, NotStopped, resume_plan, stop_plan
from incidents.services.gating import gate_of, release_steps
from incidents.services.locking import NotInThatState
from incidents.services.steering import Asked, EvidenceMissing, NotThisStep

Put = Callable[..., Step]
Ask = Callable[..., Asked]

ENDED = ("done", "skipped", "cancelled")


@pytest.fixture
def put(executed: Plan, now: datetime) -> Put:
    """Bring a step of the executed plan into a state, and everything before it to its end."""

    def placed(kind: str, state: str, **fields: Any) -> Step:
        step = executed.steps.get(kind=kind)
        executed.steps.filter(position__lt=step.position).update(state="done", finished_at=now, due_at=None)
        due = now if state in ("ready", "running", "watching") else None
        ended = now if state in ENDED else None
        Step.objects.filter(pk=step.pk).update(state=state, due_at=due, finished_at=ended, **fields)
        return Step.objects.get(pk=step.pk)

    return placed


@pytest.fixture
def ask(oncall: User, now: datetime) -> Ask:
    def asked(step: Step, actor: User | None = None) -> Asked:
        return Asked(incident_id=step.incident_id, step_id=step.pk, actor=actor or oncall, now=now, seen=step.state)

    return asked


def state_of(plan: Plan, kind: str) -> str:
    return plan.steps.get(kind=kind).state


@pytest.mark.parametrize("state", ["failed", "unknown"])
def test_a_step_that_waits_for_a_person_is_tried_again(put: Put, ask: Ask, state: str) -> None:
    step = steering.retry_step(ask(put("open_pull_request", state, attempts=8)))
    step.refresh_from_db()
    assert (step.state, step.attempts) == ("ready", 0)


@pytest.mark.parametrize("state", ["blocked", "ready", "running", "watching", "done", "skipped", "cancelled"])
@pytest.mark.parametrize("act", ["retry", "skip"])
def test_nothing_else_is_tried_again_or_left_out(put: Put, ask: Ask, state: str, act: str) -> None:
    asked = ask(put("open_pull_request", state))
    with pytest.raises(NotInThatState):
        steering.retry_step(asked) if act == "retry" else steering.skip_step(asked, reason="not needed")


def test_a_step_left_out_with_a_reason_releases_the_next(executed: Plan, put: Put, ask: Ask) -> None:
    steering.skip_step(ask(put("push_revert", "failed")), reason="pushed by hand")
    assert (state_of(executed, "push_revert"), state_of(executed, "open_pull_request")) == ("skipped", "ready")
    assert LedgerEntry.objects.get(kind="step.skipped").data["reason"] == "pushed by hand"


def test_a_step_is_left_out_only_with_a_reason(put: Put, ask: Ask) -> None:
    with pytest.raises(EvidenceMissing):
        steering.skip_step(ask(put("push_revert", "failed")), reason=" \n")


@pytest.mark.parametrize(
    ("kind", "rule", "instead"), [("review", "R3", "self-approve"), ("prove_recovery", "R5", "attest")]
)
@pytest.mark.parametrize("state", ["failed", "unknown", "watching"])
def test_r3_and_r5_are_never_left_out(put: Put, ask: Ask, kind: str, rule: str, instead: str, state: str) -> None:
    with pytest.raises(NotThisStep, match=instead) as refusal:
        steering.skip_step(ask(put(kind, state)), reason="in a hurry")
    assert refusal.value.rule == rule


def test_r3_a_review_left_out_all_the_same_does_not_open_the_merge(executed: Plan, put: Put, now: datetime) -> None:
    merge = put("merge", "blocked")
    executed.steps.filter(kind="review").update(state="skipped")
    release_steps(incident=executed.incident, now=now)
    merge.refresh_from_db()
    assert (merge.state, gate_of(merge).rule) == ("gated", "R3")


def test_r3_a_gate_shut_at_the_claim_leaves_the_step_waiting_for_people(executed: Plan, put: Put) -> None:
    merge = put("merge", "ready")
    executed.steps.filter(kind="review").update(state="skipped")
    assert running.claim_step(step_id=merge.pk) is None
    merge.refresh_from_db()
    assert merge.state == "gated"


def test_e11_the_on_call_engineers_word_stands_in_at_once_and_is_flagged(put: Put, ask: Ask, oncall: User) -> None:
    step = steering.self_approve(ask(put("review", "watching")))
    assert step.parameters["self_approved_by"] == "oncall"
    assert LedgerEntry.objects.get(kind="step.self_approved").rule == "E11"


def test_e11_a_second_word_is_refused(put: Put, ask: Ask) -> None:
    step = steering.self_approve(ask(put("review", "watching")))
    with pytest.raises(NotInThatState, match="oncall has recorded it already"):
        steering.self_approve(ask(step))


@pytest.mark.parametrize("state", ["blocked", *ENDED])
def test_e11_there_is_no_word_before_or_after_the_review(put: Put, ask: Ask, state: str) -> None:
    with pytest.raises(NotInThatState):
        steering.self_approve(ask(put("review", state)))


@pytest.mark.parametrize("kind", ["push_revert", "merge", "prove_recovery"])
def test_e11_nothing_but_the_review_is_self_approved(put: Put, ask: Ask, kind: str) -> None:
    with pytest.raises(NotThisStep):
        steering.self_approve(ask(put(kind, "failed")))


@pytest.mark.parametrize("who", ["engineer", "reviewer", "cto", "auditor", "administrator", "stranger"])
def test_d6_nobody_but_the_on_call_engineer_steers_the_plan(
    put: Put, ask: Ask, who: str, request: pytest.FixtureRequest
) -> None:
    person = request.getfixturevalue(who)
    failed = put("push_revert", "failed")
    before = LedgerEntry.objects.count()
    acts: list[Callable[[], object]] = [
        lambda: steering.retry_step(ask(failed, person)),
        lambda: steering.skip_step(ask(failed, person), reason="x"),
        lambda: steering.record_by_hand(ask(failed, person), evidence="x", reference="b"),
        lambda: steering.self_approve(ask(failed, person)),
        lambda: steering.attest_recovery(ask(failed, person), evidence="x"),
        lambda: steering.accept_difference(ask(failed, person)),
    ]
    for act in acts:
        with pytest.raises(NotPermitted):
            act()
    assert LedgerEntry.objects.count() == before


def test_e12_recovery_is_attested_with_evidence_where_no_alert_flagged_it(executed: Plan, put: Put, ask: Ask) -> None:
    steering.attest_recovery(ask(put("prove_recovery", "watching")), evidence="A test order went through.")
    assert Incident.objects.get().state == "recovered"
    assert Retrospective.objects.get().due_at - Retrospective.objects.get().opened_at == timedelta(hours=24)


def test_e12_without_evidence_nothing_is_attested(put: Put, ask: Ask) -> None:
    with pytest.raises(EvidenceMissing):
        steering.attest_recovery(ask(put("prove_recovery", "watching")), evidence=" ")


@pytest.mark.parametrize(
    ("judged", "age", "refused"),
    [("not_yet", 5, True), ("inconclusive", 5, True), ("no_data", 5, False), ("not_yet", 120, False)],
)
def test_e12_nobody_attests_while_the_alerts_own_series_answers(
    put: Put, ask: Ask, now: datetime, judged: str, age: int, refused: bool
) -> None:
    judged_at = (now - timedelta(seconds=age)).isoformat()
    step = put("prove_recovery", "watching", evidence={"judged": judged, "judged_at": judged_at})
    if refused:
        with pytest.raises(NotThisStep, match="series answers"):
            steering.attest_recovery(ask(step), evidence="It looks fine.")
    else:
        assert steering.attest_recovery(ask(step), evidence="It looks fine.").state == "done"


@pytest.mark.parametrize("kind", ["push_revert", "review", "deploy"])
def test_e12_only_the_recovery_is_attested(put: Put, ask: Ask, kind: str) -> None:
    with pytest.raises(NotThisStep):
        steering.attest_recovery(ask(put(kind, "failed")), evidence="seen")


@pytest.mark.parametrize(
    ("kind", "reference", "found"),
    [
        ("push_revert", "my-branch", {"branch": "my-branch"}),
        ("open_pull_request", "#12", {"number": 12}),
        ("review", "12", {"number": 12}),
        ("merge", "F" * 40, {"merge_sha": "f" * 40}),
        ("deploy", "2026-05-08T12:30:00+00:00", {"deployed_at": "2026-05-08T12:30:00+00:00"}),
        ("deploy", "2026-05-08 12:30", {"deployed_at": "2026-05-08T12:30:00+00:00"}),
        ("deploy", "", {"deployed_at": "2026-05-08T12:00:00+00:00"}),
    ],
)
def test_what_was_done_by_hand_stands_with_its_evidence(
    put: Put, ask: Ask, kind: str, reference: str, found: dict[str, Any]
) -> None:
    step = steering.record_by_hand(ask(put(kind, "failed")), evidence="the terminal's output", reference=reference)
    assert (step.state, step.by_hand) == ("done", True)
    assert step.evidence == found | {"by_hand": "the terminal's output"}


@pytest.mark.parametrize(
    ("kind", "reference"),
    [("push_revert", ""), ("open_pull_request", "twelve"), ("open_pull_request", "²"), ("merge", "f" * 39),
     ("merge", "the last one"), ("deploy", "just now")],
)  # fmt: skip
def test_a_reference_that_the_next_step_cannot_build_on_is_refused(
    put: Put, ask: Ask, kind: str, reference: str
) -> None:
    with pytest.raises(EvidenceMissing):
        steering.record_by_hand(ask(put(kind, "failed")), evidence="seen", reference=reference)


@pytest.mark.parametrize("state", ["blocked", "gated", "running", *ENDED])
def test_nothing_is_recorded_by_hand_about_a_step_that_is_not_open(put: Put, ask: Ask, state: str) -> None:
    with pytest.raises(NotInThatState):
        steering.record_by_hand(ask(put("push_revert", state)), evidence="seen", reference="b")


def adopt(plan: Plan, actor: User, now: datetime, reference: str = "my-branch") -> Step:
    version = Incident.objects.get(pk=plan.incident_id).version
    return steering.adopt_outside(
        incident_id=plan.incident_id, reference=reference, actor=actor, now=now, version=version
    )


@pytest.mark.parametrize("state", ["failed", "unknown", "ready"])
def test_e18_a_revert_made_outside_is_adopted_until_ours_is_pushed(
    executed: Plan, put: Put, oncall: User, now: datetime, state: str
) -> None:
    put("push_revert", state)
    step = adopt(executed, oncall, now)
    assert (step.parameters["adopt"], step.parameters["accepted_patch"]) == ("my-branch", "")
    assert LedgerEntry.objects.get(kind="step.adopted").rule == "E18"


@pytest.mark.parametrize("state", ["running", "watching", "done"])
def test_e18_after_our_own_push_there_is_nothing_to_adopt(
    executed: Plan, put: Put, oncall: User, now: datetime, state: str
) -> None:
    put("push_revert", state)
    with pytest.raises(NotThisStep):
        adopt(executed, oncall, now)


def test_e18_what_is_adopted_has_a_name(executed: Plan, oncall: User, now: datetime) -> None:
    with pytest.raises(EvidenceMissing):
        adopt(executed, oncall, now, " ")


FOUND = {"found_branch": "my-branch", "found_patch": "e" * 40}


def test_e18_a_difference_is_accepted_knowingly(put: Put, ask: Ask) -> None:
    step = steering.accept_difference(ask(put("push_revert", "failed", evidence=FOUND)))
    assert step.parameters["accepted_patch"] == "e" * 40


@pytest.mark.parametrize(
    ("kind", "state", "evidence"),
    [("push_revert", "failed", {}), ("push_revert", "done", FOUND), ("push_revert", "ready", FOUND),
     ("merge", "failed", FOUND)],
)  # fmt: skip
def test_e18_nothing_else_is_accepted(put: Put, ask: Ask, kind: str, state: str, evidence: dict[str, str]) -> None:
    with pytest.raises(NotThisStep):
        steering.accept_difference(ask(put(kind, state, evidence=evidence)))


def stopped(plan: Plan, actor: User, now: datetime) -> Plan:
    return stop_plan(
        incident_id=plan.incident_id, actor=actor, now=now, version=Incident.objects.get(pk=plan.incident_id).version
    )


def test_e17_stop_holds_the_next_step_and_resume_starts_it(executed: Plan, oncall: User, now: datetime) -> None:
    stopped(executed, oncall, now)
    assert state_of(executed, "push_revert") == "blocked"
    with pytest.raises(AlreadyStopped):
        stopped(executed, oncall, now)
    version = Incident.objects.get().version
    resume_plan(incident_id=executed.incident_id, actor=oncall, now=now, version=version)
    assert state_of(executed, "push_revert") == "ready"
    with pytest.raises(NotStopped):
        resume_plan(incident_id=executed.incident_id, actor=oncall, now=now, version=version + 1)


@pytest.mark.parametrize("state", ["running", "watching"])
def test_e17_after_a_stop_what_is_under_way_is_looked_at_but_begins_nothing(
    executed: Plan, put: Put, oncall: User, now: datetime, state: str
) -> None:
    step = put("merge", state)
    stopped(executed, oncall, now)
    claim = running.claim_step(step_id=step.pk)
    assert claim is not None
    assert not claim.gate.open
    assert running.hold_step(claim)
    step.refresh_from_db()
    assert (step.state, step.due_at, step.lease) == ("blocked", None, None)
    assert LedgerEntry.objects.filter(kind="step.held").last().rule == "E17"


def test_e17_a_stopped_plan_starts_nothing_by_retry_or_adoption(
    executed: Plan, put: Put, ask: Ask, oncall: User, now: datetime
) -> None:
    failed = put("push_revert", "failed")
    stopped(executed, oncall, now)
    with pytest.raises(StepForbidden, match="stopped"):
        steering.retry_step(ask(failed))
    with pytest.raises(StepForbidden, match="stopped"):
        adopt(executed, oncall, now)
    assert state_of(executed, "push_revert") == "failed"


def test_the_end_of_a_shift_never_stops_a_running_plan(executed: Plan, oncall: User) -> None:
    oncall.shifts.all().delete()
    assert running.claim_step(step_id=executed.steps.get(kind="push_revert").pk) is not None


def test_one_worker_after_the_other_that_dies_in_a_step_leads_to_a_person(executed: Plan, put: Put) -> None:
    step = put("push_revert", "running", attempts=running.MOST_ATTEMPTS)
    claim = running.claim_step(step_id=step.pk)
    assert claim is not None
    assert claim.worn_out


def test_x2_an_escalation_freezes_the_plans_steps_but_not_the_words(
    executed: Plan, put: Put, ask: Ask, oncall: User, now: datetime
) -> None:
    failed, ready = put("open_pull_request", "failed"), put("review", "ready")
    executed.steps.filter(pk=failed.pk).update(state="failed", finished_at=None)
    Incident.objects.update(state="escalated")
    failed.refresh_from_db()
    assert running.claim_step(step_id=ready.pk) is None
    with pytest.raises(StepForbidden) as refusal:
        steering.retry_step(ask(failed))
    assert refusal.value.rule == "X2"
    said = announce(incident_id=executed.incident_id, actor=oncall, now=now, text="Escalated to the CISO.")
    assert running.claim_step(step_id=said.pk) is not None


@pytest.mark.parametrize("state", ["declared", "decided", "executing", "recovered", "escalated"])
def test_e3_any_engineer_tells_the_channel_in_every_open_state(
    incident: Incident, engineer: User, now: datetime, state: str
) -> None:
    Incident.objects.update(state=state)
    step = announce(incident_id=incident.pk, actor=engineer, now=now, text="Checkout answers 500.")
    assert step.parameters["text"].startswith("12:00:00 UTC") or "12:00" in step.parameters["text"]
    assert running.claim_step(step_id=step.pk) is not None


def test_s4_speculation_is_posted_only_knowingly(incident: Incident, oncall: User, now: datetime) -> None:
    words = "It is probably the database."
    with pytest.raises(WordsNeedALook):
        announce(incident_id=incident.pk, actor=oncall, now=now, text=words)
    assert announce(incident_id=incident.pk, actor=oncall, now=now, text=words, knowingly=True)


def test_the_leases_tokens_only_grow(executed: Plan, put: Put, now: datetime) -> None:
    tokens = []
    for _ in range(3):
        put("push_revert", "running")
        claim = running.claim_step(step_id=executed.steps.get(kind="push_revert").pk)
        assert claim is not None
        tokens.append(claim.token)
    assert tokens == sorted(set(tokens))
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM incidents_lease")
        assert cursor.fetchone() == (tokens[-1],)
