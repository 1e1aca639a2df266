"""The plan is executed, stopped and resumed by the one who owns the decision (D6, E16, E17)."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.decision import Plan
from incidents.models.incident import Incident
from incidents.models.step import Step
from incidents.procedure.answers import Answers
from incidents.procedure.decision import Path
from incidents.procedure.duty import Action
from incidents.procedure.gates import StepForbidden, execution_holds
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import IncidentState, StepState
from incidents.queries.duty import require
from incidents.queries.plans import plan_in_force
from incidents.services.approving import bind_grants
from incidents.services.gating import release_steps
from incidents.services.locking import StaleView, lock_incident, moved
from incidents.services.recording import record


class NothingToExecute(Refusal):
    """The decision made no plan, or its plan was replaced."""


class AlreadyStopped(Refusal):
    """The plan has been stopped."""


class NotStopped(Refusal):
    """The plan is not stopped."""


@transaction.atomic
def execute_plan(*, incident_id: UUID, actor: User, now: datetime, version: int, digest: str) -> Plan:
    """Start exactly the plan that was shown; raises `StaleView` on any other, `StepForbidden` by the rule's name.

    What people have approved is bound to it here, once; what they have not holds its step until they do (E10, M3).
    """
    incident = lock_incident(incident_id, version=version, state=IncidentState.DECIDED)
    require(actor, Action.EXECUTE, incident.service, now=now, incident=incident)
    plan = current_plan(incident)
    if plan.instance_digest != digest:
        raise StaleView("E13", "The plan is not the one this page showed. Look at it again.")
    holds = execution_holds(Answers.from_form(plan.decision.answers), path=Path(plan.decision.path))
    if holds:
        raise StepForbidden(holds[0].rule, holds[0].sentence)
    bind_grants(plan, actor=actor, now=now)
    plan.executed_at, plan.executed_by = now, actor
    plan.save(update_fields=["executed_at", "executed_by"])
    incident.state = IncidentState.EXECUTING
    moved(incident)
    record(
        incident, "plan.executed", at=now, actor=actor, rule="D6", plan=plan.number, digest=digest,
        content=plan.content_digest,
    )  # fmt: skip
    release_steps(incident=incident, now=now)
    return plan


@transaction.atomic
def stop_plan(*, incident_id: UUID, actor: User, now: datetime, version: int) -> Plan:
    """Let no further step start; what has happened stays, what watches goes on watching (E17)."""
    incident = lock_incident(incident_id, version=version, state=IncidentState.EXECUTING)
    require(actor, Action.EXECUTE, incident.service, now=now, incident=incident)
    plan = current_plan(incident)
    if plan.stopped_at:
        raise AlreadyStopped("E17", f"The plan was stopped at {plan.stopped_at:%H:%M:%S} UTC.")
    plan.stopped_at, plan.stopped_by = now, actor
    plan.save(update_fields=["stopped_at", "stopped_by"])
    Step.objects.filter(plan=plan, state=StepState.READY).update(
        state=StepState.BLOCKED, due_at=None, lease=None, sentence="The plan was stopped; what has happened stays."
    )
    moved(incident)
    record(incident, "plan.stopped", at=now, actor=actor, rule="E17", plan=plan.number)
    return plan


@transaction.atomic
def resume_plan(*, incident_id: UUID, actor: User, now: datetime, version: int) -> Plan:
    """Go on with a stopped plan: the next step asks its gate and starts."""
    incident = lock_incident(incident_id, version=version, state=IncidentState.EXECUTING)
    require(actor, Action.EXECUTE, incident.service, now=now, incident=incident)
    plan = current_plan(incident)
    if not plan.stopped_at:
        raise NotStopped("E17", "The plan is running already.")
    plan.stopped_at = plan.stopped_by = None
    plan.save(update_fields=["stopped_at", "stopped_by"])
    moved(incident)
    record(incident, "plan.resumed", at=now, actor=actor, rule="E17", plan=plan.number)
    release_steps(incident=incident, now=now)
    return plan


def current_plan(incident: Incident) -> Plan:
    """The incident's plan in force; raises `NothingToExecute` where there is none."""
    plan = plan_in_force(incident)
    if plan is None:
        raise NothingToExecute("D6", "There is no plan to execute: decide first.")
    return plan
