"""What a person may do about one step: retry, skip, record by hand, self-approve, attest, adopt (E11, E12, E18)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents import dispatch
from incidents.models.incident import Incident
from incidents.models.step import Step
from incidents.procedure.duty import Action
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import (
    LEARNING,
    PUBLIC_WORDS,
    WAITS_FOR_A_PERSON,
    IncidentState,
    StepKind,
    StepState,
    may_move,
)
from incidents.queries.duty import require
from incidents.queries.steps import series_answers
from incidents.services.concluding import note_recovery
from incidents.services.gating import gate_of, ready_step, release_steps
from incidents.services.guarding import note_reversion
from incidents.services.locking import NotInThatState, StaleView, lock_incident
from incidents.services.recording import record
from incidents.services.retrospectives import note_registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks for something about which step, and the state that the page showed (compare-and-set)."""

    incident_id: UUID
    step_id: UUID
    actor: User
    now: datetime
    seen: str


ADOPTABLE = (StepState.FAILED, StepState.UNKNOWN, StepState.READY, StepState.BLOCKED)
AFTER_THE_END = (Action.DRAFT_STATUS, Action.WRITE_RETROSPECTIVE)
NEVER_SKIPPED = (StepKind.FIND_FIX, StepKind.ISOLATE, StepKind.ROTATE_CREDENTIAL)
UNDER_REVIEW = (StepState.READY, StepState.RUNNING, StepState.WATCHING, StepState.FAILED, StepState.UNKNOWN)


class EvidenceMissing(Refusal):
    """What a person did by hand is recorded with what proves it."""


class NotThisStep(Refusal):
    """That cannot be done to a step of this kind."""


def _take(asked: Asked, action: Action) -> Step:
    """The step under the incident's lock, in the state its page showed; compare-and-set for every act on a step."""
    incident = lock_incident(asked.incident_id)
    if not incident.is_open and action not in AFTER_THE_END:
        raise NotInThatState("E17", "The incident is closed.")
    require(asked.actor, action, incident.service, now=asked.now, incident=incident)
    found = Step.objects.select_for_update(of=("self",)).select_related("incident__service", "plan__decision", "after")
    step = found.get(pk=asked.step_id, incident=incident)
    if step.state != asked.seen:
        raise StaleView(step.rule, f"The step is {step.state} by now: {step.sentence or 'look at it again.'}")
    return step


def _move(step: Step, state: StepState, *, sentence: str, now: datetime) -> None:
    if step.state == StepState.RUNNING:
        raise NotInThatState(step.rule, "A worker is at it right now. Wait a moment, and look at what came of it.")
    if not may_move(StepState(step.state), state):
        raise NotInThatState(step.rule, f"A step that is {step.state} cannot become {state}.")
    ended = state in (StepState.DONE, StepState.SKIPPED, StepState.CANCELLED)
    step.state, step.sentence, step.due_at, step.lease, step.call_ends_at = state, sentence, None, None, None
    step.finished_at = now if ended else None
    step.save()


@transaction.atomic
def retry_step(asked: Asked) -> Step:
    """Try again: the world is looked at first, so nothing is done twice."""
    step = _take(asked, _action(asked))
    _require_stuck(step, "retry")
    step.attempts, step.started_at = 0, None
    step.save(update_fields=["attempts", "started_at"])
    record(
        step.incident,
        "step.retried",
        at=asked.now,
        actor=asked.actor,
        rule=step.rule,
        step=step.pk,
        step_kind=step.kind,
    )
    gate_of(step).check()
    ready_step(step, asked.now)
    return step


def _require_stuck(step: Step, what: str) -> None:
    if step.state not in WAITS_FOR_A_PERSON:
        raise NotInThatState(step.rule, f"The step is {step.state}: there is nothing to {what}.")


@transaction.atomic
def skip_step(asked: Asked, *, reason: str) -> Step:
    """Leave a failed or doubtful step out, with a reason; a review and a proof of recovery are never skipped."""
    if not reason.strip():
        raise EvidenceMissing("E17", "Say why the step is skipped: it stands in the record.")
    step = _take(asked, _action(asked))
    if step.kind == StepKind.PROVE_RECOVERY:
        raise NotThisStep("R5", "Recovery is not skipped: attest it with evidence.")
    if step.kind == StepKind.PUBLISH_STATUS:
        raise NotThisStep("P1", "The console's own page is not skipped: try again, or take the words back.")
    if step.kind == StepKind.REVIEW:
        raise NotThisStep("R3", "A review is not skipped: self-approve instead, where no other reviewer is available.")
    if step.kind in NEVER_SKIPPED:
        raise NotThisStep(step.rule, "The plan is made of this step: do it by hand and record it, or decide again.")
    _require_stuck(step, "skip")
    _move(step, StepState.SKIPPED, sentence=f"Skipped: {reason.strip()}", now=asked.now)
    record(
        step.incident, "step.skipped", at=asked.now, actor=asked.actor, rule=step.rule, step=step.pk,
        step_kind=step.kind, reason=reason.strip(),
    )  # fmt: skip
    release_steps(incident=step.incident, now=asked.now)
    return step


