"""What a worker is to do: a claimed step with its plan, its service, and what the steps before it found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from incidents.effects.outcomes import Outcome
from incidents.effects.wiring import World
from incidents.models.change import Change
from incidents.models.decision import Plan
from incidents.models.incident import Incident
from incidents.models.service import Service
from incidents.models.step import Step
from incidents.procedure.steps import StepKind


@dataclass(frozen=True)
class Order:
    """One attempt at one step; `ask_lease` is called immediately before anything is sent that changes the world."""

    step: Step
    ask_lease: Callable[[], None]
    found: Mapping[StepKind, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The idempotency key that travels with the effect."""
        return str(self.step.key)

    @property
    def incident(self) -> Incident:
        return self.step.incident

    @property
    def service(self) -> Service:
        return self.step.incident.service

    @property
    def repository(self) -> str:
        return self.service.repository

    @property
    def plan(self) -> Plan:
        """The plan the step belongs to; only steps of a plan ask for it."""
        if self.step.plan is None:
            raise TypeError(f"A {self.step.kind} step belongs to no plan.")
        return self.step.plan

    @property
    def change(self) -> Change:
        """The bad change that the plan takes back."""
        if self.plan.decision.change is None:
            raise TypeError("The decision names no change.")
        return self.plan.decision.change

    @property
    def proposed(self) -> Mapping[str, Any]:
        """What the step found that names the pull request: the revert's, or the fix's."""
        return self.before(StepKind.OPEN_PULL_REQUEST) or self.before(StepKind.FIND_FIX)

    @property
    def fix_head(self) -> str:
        """The head of the fix as it was shown before it was executed; empty where the plan follows none."""
        found = self.plan.steps.filter(kind=StepKind.FIND_FIX).first()
        return str(found.parameters["head"]) if found else ""

    def before(self, kind: StepKind) -> Mapping[str, Any]:
        """The evidence of an earlier step of the plan; empty where it was skipped."""
        return self.found.get(kind, {})


class Effect(Protocol):
    """One kind of step. `look_up` asks the world whether it is so already; `act` makes it so."""

    def look_up(self, order: Order, world: World) -> Outcome | None: ...

    def act(self, order: Order, world: World) -> Outcome: ...


def order_for(step: Step, ask_lease: Callable[[], None]) -> Order:
    """The order for a claimed step, with the evidence of the steps before it in the plan."""
    found: dict[StepKind, Mapping[str, Any]] = {}
    if step.plan_id:
        earlier = Step.objects.filter(plan_id=step.plan_id, position__lt=step.position)
        found = {StepKind(kind): evidence for kind, evidence in earlier.values_list("kind", "evidence")}
    return Order(step, ask_lease, found)
