"""A plan is made of a decision, what it goes by and a service; it is never edited, only replaced (E13)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
from incidents.queries.plans import goes_by_a_fix, plan_facts, verdicts_of
from incidents.services.recording import record


@dataclass(frozen=True, slots=True)
class Basis:
    """What the branch would become, and where it comes from; empty on a path that changes no code."""

    base: str = ""
    tree: str = ""
    patch_id: str = ""
    branch: str = ""
    verdicts: Mapping[str, str] = field(default_factory=dict)


def make_plan(*, incident: Incident, decision: Decision, now: datetime) -> Plan:
    """The steps of the decided path as rows, blocked until somebody executes the plan (D6)."""
    number = incident.plans.count() + 1
    steps, basis = outline(Path(decision.path), plan_facts(decision)), _basis(incident, decision, number)
    content = content_digest(
        patch_id=basis.patch_id, verdicts=basis.verdicts, answers=Answers.from_form(decision.answers), steps=steps
    )
    plan = Plan.objects.create(
        incident=incident, decision=decision, number=number, content_digest=content, base=basis.base,
        tree=basis.tree, patch_id=basis.patch_id, branch=basis.branch, made_at=now,
        instance_digest=instance_digest(
            content=content, base=basis.base, tree=basis.tree, branch=basis.branch, steps=steps
        ),
    )  # fmt: skip
    _add_steps(plan, steps, now)
    record(
        incident, "plan.made", at=now, rule=FORMS[steps[0].kind].rule, plan=number, content=content,
        instance=plan.instance_digest, base=plan.base, tree=plan.tree, patch_id=plan.patch_id, branch=plan.branch,
        steps=[step.kind for step in steps],
    )  # fmt: skip
    return plan


def _basis(incident: Incident, decision: Decision, number: int) -> Basis:
    """A fix as a worker has read it, a revert as it was assessed, or nothing."""
    if goes_by_a_fix(decision):
        found = decision.particulars["found"]
        return Basis(found["base"], found["tree"], found["patch_id"], found["branch"], {"fix": "clean"})
    if decision.path != Path.ROLLBACK:
        return Basis()
    change = _change_of(decision)
    assessed = Assessment.objects.get(change=change)
    branch = revert_branch(incident.number, number, change.sha)
    return Basis(assessed.base, assessed.tree, assessed.patch_id, branch, verdicts_of(decision, assessed))


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