@transaction.atomic
def record_by_hand(asked: Asked, *, evidence: str, reference: str = "") -> Step:
    """A person did it outside the console: its evidence stands for the effect, and what follows builds on `reference`.

    The reference is the branch (R1), the pull request's number (R2, R3, D5), the merge's sha (R4), the version (C2).
    """
    if not evidence.strip():
        raise EvidenceMissing("E18", "Paste what proves it: an address, the command's output, a sentence.")
    step = _take(asked, _action(asked))
    if step.kind == StepKind.PROVE_RECOVERY:
        raise NotThisStep("R5", "Recovery is attested, not recorded: use that form.")
    if step.kind == StepKind.PUBLISH_STATUS:
        raise NotThisStep("P1", "Only the console writes its own page: try again.")
    step.evidence = {**step.evidence, **_reference(step, reference.strip(), asked.now), "by_hand": evidence.strip()}
    step.by_hand = True
    _move(step, StepState.DONE, sentence=f"Done by hand by {asked.actor.username}.", now=asked.now)
    record(
        step.incident, "step.recorded_by_hand", at=asked.now, actor=asked.actor, rule=step.rule, step=step.pk,
        step_kind=step.kind, evidence=evidence.strip(), reference=reference.strip(),
    )  # fmt: skip
    note_reversion(step, asked.now)
    note_registration(step, asked.now)
    release_steps(incident=step.incident, now=asked.now)
    return step


def _reference(step: Step, reference: str, now: datetime) -> dict[str, object]:
    match StepKind(step.kind):
        case StepKind.PUSH_REVERT:
            return {"branch": _given(step, reference, "the branch")}
        case StepKind.OPEN_PULL_REQUEST | StepKind.REVIEW | StepKind.FIND_FIX:
            number = _given(step, reference, "the pull request's number").lstrip("#")
            if not number.isdecimal():
                raise EvidenceMissing(step.rule, f"“{reference}” is no pull request's number.")
            return {"number": int(number)}
        case StepKind.MERGE:
            return {"merge_sha": _full_sha(step, _given(step, reference, "the merge's full sha"))}
        case StepKind.ISOLATE:
            return {"read_back_at": now.isoformat()}
        case StepKind.ROTATE_CREDENTIAL:
            version = _given(step, reference, "the new version, as Secrets Management calls it")
            return {"version": version, "rotated_at": now.isoformat()}
        case StepKind.DEPLOY:
            return {"deployed_at": _moment(step, reference).isoformat() if reference else now.isoformat()}
        case _:
            return {}


def _given(step: Step, reference: str, what: str) -> str:
    if not reference:
        raise EvidenceMissing(step.rule, f"Name {what}: the steps after this one build on it.")
    return reference


def _full_sha(step: Step, reference: str) -> str:
    sha = reference.lower()
    if len(sha) not in (40, 64) or not all(digit in "0123456789abcdef" for digit in sha):
        raise EvidenceMissing(step.rule, f"“{reference[:70]}” is no full commit id.")
    return sha


