"""What every walk has that tells the public: its words, each naming the incident, and who settles what is in doubt."""

from typing import Final

from django.contrib.auth.models import User

from incidents.models import Step
from incidents.models.words import StatusUpdate
from incidents.procedure.public_words import ComponentState, Phase
from incidents.procedure.steps import ENDED, WAITS_FOR_A_PERSON, StepKind, StepState
from incidents.services.clock import database_now
from incidents.services.drafting import Draft
from incidents.services.publishing import write_words
from incidents.services.steering import record_by_hand
from tests.faults.walking import Walk

COMPONENT: Final = "Checkout"


class PublicWalk(Walk):
    """A walk in which customers are told."""

    def person(self, name: str) -> User:
        return User.objects.get(username=name)

    def ask_to_say(self, phase: Phase, state: ComponentState) -> StatusUpdate:
        """The words name the incident, so that they are told apart on the public page."""
        number = self.incident.number
        draft = Draft(
            phase=phase, title=f"Orders are charged wrongly ({number})", message=f"We say {phase} about {number}.",
            components={COMPONENT: state}, notify=True, knowingly=True,
        )  # fmt: skip
        return write_words(incident_id=self.incident.pk, draft=draft, ask=True, actor=self.oncall, now=database_now())

    def is_posted(self, update: StatusUpdate) -> bool:
        posts = Step.objects.filter(parameters__update=str(update.pk))
        return posts.count() == len(update.audiences) and all(step.state in ENDED for step in posts)

    def settle(self) -> None:
        """Whatever waits for a person gets one."""
        for step in self.steps():
            if step.state in WAITS_FOR_A_PERSON:
                self._settle(step)

    def _settle(self, step: Step) -> None:
        """Whoever is asked looks at the public page first, and says what holds."""
        if step.state == StepState.UNKNOWN and step.kind == StepKind.POST_STATUS and self._stands_outside(step):
            self.asked.append(f"{step.kind} {step.state}: {step.sentence} It stands there, and is recorded.")
            record_by_hand(self.ask_about(step), evidence="It stands on the outside page.")
        else:
            self.retry(step)

    def _stands_outside(self, step: Step) -> bool:
        said = StatusUpdate.objects.get(pk=step.parameters["update"]).message
        return said in self.stage.sandbox.client.get("/status").text
