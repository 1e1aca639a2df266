"""What every walk has: its part of the journal, its incident, its rows, and an on-call engineer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from django.contrib.auth.models import User

from incidents.models import Change, Incident, Plan, Step
from incidents.procedure.decision import Path
from incidents.procedure.steps import ENDED, IncidentState, StepKind
from incidents.services.clock import database_now
from incidents.services.concluding import close_incident
from incidents.services.deciding import decide
from incidents.services.executing import execute_plan
from incidents.services.steering import Asked, retry_step
from sandbox.testing import await_true
from tests.faults.stage import Stage

if TYPE_CHECKING:
    from tests.faults.classes import Fault
    from tests.faults.judge import Verdict

PATIENCE_SECONDS: Final = 300.0
LOOK_SECONDS: Final = 0.1


@dataclass
class Walk:
    """An incident from its beginning to its end, under one class of fault.

    `since`: where its part of the journal begins; `asked`: what people were asked, in the step's own words.
    """

    stage: Stage
    since: int
    incident: Incident
    change: Change
    oncall: User
    asked: list[str] = field(default_factory=list)

    def go(self, fault: "Fault") -> None:
        """Everything people do; AssertionError where it does not come to its end."""
        raise NotImplementedError

    def act_as_people(self) -> None:
        """What people do at every look."""
        raise NotImplementedError

    def follow(self, fault: "Fault", holds: Callable[[], bool], what: str) -> None:
        """Look, act as people do, and go on when it holds."""

        def looked() -> bool:
            self.act_as_people()
            fault.meanwhile(self)
            return holds()

        await_looking(looked, what)

    def verdict(self) -> "Verdict":
        """What is to be said against it."""
        raise NotImplementedError

    def end(self) -> None:
        """After a clean run: leave the stage as it was found."""

    def steps(self) -> list[Step]:
        return list(Step.objects.filter(incident=self.incident).order_by("plan", "position", "asked_at"))

    def step(self, kind: StepKind) -> Step:
        return Step.objects.get(incident=self.incident, kind=kind)

    def began(self, kind: StepKind) -> bool:
        return any(step.kind == kind and step.started_at for step in self.steps())

    def plan(self) -> Plan:
        return Plan.objects.get(incident=self.incident, replaced_at__isnull=True)

    def decide(self, answers: dict[str, str], path: Path = Path.ROLLBACK, **particulars: str) -> None:
        decide(
            incident_id=self.incident.pk, actor=self.oncall, now=database_now(), version=self.version(),
            answers=answers, path=path, particulars=particulars,
        )  # fmt: skip

    def execute(self) -> None:
        execute_plan(
            incident_id=self.incident.pk, actor=self.oncall, now=database_now(), version=self.version(),
            digest=self.plan().instance_digest,
        )  # fmt: skip

    def close(self) -> None:
        close_incident(incident_id=self.incident.pk, actor=self.oncall, now=database_now(), version=self.version())

    def version(self) -> int:
        self.incident.refresh_from_db()
        return self.incident.version

    def ask_about(self, step: Step) -> Asked:
        """What the on-call engineer asks for, about a step as it is shown."""
        incident_id, now = self.incident.pk, database_now()
        return Asked(incident_id=incident_id, step_id=step.pk, actor=self.oncall, now=now, seen=step.state)

    def retry(self, step: Step) -> None:
        """A person reads the sentence, and presses *retry*."""
        self.asked.append(f"{step.kind} {step.state}: {step.sentence}")
        retry_step(self.ask_about(step))

    def review(self) -> None:
        """The reviewer reviews once it is asked for."""
        review = self.step(StepKind.REVIEW)
        if "number" in review.evidence and review.state not in ENDED and not self._reviewed(review):
            self.stage.sandbox.control("review", number=review.evidence["number"], login="reviewer", state="APPROVED")

    def is_recovered(self) -> bool:
        self.incident.refresh_from_db()
        return self.incident.state == IncidentState.RECOVERED

    def has_ended(self) -> bool:
        return all(step.state in ENDED for step in self.steps())

    def _reviewed(self, review: Step) -> bool:
        key = f"{review.evidence['number']}:reviewer"
        return bool(self.stage.sandbox.journal.entries(since=self.since, effect="review.submitted", key=key))


def await_looking(holds: Callable[[], bool], what: str, within: float = PATIENCE_SECONDS) -> None:
    """Look now and again until it holds, never until nothing came for a while; AssertionError where it never does."""
    await_true(holds, what, within, every=LOOK_SECONDS)


def begin(stage: Stage, kind: str) -> Walk:
    """The walk that a class of fault is done to."""
    from tests.faults.other_paths import break_elsewhere
    from tests.faults.response import declare_trouble
    from tests.faults.responses import RESPONSES
    from tests.faults.rollback import break_shop
    from tests.faults.turns import TURNS

    if kind in TURNS:
        return break_elsewhere(stage)
    return declare_trouble(stage) if kind in RESPONSES else break_shop(stage)
