"""The step runner's changes of state: claim, renew, call, and what came of it (trust.md §1).

Rows are the truth. A claim is one conditional UPDATE by the database's clock that hands out a fencing token; every
later change is guarded by that token, so a worker that slept past its lease changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from incidents import dispatch
from incidents.models.incident import Incident
from incidents.models.step import Step
from incidents.procedure.gates import Gate
from incidents.procedure.steps import StepKind, StepState
from incidents.services.clock import database_now
from incidents.services.concluding import note_recovery
from incidents.services.gating import gate_of, release_steps
from incidents.services.guarding import note_reversion
from incidents.services.issues import note_issue
from incidents.services.reapplying import propose_reapplied
from incidents.services.recording import record
from incidents.services.retrospectives import note_registration

LEASE = timedelta(seconds=5)
MOST_ATTEMPTS = 8
LONGEST_WAIT = 20.0
WATCH_AGAIN = 5.0
SWEEP_SIZE = 100


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's hold on a step: good only while the row still carries this token."""

    step: Step
    token: int
    gate: Gate
    taken_at: datetime
    retaken: bool = False

    @property
    def worn_out(self) -> bool:
        """One worker after the other ended in the middle of it: the next one would, too."""
        return self.retaken and self.step.attempts > MOST_ATTEMPTS


class LeaseLost(Exception):
    """Another worker holds the step now; whoever gets this must change nothing more."""


class EarlierCallPending(Exception):
    """A lost attempt's call may still land; `seconds` until it cannot."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"An earlier call may still land within {seconds:.0f} s.")
        self.seconds = seconds


def due_steps(now: datetime) -> list[UUID]:
    """What the sweep must nudge: steps whose moment has come, oldest first, bounded."""
    return list(Step.objects.filter(due_at__lte=now).order_by("due_at").values_list("pk", flat=True)[:SWEEP_SIZE])


def wake_steps(*, step_ids: list[UUID]) -> None:
    """News from outside: steps that watch the world look again at once, unless somebody is looking right now."""
    woken = Step.objects.filter(pk__in=step_ids, state=StepState.WATCHING, lease__isnull=True)
    woken.update(due_at=database_now())
    for step_id in step_ids:
        dispatch.perform_step(step_id)


@transaction.atomic
def claim_step(*, step_id: UUID) -> Claim | None:
    """Take a due step, asking its gate once more under the incident's lock; None where there is nothing to do."""
    incident = Incident.objects.locked().filter(steps__pk=step_id).first()
    if incident is None:
        return None
    step = Step.objects.select_related("plan", "incident__service").get(pk=step_id)
    before, now = step.state, database_now()
    if before not in (StepState.READY, StepState.RUNNING, StepState.WATCHING):
        return None
    gate = gate_of(step)
    if not gate.open and before == StepState.READY:
        _hold(step, gate, now)
        return None
    token = _take(step_id)
    if token is None:
        return None
    step.refresh_from_db()
    if before != StepState.WATCHING:
        record(
            incident, "step.started", at=now, rule=step.rule, step=step.pk, step_kind=step.kind, attempt=step.attempts
        )
    return Claim(step, token, gate, now, retaken=before == StepState.RUNNING)


def _take(step_id: UUID) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE incidents_step SET lease = nextval('incidents_lease'),"
            " due_at = clock_timestamp() + make_interval(secs => %s),"
            " attempts = attempts + CASE WHEN state = 'watching' THEN 0 ELSE 1 END,"
            " state = CASE WHEN state = 'watching' THEN state ELSE 'running' END,"
            " started_at = COALESCE(started_at, clock_timestamp())"
            " WHERE id IN (SELECT id FROM incidents_step WHERE id = %s AND due_at <= clock_timestamp()"
            " FOR UPDATE SKIP LOCKED) RETURNING lease",
            [LEASE.total_seconds(), step_id],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _hold(step: Step, gate: Gate, now: datetime) -> None:
    Step.objects.filter(pk=step.pk).update(state=gate.state, due_at=None, lease=None, sentence=gate.sentence)
    record(step.incident, "step.held", at=now, rule=gate.rule, step=step.pk, step_kind=step.kind, words=gate.sentence)


def hold_step(claim: Claim) -> bool:
    """The gate was shut at the claim and the effect has not taken place: it waits for the gate (E17, M3)."""
    with transaction.atomic():
        Incident.objects.locked().get(pk=claim.step.incident_id)
        held = Step.objects.select_for_update().filter(pk=claim.step.pk, lease=claim.token).exists()
        if held:
            _hold(claim.step, claim.gate, database_now())
        return held


def renew_lease(claim: Claim) -> bool:
    """Push the lease on while the worker lives; False once somebody else holds the step."""
    return _guarded(claim, "due_at = clock_timestamp() + make_interval(secs => %s)", [LEASE.total_seconds()])


def open_call(claim: Claim, *, lasts: timedelta, may_land_late: bool) -> None:
    """Ask the lease again immediately before the call; raises `LeaseLost` where it is gone or has lapsed.

    An effect that can only be looked up is not repeated before a lost attempt's own deadline has passed
    (settled.md, Lease): `EarlierCallPending` says how long.
    """
    pending = _earlier_call_pending(claim)
    if pending is not None:
        raise EarlierCallPending(pending)
    ends = "clock_timestamp() + make_interval(secs => %s)" if may_land_late else "NULL"
    values = [LEASE.total_seconds()] + ([lasts.total_seconds()] if may_land_late else [])
    change = f"due_at = clock_timestamp() + make_interval(secs => %s), call_ends_at = {ends}"
    held = _guarded(claim, change, values, "AND due_at > clock_timestamp()")
    if not held:
        raise LeaseLost(f"Step {claim.step.pk} is no longer held by token {claim.token}.")


