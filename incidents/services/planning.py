"""A plan is made of a decision, an assessment and a service; it is never edited, only replaced (E13)."""

from datetime import datetime

from incidents.models.change import Assessment, Change
from incidents.models.decision import Decision, Plan
from incidents.models.incident import Incident
from incidents.models.step import Step
from incidents.procedure.answers import Answers
from incidents.procedure.decision import Path
from incidents.procedure.planning import (
    PlannedStep,
    content_digest,
    instance_digest,
    outline,
    revert_branch,
)
from incidents.procedure.steps import FORMS, StepState
from incidents.queries.plans import rollback_facts
from incidents.services.recording import record


def make_plan(*, incident: Incident, decision: Decision, now: datetime) -> Plan:
    """The steps of the decided rollback as rows, blocked until somebody executes the plan (D6)."""
    change, number = _change_of(decision), incident.plans.count() + 1
    assessment = Assessment.objects.get(change=change)
    steps = outline(Path(decision.path), rollback_facts(incident, change))
    branch = revert_branch(incident.number, number, change.sha)
    content = content_digest(
        patch_id=assessment.patch_id, verdicts={"revert": assessment.verdict},
        answers=Answers.from_form(decision.answers), steps=steps,
    )  # fmt: skip
    plan = Plan.objects.create(
        incident=incident, decision=decision, number=number, content_digest=content, base=assessment.base,
        tree=assessment.tree, patch_id=assessment.patch_id, branch=branch, made_at=now,
        instance_digest=instance_digest(
            content=content, base=assessment.base, tree=assessment.tree, branch=branch, steps=steps
        ),
    )  # fmt: skip
    _add_steps(plan, steps, now)
    record(
        incident, "plan.made", at=now, rule="R1", plan=number, content=content, instance=plan.instance_digest,
        base=plan.base, tree=plan.tree, patch_id=plan.patch_id, branch=branch, steps=[step.kind for step in steps],
    )  # fmt: skip
    return plan


def _change_of(decision: Decision) -> Change:
    if decision.change is None:
        raise TypeError("A rollback is decided about a change.")
    return decision.change


def _add_steps(plan: Plan, steps: tuple[PlannedStep, ...], now: datetime) -> None:
    before: Step | None = None
    for position, planned in enumerate(steps, start=1):
        before = Step.objects.create(
            incident=plan.incident, plan=plan, position=position, after=before, kind=planned.kind,
            rule=FORMS[planned.kind].rule, state=StepState.BLOCKED, parameters=dict(planned.parameters),
            asked_by=plan.decision.decided_by, asked_at=now,
        )  # fmt: skip
