"""All that people do beside the rollback: stop the bleed, wake, approve, tell the public, escalate, bring it back.

An incident that nobody's alert flagged, on customer data: nothing is pushed before both have said yes (M3).
"""

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from django.contrib.auth.models import User

from approvals.models import ApprovalRequest, Vote
from approvals.ports import Subject
from incidents.models import Change, Service, Step
from incidents.models.incident import Trigger
from incidents.models.words import StatusUpdate
from incidents.procedure.answers import QUESTIONS
from incidents.procedure.public_words import ComponentState, Phase
from incidents.procedure.steps import ENDED, StepKind, StepState
from incidents.queries import grants, words
from incidents.services import bleeding
from incidents.services.announcing import announce
from incidents.services.clock import database_now
from incidents.services.declaring import declare_incident
from incidents.services.escalating import acknowledge_escalation, escalate
from incidents.services.locking import NotInThatState, StaleView
from incidents.services.reapplying import reapply
from incidents.services.steering import NotThisStep, attest_recovery
from sandbox.drill.browser import Browser
from tests.faults.browsers import approve
from tests.faults.public import PublicWalk
from tests.faults.stage import Stage
from tests.faults.walking import await_looking

if TYPE_CHECKING:
    from sandbox.codehost.part import CodeHost
    from tests.faults.classes import Fault
    from tests.faults.judge import Verdict

TOUCHES_CUSTOMERS: Final = {"correctness_defect": "yes", "migration": "yes", "customer_data": "yes"}
ANSWERS: Final = dict.fromkeys(QUESTIONS, "no") | TOUCHES_CUSTOMERS
FLAG: Final = "loyalty-points"
TARGET: Final = "eu-1"
CALM: Final = ENDED | {StepState.WATCHING, StepState.GATED, StepState.BLOCKED}


