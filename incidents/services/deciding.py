"""The on-call engineer decides (D6): the answers, the advice as shown, the path taken, and the plan made of it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents import dispatch
from incidents.models.change import Assessment, Change
from incidents.models.decision import Decision, Plan
from incidents.models.incident import Incident
from incidents.procedure.answers import Answers
from incidents.procedure.decision import Advice, Choice, Path, advise, check_choice
from incidents.procedure.duty import Action
from incidents.procedure.overruling import Overruled, as_rows, overruled_by, require_reason
from incidents.procedure.particulars import read_particulars
from incidents.procedure.refusals import Refusal
from incidents.procedure.rules import PROCEDURE_VERSION
from incidents.procedure.steps import IncidentState
from incidents.queries.duty import require
from incidents.queries.findings import found_in
from incidents.queries.grants import subject_of
from incidents.queries.plans import asks_for_credential, goes_by_a_fix
from incidents.queries.switches import current_switches
from incidents.services.approving import ask_about
from incidents.services.governing import hand_to_the_plan
from incidents.services.locking import lock_incident, moved
from incidents.services.planning import make_plan
from incidents.services.questions import lock_questions, take_back
from incidents.services.recording import record
from incidents.services.telling import tell_of_decision


class NoSuspect(Refusal):
    """A rollback takes one change back: it must be named first."""


class NoPathChosen(Refusal):
    """The decision names one of the procedure's paths."""


class NotRevertible(Refusal):
    """The named change cannot be reverted from this branch."""


REVERTIBLE = (Assessment.Verdict.CLEAN, Assessment.Verdict.CONFLICT, Assessment.Verdict.ALREADY_UNDONE)


@transaction.atomic
def decide(
    *,
    incident_id: UUID,
    actor: User,
    now: datetime,
    version: int,
    answers: Mapping[str, str],
    path: str,
    reason: str = "",
    particulars: Mapping[str, str] | None = None,
) -> Decision:
    """Record the decision and make its plan; raises what the procedure refuses, naming rule and what is missing.

    A fix is read by a worker first, which makes the plan (`fixing.settle_fix`); `particulars` are what the path goes
    by, as typed: `fix`, `flag`, `credential`.
    """
    incident = lock_incident(incident_id, version=version, state=IncidentState.DECLARED)
    require(actor, Action.DECIDE, incident.service, now=now, incident=incident)
    lock_questions(subject_of(incident))
    given = Answers.from_form(answers)
    choice = check_choice(given, _path(path), reason)
    named = read_particulars(
        choice.path, particulars or {}, repository=incident.service.repository, flags=incident.service.flags
    )
    change = _change_to_revert(incident) if choice.path is Path.ROLLBACK else _chosen(incident)
    overruled = _overruled(given, change, choice)
    decision = enter_decision(
        incident, given, choice, actor=actor, now=now, change=change, particulars=named, overruled=as_rows(overruled)
    )
    _record(incident, decision, now, actor)
    plan = _go_on(incident, decision, now)
    if choice.path is Path.ESCALATE:
        hand_to_the_plan(incident=incident, decision=decision, now=now, actor=actor)
    else:
        incident.state = IncidentState.DECIDED
        tell_of_decision(incident=incident, decision=decision, plan=plan, now=now, actor=actor)
    moved(incident)
    return decision


def enter_decision(
    incident: Incident, given: Answers, choice: Choice, *, actor: User, now: datetime, **other: Any
) -> Decision:
    """The row of a decision, with the advice as shown and the switches of this moment; its caller records it."""
    return Decision.objects.create(
        incident=incident, number=incident.decisions.count() + 1, answers=given.by_field(),
        advice=advice_as_shown(advise(given)), path=choice.path, against_advice=choice.against_advice,
        reason=choice.reason, decided_by=actor, decided_at=now, procedure_version=PROCEDURE_VERSION,
        switches=current_switches(), **other,
    )  # fmt: skip


def _go_on(incident: Incident, decision: Decision, now: datetime) -> Plan | None:
    """The plan at once, or as soon as a worker has read the fix; what a machine can say to C1 is asked for."""
    plan = _plan_at_once(incident, decision, now)
    if plan and decision.path == Path.ROLLBACK:
        ask_about(plan, now=now)
    else:
        take_back(subject_of(incident), now=now, why="decided otherwise")
    if asks_for_credential(decision):
        dispatch.look_up_credential(decision.pk)
    return plan


def _plan_at_once(incident: Incident, decision: Decision, now: datetime) -> Plan | None:
    if goes_by_a_fix(decision):
        dispatch.look_up_fix(decision.pk)
        return None
    return None if decision.path == Path.ESCALATE else make_plan(incident=incident, decision=decision, now=now)


def _overruled(given: Answers, change: Change | None, choice: Choice) -> tuple[Overruled, ...]:
    """What the console found and these answers set aside; only a rollback rests on it."""
    if choice.path is not Path.ROLLBACK:
        return ()
    overruled = overruled_by(given, found_in(Assessment.objects.filter(change=change).first()))
    require_reason(overruled, choice.reason)
    return overruled


def _path(named: str) -> Path:
    if named not in list(Path):
        raise NoPathChosen("D6", "Choose what to do: roll back, or one of the other paths that are open.")
    return Path(named)


def _chosen(incident: Incident) -> Change | None:
    suspect = incident.suspects.select_related("change").filter(chosen=True).first()
    return suspect.change if suspect else None


def _change_to_revert(incident: Incident) -> Change:
    change = _chosen(incident)
    if change is None:
        raise NoSuspect("R1", "Name the change that a rollback takes back; then decide.")
    assessment = Assessment.objects.filter(change=change).first()
    if assessment is None:
        raise NotRevertible("R1", "The console is still reading this change. Decide in a moment, or name another.")
    if assessment.verdict not in REVERTIBLE:
        raise NotRevertible("R1", f"{assessment.words} Name another change.")
    return change


def advice_as_shown(advice: Advice) -> dict[str, Any]:
    """The advice as plain data, kept beside the decision so that it can be replayed under the same version."""
    return {
        "recommended": advice.recommended,
        "open_paths": list(advice.open_paths),
        "reasons": [asdict(reason) for reason in advice.reasons],
        "closed": {path: asdict(closure) for path, closure in advice.closed.items()},
        "needs": [asdict(need) for need in advice.needs],
    }


def _record(incident: Incident, decision: Decision, now: datetime, actor: User) -> None:
    record(
        incident, "decision.taken", at=now, actor=actor, role="on-call engineer", rule="D6", path=decision.path,
        answers=decision.answers, advice=decision.advice, against_advice=decision.against_advice,
        reason=decision.reason, change=decision.change.sha if decision.change else None,
        procedure=decision.procedure_version, switches=decision.switches, particulars=decision.particulars,
        overruled=decision.overruled,
    )  # fmt: skip
