"""One whole rollback, from the bad merge to the closed incident, as the people in it act; the machines do the rest."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from django.contrib.auth.models import User

from incidents.models import Change, Incident, Plan, Step
from incidents.procedure.answers import QUESTIONS
from incidents.procedure.steps import ENDED, WAITS_FOR_A_PERSON, IncidentState, StepKind
from incidents.services.announcing import announce
from incidents.services.clock import database_now
from incidents.services.concluding import close_incident
from incidents.services.deciding import decide
from incidents.services.executing import execute_plan
from incidents.services.steering import Asked, retry_step
from incidents.services.suspecting import suspect_change
from sandbox.testing import await_true
from tests.faults.stage import Stage

PATIENCE_SECONDS: Final = 300.0
ANSWERS: Final = dict.fromkeys(QUESTIONS, "no") | {"threshold_exceeded": "yes", "customer_impact": "yes"}


@dataclass
class Rollback:
    """A broken shop, its incident, and the hands to mend it. `since` is where its part of the journal begins."""

    stage: Stage
    since: int
    incident: Incident
    change: Change
    oncall: User
    asked: list[str] = field(default_factory=list)

    def announce(self) -> None:
        announce(incident_id=self.incident.pk, actor=self.oncall, now=database_now(), text="Checkout answers errors.")

    def decide(self) -> None:
        decide(
            incident_id=self.incident.pk, actor=self.oncall, now=database_now(), version=self._version(),
            answers=ANSWERS, path="rollback",
        )  # fmt: skip

    def execute(self) -> None:
        execute_plan(
            incident_id=self.incident.pk, actor=self.oncall, now=database_now(), version=self._version(),
            digest=self.plan().instance_digest,
        )  # fmt: skip

    def close(self) -> None:
        close_incident(incident_id=self.incident.pk, actor=self.oncall, now=database_now(), version=self._version())

    def plan(self) -> Plan:
        return Plan.objects.get(incident=self.incident, replaced_at__isnull=True)

    def steps(self) -> list[Step]:
        """All but the freeze, which lasts until the close."""
        own = Step.objects.filter(incident=self.incident).exclude(kind=StepKind.FREEZE)
        return list(own.order_by("plan", "position", "asked_at"))

    def step(self, kind: StepKind) -> Step:
        return Step.objects.get(incident=self.incident, kind=kind)

    def began(self, kind: StepKind) -> bool:
        return self.step(kind).started_at is not None

    def act_as_people(self) -> None:
        """The reviewer reviews once it is asked for; the on-call engineer retries what waits for a person."""
        for step in self.steps():
            if step.state in WAITS_FOR_A_PERSON:
                self._retry(step)
        review = self.step(StepKind.REVIEW)
        if "number" in review.evidence and review.state not in ENDED and not self._reviewed(review):
            self.stage.sandbox.control("review", number=review.evidence["number"], login="reviewer", state="APPROVED")

    def is_settled(self) -> bool:
        """Every row has ended, and the incident has recovered."""
        self.incident.refresh_from_db()
        return self.incident.state == IncidentState.RECOVERED and all(step.state in ENDED for step in self.steps())

    def _retry(self, step: Step) -> None:
        self.asked.append(f"{step.kind} {step.state}: {step.sentence}")
        incident_id, now = self.incident.pk, database_now()
        retry_step(Asked(incident_id=incident_id, step_id=step.pk, actor=self.oncall, now=now, seen=step.state))

    def _reviewed(self, review: Step) -> bool:
        key = f"{review.evidence['number']}:reviewer"
        return bool(self.stage.sandbox.journal.entries(since=self.since, effect="review.submitted", key=key))

    def _version(self) -> int:
        self.incident.refresh_from_db()
        return self.incident.version


def break_shop(stage: Stage) -> Rollback:
    """Merge a bad change: its deploy goes out, customers get errors, the alert opens the incident."""
    since = len(stage.sandbox.journal.entries())
    sha = stage.sandbox.control("break", scenario="errors").json()["merged"][0]["sha"]
    incidents = Incident.objects.filter(state=IncidentState.DECLARED, alerts__isnull=False).distinct()
    await_true(incidents.exists, "the alert opens an incident", PATIENCE_SECONDS)
    changes = Change.objects.filter(sha=sha, assessment__isnull=False)
    await_true(changes.exists, "the bad change is previewed", PATIENCE_SECONDS)
    found = Rollback(stage, since, incidents.get(), changes.get(), User.objects.get(username="oncall"))
    suspect_change(
        incident_id=found.incident.pk, reference=sha, actor=found.oncall, now=database_now(),
        version=found.incident.version,
    )  # fmt: skip
    return found


def follow(rollback: Rollback, meanwhile: Callable[[], None], is_through: Callable[[], bool]) -> None:
    """Look until every row is settled, never until nothing came for a while; AssertionError where one is stuck."""

    def settled() -> bool:
        rollback.act_as_people()
        meanwhile()
        return rollback.is_settled() and is_through()

    await_true(settled, "every row is settled", PATIENCE_SECONDS * 2)
