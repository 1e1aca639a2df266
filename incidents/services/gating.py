"""From rows to the procedure's gate: may this step start now, and which steps may start by now."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db.models import F

from incidents import dispatch
from incidents.models.decision import Plan
from incidents.models.incident import Incident
from incidents.models.step import Step
from incidents.procedure.answers import Answers
from incidents.procedure.decision import Path
from incidents.procedure.gates import Gate, HoldAt, StepSituation, gate_for
from incidents.procedure.overruling import from_rows
from incidents.procedure.steps import PASSED, PUBLIC_WORDS, IncidentState, StepKind, StepState
from incidents.queries import words
from incidents.queries.grants import RULES, approvals_for, why_waiting
from incidents.queries.plans import confirmation_of
from incidents.services.clock import database_now
from incidents.services.recording import record


def gate_of(step: Step) -> Gate:
    """The procedure's answer for a step as the rows stand now; the caller holds the incident's lock."""
    return _gate(step, _given(step.plan) if step.plan else {})


def _gate(step: Step, given: Mapping[str, bool]) -> Gate:
    gate = gate_for(_situation(step, given))
    if gate.state is StepState.GATED and gate.rule in RULES and step.plan is not None:
        return replace(gate, sentence=why_waiting(step.plan, gate.rule, database_now()))
    return gate


def _given(plan: Plan) -> dict[str, bool]:
    """By rule, what people have said to the plan: M3's approval, C1's word."""
    return {**approvals_for(plan, database_now()), "C1": confirmation_of(plan.decision, "C1") is not None}


def _situation(step: Step, given: Mapping[str, bool]) -> StepSituation:
    plan, incident = step.plan, step.incident
    if plan is None and step.kind in PUBLIC_WORDS:
        return _situation_of_words(step)
    if plan is None:
        return StepSituation(kind=StepKind(step.kind), incident=IncidentState(incident.state), in_plan=False)
    reviewed = plan.steps.filter(kind=StepKind.REVIEW).first()
    return StepSituation(
        kind=StepKind(step.kind),
        incident=IncidentState(incident.state),
        in_plan=True,
        plan_is_current=plan.replaced_at is None,
        plan_is_stopped=plan.stopped_at is not None,
        plan_is_executed=plan.executed_at is not None,
        path=Path(plan.decision.path),
        answers=Answers.from_form(plan.decision.answers),
        overruled=from_rows(plan.decision.overruled),
        approvals=given,
        previous_done=step.after is None or step.after.state in PASSED,
        hold_at=HoldAt(settings.HOLD_AT),
        self_approval_recorded=bool(reviewed and reviewed.parameters.get("self_approved_by")),
        review_granted=bool(reviewed and reviewed.state == StepState.DONE),
    )


def _situation_of_words(step: Step) -> StepSituation:
    return StepSituation(
        kind=StepKind(step.kind),
        incident=IncidentState(step.incident.state),
        in_plan=False,
        approvals={"P2": words.are_approved(step)},
        previous_done=words.earlier_is_settled(step),
    )


def release_steps(*, incident: Incident, now: datetime) -> None:
    """Make every step of the plan ready whose gate has opened; runs inside the transaction that opened it."""
    waiting = Step.objects.filter(
        incident=incident, plan__replaced_at__isnull=True, state__in=[StepState.BLOCKED, StepState.GATED]
    )
    steps = list(
        waiting.select_related("plan__decision", "plan__incident", "after", "incident").order_by(F("position"))
    )
    given = _given(steps[0].plan) if steps and steps[0].plan else {}
    for step in steps:
        gate = _gate(step, given)
        if gate.open:
            ready_step(step, now)
        elif gate.state != step.state or gate.sentence != step.sentence:
            Step.objects.filter(pk=step.pk).update(state=gate.state, sentence=gate.sentence)


def ready_step(step: Step, now: datetime) -> None:
    """Due at once, written down, and a worker nudged after the commit."""
    Step.objects.filter(pk=step.pk).update(
        state=StepState.READY, due_at=now, sentence="", lease=None, call_ends_at=None
    )
    record(step.incident, "step.ready", at=now, rule=step.rule, step=step.pk, step_kind=step.kind)
    dispatch.perform_step(step.pk)