def _moment(step: Step, reference: str) -> datetime:
    try:
        at = datetime.fromisoformat(reference)
    except ValueError:
        raise EvidenceMissing(step.rule, f"“{reference[:40]}” is no moment: 2026-05-08T12:00:00+00:00.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@transaction.atomic
def self_approve(asked: Asked) -> Step:
    """The on-call engineer's word that no other reviewer is available, recorded at once and flagged (R3, E11)."""
    step = _take(asked, Action.SELF_APPROVE)
    if step.kind != StepKind.REVIEW:
        raise NotThisStep("R3", "Only the review can be self-approved.")
    if step.state not in UNDER_REVIEW:
        raise NotInThatState("R3", f"The review is {step.state}: there is nothing to self-approve.")
    if step.parameters.get("self_approved_by"):
        raise NotInThatState("E11", f"{step.parameters['self_approved_by']} has recorded it already.")
    step.parameters = {
        **step.parameters,
        "self_approved_by": asked.actor.username,
        "self_approved_at": asked.now.isoformat(),
    }
    if step.state == StepState.WATCHING:
        step.due_at = asked.now
    step.save(update_fields=["parameters", "due_at"])
    record(
        step.incident,
        "step.self_approved",
        at=asked.now,
        actor=asked.actor,
        rule="E11",
        step=step.pk,
        step_kind=step.kind,
    )
    if step.state in WAITS_FOR_A_PERSON:
        ready_step(step, asked.now)
    dispatch.perform_step(step.pk)
    return step


@transaction.atomic
def attest_recovery(asked: Asked, *, evidence: str) -> Step:
    """The on-call engineer attests the recovery with evidence, where no alert can prove it (E12)."""
    if not evidence.strip():
        raise EvidenceMissing("E12", "Say what shows the recovery: a dashboard, a test order, a customer's word.")
    step = _take(asked, Action.EXECUTE)
    if step.kind != StepKind.PROVE_RECOVERY:
        raise NotThisStep("E12", "Only the recovery is attested.")
    if series_answers(step, asked.now):
        raise NotThisStep("E12", "The alert's own series answers: recovery is proved on it, not attested.")
    step.evidence = {**step.evidence, "attested": evidence.strip(), "attested_by": asked.actor.username}
    step.by_hand = True
    _move(step, StepState.DONE, sentence=f"Attested by {asked.actor.username}: {evidence.strip()}", now=asked.now)
    record(
        step.incident, "step.attested", at=asked.now, actor=asked.actor, rule="E12", step=step.pk, step_kind=step.kind,
        evidence=evidence.strip(),
    )  # fmt: skip
    note_recovery(incident=step.incident, now=asked.now)
    return step


@transaction.atomic
def adopt_outside(*, incident_id: UUID, reference: str, actor: User, now: datetime, version: int) -> Step:
    """Take a revert made outside, by its branch, commit or pull request; it is compared before it counts (E18)."""
    if not reference.strip():
        raise EvidenceMissing("E18", "Name the branch, the commit or the pull request that holds the revert.")
    incident = lock_incident(incident_id, version=version, state=IncidentState.EXECUTING)
    require(actor, Action.EXECUTE, incident.service, now=now, incident=incident)
    step = _push_step(incident)
    return _adopt(step, actor, now, adopt=reference.strip(), accepted_patch="")


def _push_step(incident: Incident) -> Step:
    found = Step.objects.select_related("incident__service", "plan__decision", "after").filter(
        incident=incident, plan__replaced_at__isnull=True, kind=StepKind.PUSH_REVERT, state__in=ADOPTABLE
    )
    step = found.first()
    if step is None:
        raise NotThisStep("E18", "The revert is pushed already, or just being pushed: there is nothing to adopt.")
    return step


@transaction.atomic
def accept_difference(asked: Asked) -> Step:
    """Adopt knowingly what was found, although it differs from the preview: a resolved conflict, for one (E18)."""
    step = _take(asked, Action.EXECUTE)
    found = step.evidence.get("found_patch")
    if step.kind != StepKind.PUSH_REVERT or step.state not in WAITS_FOR_A_PERSON or not found:
        raise NotThisStep("E18", "There is nothing found outside to accept.")
    return _adopt(step, asked.actor, asked.now, adopt=step.evidence["found_branch"], accepted_patch=found)


def _adopt(step: Step, actor: User, now: datetime, *, adopt: str, accepted_patch: str) -> Step:
    step.parameters = {**step.parameters, "adopt": adopt, "accepted_patch": accepted_patch}
    step.attempts = 0
    step.save(update_fields=["parameters", "attempts"])
    record(
        step.incident, "step.adopted", at=now, actor=actor, rule="E18", step=step.pk, step_kind=step.kind,
        branch=adopt, accepted_patch=accepted_patch,
    )  # fmt: skip
    gate_of(step).check()
    ready_step(step, now)
    return step


def _action(asked: Asked) -> Action:
    step = Step.objects.get(pk=asked.step_id)
    if step.kind in PUBLIC_WORDS:
        return Action.DRAFT_STATUS
    if step.kind in LEARNING:
        return Action.WRITE_RETROSPECTIVE
    return Action.EXECUTE if step.plan_id else Action.STOP_THE_BLEED