@dataclass
class Response(PublicWalk):
    """`bystander`: somebody's pull request that is warned of while the incident is open."""

    bystander: int = 0
    browsers: dict[str, Browser] = field(default_factory=dict)

    def go(self, fault: "Fault") -> None:
        await_calm = partial(self.follow, fault, self.is_calm)
        self.stop_the_bleed()
        first = self.ask_to_say(Phase.INVESTIGATING, ComponentState.DEGRADED)
        self.decide(ANSWERS)
        fault.execute(self)
        await_calm("the bleed is stopped, and everybody is woken")
        self.answer(words.subject_of(first.pk), "P2", "ciso")
        self.answer(grants.subject_of(self.incident), "M3", "cto")
        bleeding.undrain(incident_id=self.incident.pk, actor=self.oncall, now=database_now(), target=TARGET)
        await_calm("the target serves again, since a deploy needs both")
        self.follow(fault, lambda: self.is_posted(first), "the public has been told")
        self.follow(fault, lambda: self.is_left_alone("cto"), "nobody rings whoever has answered")
        self.answer(grants.subject_of(self.incident), "M3", "dba")
        self.follow(fault, self.is_recovered, "the plan has run, and its end is attested")
        last = self.go_back_to_normal()
        await_calm("the flag is on, and the change is proposed anew")
        self.follow(fault, lambda: self.is_posted(last), "the public knows that it is over")
        self.escalate()
        await_calm("the escalation is told")
        acknowledge_escalation(incident_id=self.incident.pk, actor=self.person("ciso"), now=database_now())
        self.close()
        self.follow(fault, lambda: self.has_ended() and fault.is_through(self), "every row has ended")

    def verdict(self) -> "Verdict":
        from tests.faults.response_judge import judge_response

        return judge_response(self)

    def end(self) -> None:
        """Nobody takes the two pull requests further."""
        pulls = self.code_host.forge.pulls
        for pull in pulls.listed():
            pulls.edit(pull.number, pull.author, title=pull.title, body=pull.body, state="closed")

    @property
    def code_host(self) -> "CodeHost":
        return cast("CodeHost", self.stage.sandbox.world.parts["github"])

    # What people do

    def stop_the_bleed(self) -> None:
        who = {"incident_id": self.incident.pk, "actor": self.oncall}
        bleeding.page_on_call(**who, now=database_now(), emergency=True)
        bleeding.turn_flag_off(**who, now=database_now(), flag=FLAG)
        bleeding.drain(**who, now=database_now(), target=TARGET)
        announce(**who, now=database_now(), text="Orders are charged wrongly.")

    def answer(self, subject: Subject, rule: str, seat: str) -> None:
        """By the approver's pages. Where they break off, the person looks whether the answer is there, and answers."""
        question = ApprovalRequest.objects.about(subject).get(rule_id=rule)
        votes = Vote.objects.filter(request=question, seat=seat)

        def answered() -> bool:
            return votes.exists() or approve(lambda: self.browser(seat), question.pk, seat) or votes.exists()

        await_looking(answered, f"{seat} has answered {rule}")

    def browser(self, name: str) -> Browser:
        if name not in self.browsers:
            self.browsers[name] = Browser.signed_in(self.stage.address, name)
        return self.browsers[name]

    def go_back_to_normal(self) -> StatusUpdate:
        """The first who is asked answers before anybody's phone has rung for long."""
        who = {"incident_id": self.incident.pk, "actor": self.oncall}
        reapply(**who, now=database_now(), change_sha=self.change.sha)
        bleeding.turn_flag_on(**who, now=database_now(), flag=FLAG)
        last = self.ask_to_say(Phase.RESOLVED, ComponentState.OPERATIONAL)
        self.answer(words.subject_of(last.pk), "P2", "cto")
        return last

    def escalate(self) -> None:
        escalate(
            incident_id=self.incident.pk, actor=self.oncall, now=database_now(), version=self.version(),
            reason="Receipts that are out cannot be called back.",
        )  # fmt: skip

    def act_as_people(self) -> None:
        self.settle()
        self.review()
        self._attest()

    def _attest(self) -> None:
        step = self.step(StepKind.PROVE_RECOVERY)
        if step.state == StepState.WATCHING and step.lease is None:
            try:
                attest_recovery(self.ask_about(step), evidence="A test order is charged rightly.")
            except (NotInThatState, NotThisStep, StaleView):
                return  # a worker looks at it just now, or a late alert of the shop's is its own proof

    # What they wait for

    def is_calm(self) -> bool:
        """Nothing is on its way, and the other pull request is warned of."""
        kinds = {step.kind for step in self.steps()}
        return StepKind.FREEZE in kinds and self.plan().executed_at is not None and self._all_in(CALM)

    def is_left_alone(self, name: str) -> bool:
        calls = Step.objects.filter(incident=self.incident, kind=StepKind.WAKE_BY_PHONE, parameters__name=name)
        return all(step.state in ENDED for step in calls)

    def _all_in(self, states: frozenset[StepState]) -> bool:
        return all(step.state in states for step in self.steps())


def declare_trouble(stage: Stage) -> Response:
    """A change goes out that charges wrongly, and no alert fires; somebody's work stands open beside it."""
    since = len(stage.sandbox.journal.entries())
    sha = stage.sandbox.control("break", scenario="wrong_totals").json()["merged"][0]["sha"]
    changes = Change.objects.filter(sha=sha, assessment__isnull=False)
    await_looking(changes.exists, "the bad change is previewed")
    stage.sandbox.await_entry("deployment.succeeded", key=sha, since=since, within=120)
    oncall = User.objects.get(username="oncall")
    incident = declare_incident(
        service_id=Service.objects.get(slug="shop").pk, trigger=Trigger.REGRESSION, title="Orders are charged wrongly",
        now=database_now(), actor=oncall, change_id=changes.get().pk,
    )  # fmt: skip
    found = Response(stage, since, incident, changes.get(), oncall)
    found.bystander = _open_beside(found)
    return found


def _open_beside(walk: Response) -> int:
    forge, number = walk.code_host.forge, walk.incident.number
    forge.commit_to(f"engineer/{number}", "engineer", f"Notes on {number}", {f"notes/{number}.txt": "Later.\n"})
    return forge.pulls.open("engineer", title=f"Notes on {number}", head=f"engineer/{number}", base="master").number
