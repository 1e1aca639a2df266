"""Every path beside the rollback, one after the other, and public words that are approved by a button in the chat.

Nothing is reverted: the failing surface is isolated (M2), its hotfix found and followed, a credential rotated (C2).
"""

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from approvals.models import ApprovalRequest
from approvals.quorum import State
from incidents.effects.pressing import APPROVE
from incidents.models import Delivery, Identity, Step
from incidents.models.words import StatusUpdate
from incidents.procedure.answers import QUESTIONS
from incidents.procedure.decision import Path
from incidents.procedure.public_words import ComponentState, Phase
from incidents.procedure.steps import ENDED, StepKind
from incidents.queries import words
from incidents.services import bleeding
from incidents.services.clock import database_now
from incidents.services.concluding import decide_again, say_it_did_not_help
from sandbox.slack import direct_id, user_id
from sandbox.slack_press import buttons_of
from sandbox.vault import PAYMENT
from tests.faults.public import PublicWalk
from tests.faults.rollback import break_shop
from tests.faults.stage import Stage

if TYPE_CHECKING:
    from sandbox.slack import SlackPart
    from tests.faults.classes import Fault
    from tests.faults.judge import Verdict

FLAG: Final = "loyalty-points"
APPROVERS: Final = ("cto", "ciso")
NO: Final = dict.fromkeys(QUESTIONS, "no") | {"threshold_exceeded": "yes", "customer_impact": "yes"}
INCOMPATIBLE: Final = NO | {"migration": "yes", "incompatible": "yes", "flag_isolates": "yes"}
MENDED: Final = INCOMPATIBLE | {"hotfix_tolerates": "yes", "fix_prepared": "yes"}
DEAD_CREDENTIAL: Final = NO | {"credential_restored": "yes", "credential_still_valid": "no"}
PRESSED_AGAIN_SECONDS: Final = 3.0
"""When Slack tells whoever pressed that nobody answered."""


@dataclass
class OtherPaths(PublicWalk):
    """`rotated`: the version that people have made; `pressed`: when each person last pressed which words' button."""

    rotated: str = ""
    pressed: dict[tuple[str, str], float] = field(default_factory=dict)

    def go(self, fault: "Fault") -> None:
        first = self.ask_to_say(Phase.INVESTIGATING, ComponentState.DEGRADED)
        self.take(fault, INCOMPATIBLE, Path.ISOLATE, flag=FLAG)
        self.follow(fault, partial(self.is_approved_by_button, first, "ciso"), "the CISO's press is counted")
        self.follow(fault, self.is_recovered, "the failing surface is isolated")
        decide_again(incident_id=self.incident.pk, actor=self.oncall, now=database_now(), version=self.version())
        number = self.stage.sandbox.control("fix", scenario="errors").json()["opened"]["pull_request"]
        self.take(fault, MENDED, Path.HOTFIX, fix=str(number))
        self.follow(fault, self.is_recovered, "the hotfix is out")
        self.say_it_did_not_help()
        self.take(fault, DEAD_CREDENTIAL, Path.ROTATE_FORWARD, credential=PAYMENT)
        self.follow(fault, self.is_recovered, "the credential is rotated")
        self.go_back_to_normal(fault)
        self.close()
        self.follow(fault, lambda: self.has_ended() and fault.is_through(self), "every row has ended")

    def verdict(self) -> "Verdict":
        from tests.faults.other_paths_judge import judge_other_paths

        return judge_other_paths(self)

    def step(self, kind: StepKind) -> Step:
        """The plan's in force: an incident that is decided again has more than one."""
        return self.plan().steps.get(kind=kind)

    # What people do

    def take(self, fault: "Fault", answers: dict[str, str], path: Path, **particulars: str) -> None:
        """Decide, and execute the plan as soon as there is one: a fix is read by a worker first."""
        self.decide(answers, path, **particulars)
        self.follow(fault, self._has_plan, f"there is a plan to {path}")
        self.execute()

    def _has_plan(self) -> bool:
        return self.incident.plans.filter(replaced_at__isnull=True).exists()

    def say_it_did_not_help(self) -> None:
        say_it_did_not_help(incident_id=self.incident.pk, actor=self.oncall, now=database_now(), version=self.version())

    def go_back_to_normal(self, fault: "Fault") -> None:
        bleeding.turn_flag_on(incident_id=self.incident.pk, actor=self.oncall, now=database_now(), flag=FLAG)
        last = self.ask_to_say(Phase.RESOLVED, ComponentState.OPERATIONAL)
        self.follow(fault, partial(self.is_approved_by_button, last, "cto"), "the CTO's press is counted")
        self.follow(fault, lambda: self.is_posted(last), "the public knows that it is over")

    def act_as_people(self) -> None:
        self.settle()
        kinds = {step.kind for step in self.steps() if step.plan_id and step.state not in ENDED}
        if StepKind.REVIEW in kinds:
            self.review()
        if StepKind.ROTATE_CREDENTIAL in kinds and self.began(StepKind.ROTATE_CREDENTIAL) and not self.rotated:
            self.rotate()

    def rotate(self) -> None:
        """By the Secrets Management procedure, where the console has no hand in it."""
        told = self.stage.sandbox.control("secrets", path=PAYMENT, act="rotate").json()
        self.rotated = str(told["current_version"])

    def press(self, update: StatusUpdate, name: str) -> None:
        """The button that stands in their own conversation; again where Slack has warned that nobody answered."""
        place = (str(update.pk), name)
        if time.monotonic() - self.pressed.get(place, 0.0) < PRESSED_AGAIN_SECONDS or _unread_presses():
            return
        for message in self.messages_to(name):
            if update.message in message["text"] and buttons_of(message):
                self.pressed[place] = time.monotonic()
                where = {"channel": message["channel"], "ts": message["ts"], "action_id": APPROVE}
                self.stage.sandbox.control("slack/press", **where, person=name)

    # What they wait for

    def is_approved_by_button(self, update: StatusUpdate, name: str) -> bool:
        """Looked at, and pressed until it counts."""
        asked = ApprovalRequest.objects.about(words.subject_of(update.pk)).get(rule_id="P2")
        if asked.state == State.OPEN:
            self.press(update, name)
            return False
        return True

    def messages_to(self, name: str) -> list[dict[str, str]]:
        part = cast("SlackPart", self.stage.sandbox.world.parts["slack"])
        return [message for message in part.messages if message["channel"] == direct_id(name)]


def _unread_presses() -> bool:
    return Delivery.objects.filter(source="slack", verdict=Delivery.Verdict.RECEIVED).exists()


def break_elsewhere(stage: Stage) -> OtherPaths:
    """An alert's incident; who approves public words is known in the chat (P2)."""
    broken = break_shop(stage)
    found = OtherPaths(stage, broken.since, broken.incident, broken.change, broken.oncall)
    for name in APPROVERS:
        proved = {"login": user_id(name), "verified_at": database_now()}
        Identity.objects.update_or_create(person=found.person(name), place=Identity.Place.SLACK, defaults=proved)
    return found