def call_may_have_landed(claim: Claim) -> bool:
    """Whether something was sent under this claim that cannot be told apart from a second one."""
    return Step.objects.filter(pk=claim.step.pk, lease=claim.token, call_ends_at__isnull=False).exists()


def _earlier_call_pending(claim: Claim) -> float | None:
    """Seconds left. Nought where it ended while this claim looked: what it did may lie behind that look."""
    ends_at = Step.objects.filter(pk=claim.step.pk).values_list("call_ends_at", flat=True).first()
    if ends_at is None or ends_at <= claim.taken_at:
        return None
    return max(0.0, (ends_at - database_now()).total_seconds())


def _guarded(claim: Claim, change: str, values: list[float], condition: str = "") -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE incidents_step SET {change} WHERE id = %s AND lease = %s {condition}",  # noqa: S608 - own literals
            [*values, claim.step.pk, claim.token],
        )
        return bool(cursor.rowcount == 1)


def finish_step(claim: Claim, *, sentence: str, evidence: Mapping[str, Any], url: str = "") -> bool:
    """The effect took place: the step is done, what waits for it is released, recovery is noted (R5)."""
    with transaction.atomic():
        now = database_now()
        if not _settle(claim, StepState.DONE, now, sentence=sentence, evidence=evidence, url=url):
            return False
        complete_step(claim.step, now)
    return True


def complete_step(step: Step, now: datetime) -> None:
    """What follows a step that has ended well, by machine or by hand: the next is released."""
    if step.kind == StepKind.PROVE_RECOVERY:
        note_recovery(incident=step.incident, now=now)
    note_reversion(step, now)
    propose_reapplied(step, now)
    note_registration(step, now)
    note_issue(step, now)
    release_steps(incident=step.incident, now=now)


def watch_step(claim: Claim, *, sentence: str, seconds: float, evidence: Mapping[str, Any], url: str = "") -> bool:
    """The act is done and the world is being asked; look again in `seconds`. Only a new sentence is news."""
    with transaction.atomic():
        now = database_now()
        wake = now + timedelta(seconds=seconds)
        return _settle(claim, StepState.WATCHING, now, sentence=sentence, evidence=evidence, url=url, due_at=wake)


def postpone_step(claim: Claim, *, words: str, seconds: float | None = None, in_doubt: bool = False) -> bool:
    """A passing failure: look up and try again by itself, later each time, until a person is asked."""
    if claim.step.attempts >= MOST_ATTEMPTS:
        return fail_step(claim, words=f"{words} Tried {claim.step.attempts} times.")
    with transaction.atomic():
        now = database_now()
        watching = claim.step.state == StepState.WATCHING
        state = StepState.WATCHING if watching else StepState.READY
        wait = seconds or (WATCH_AGAIN if watching else min(LONGEST_WAIT, 0.5 * 2**claim.step.attempts))
        sentence = f"{words} Trying again in {wait:.0f} s."
        return _settle(claim, state, now, sentence=sentence, due_at=now + timedelta(seconds=wait), in_doubt=in_doubt)


def fail_step(claim: Claim, *, words: str, evidence: Mapping[str, Any] | None = None) -> bool:
    """It did not take place, and trying again would not help: a person decides."""
    with transaction.atomic():
        return _settle(claim, StepState.FAILED, database_now(), sentence=words, evidence=evidence)


def doubt_step(claim: Claim, *, words: str) -> bool:
    """Nobody can tell whether it took place: shown as unknown, never repeated by itself."""
    with transaction.atomic():
        return _settle(claim, StepState.UNKNOWN, database_now(), sentence=words)


def _settle(
    claim: Claim,
    state: StepState,
    now: datetime,
    *,
    sentence: str,
    evidence: Mapping[str, Any] | None = None,
    url: str = "",
    due_at: datetime | None = None,
    in_doubt: bool = False,
) -> bool:
    incident = Incident.objects.locked().get(pk=claim.step.incident_id)
    step = Step.objects.select_for_update().filter(pk=claim.step.pk, lease=claim.token).first()
    if step is None:
        return False
    news = (step.state, step.sentence) != (state, sentence)
    step.state, step.sentence, step.due_at, step.lease = state, sentence, due_at, None
    step.call_ends_at = step.call_ends_at if in_doubt else None
    step.evidence = {**step.evidence, **(evidence or {})}
    step.url = url or step.url
    step.finished_at = now if state == StepState.DONE else None
    step.save()
    claim.step.state = state
    if news:
        kind = "step.postponed" if state == StepState.READY else f"step.{state}"
        record(
            incident, kind, at=now, rule=step.rule, step=step.pk, step_kind=step.kind, words=sentence,
            evidence=dict(evidence or {}), url=step.url,
        )  # fmt: skip
    if due_at is not None and due_at <= now:
        dispatch.perform_step(step.pk)
    return True
