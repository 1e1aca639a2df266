"""One whole rollback, from the bad merge to the closed incident, as the people in it act; the machines do the rest."""

from typing import TYPE_CHECKING, Final

from django.contrib.auth.models import User

from incidents.models import Change, Incident, Step
from incidents.procedure.answers import QUESTIONS
from incidents.procedure.steps import WAITS_FOR_A_PERSON, IncidentState, StepKind
from incidents.services.announcing import announce
from incidents.services.clock import database_now
from incidents.services.suspecting import suspect_change
from tests.faults.stage import Stage
from tests.faults.walking import PATIENCE_SECONDS, Walk, await_looking

if TYPE_CHECKING:
    from tests.faults.classes import Fault
    from tests.faults.judge import Verdict

ANSWERS: Final = dict.fromkeys(QUESTIONS, "no") | {"threshold_exceeded": "yes", "customer_impact": "yes"}


class Rollback(Walk):
    """A broken shop, its incident, and the hands to mend it."""

    def go(self, fault: "Fault") -> None:
        self.announce()
        self.decide(ANSWERS)
        fault.execute(self)

        def settled() -> bool:
            self.act_as_people()
            fault.meanwhile(self)
            return self.is_settled() and fault.is_through(self)

        await_looking(settled, "every row is settled", PATIENCE_SECONDS * 2)

    def verdict(self) -> "Verdict":
        from tests.faults.judge import judge

        return judge(self)

    def end(self) -> None:
        self.close()

    def announce(self) -> None:
        announce(incident_id=self.incident.pk, actor=self.oncall, now=database_now(), text="Checkout answers errors.")

    def steps(self) -> list[Step]:
        """All but the freeze, which lasts until the close."""
        return [step for step in super().steps() if step.kind != StepKind.FREEZE]

    def act_as_people(self) -> None:
        """The reviewer reviews; the on-call engineer retries what waits for a person."""
        for step in self.steps():
            if step.state in WAITS_FOR_A_PERSON:
                self.retry(step)
        self.review()

    def is_settled(self) -> bool:
        """Every row has ended, and the incident has recovered."""
        return self.is_recovered() and self.has_ended()


def break_shop(stage: Stage) -> Rollback:
    """Merge a bad change: its deploy goes out, customers get errors, the alert opens the incident."""
    since = len(stage.sandbox.journal.entries())
    sha = stage.sandbox.control("break", scenario="errors").json()["merged"][0]["sha"]
    incidents = Incident.objects.filter(state=IncidentState.DECLARED, alerts__isnull=False).distinct()
    await_looking(incidents.exists, "the alert opens an incident")
    changes = Change.objects.filter(sha=sha, assessment__isnull=False)
    await_looking(changes.exists, "the bad change is previewed")
    found = Rollback(stage, since, incidents.get(), changes.get(), User.objects.get(username="oncall"))
    suspect_change(
        incident_id=found.incident.pk, reference=sha, actor=found.oncall, now=database_now(),
        version=found.incident.version,
    )  # fmt: skip
    return found
