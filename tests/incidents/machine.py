"""Incidents in every order of events: people, approvals, content, time, dying and sleeping workers, beside a reckoning.

Real rows and the real services; the outside and the clock are simulated. Whatever is not a refusal fails the machine.
"""

import contextlib
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from approvals.models import ApprovalRequest
from approvals.quorum import Answer
from approvals.refusals import Refusal as NotApproved
from approvals.services.consuming import expire_due
from approvals.services.voting import Authentication, vote, withdraw_vote
from incidents.effects import performing
from incidents.models import (
    Assessment,
    Change,
    Incident,
    Plan,
    Service,
    Shift,
    StatusUpdate,
    Step,
    Trigger,
)
from incidents.models.ledger import stream_of
from incidents.procedure.answers import QUESTIONS
from incidents.procedure.refusals import Refusal
from incidents.services import executing, steering
from incidents.services.approving import ask_anew, continue_plan, void_outdated, waiting_incidents
from incidents.services.assessing import Verdict, record_assessment
from incidents.services.concluding import close_as_false_alarm, close_incident, decide_again, say_it_did_not_help
from incidents.services.deciding import decide
from incidents.services.declaring import declare_incident
from incidents.services.drafting import Draft
from incidents.services.escalating import escalate
from incidents.services.publishing import approval_heard, unheard_answers, write_words
from incidents.services.running import due_steps
from tests.incidents import reckoning
from tests.incidents.invariants import ROLLBACK, Kept
from tests.incidents.outside import Clock, Died, Outside
from tests.incidents.reckoning import ANSWERS, Reckoning

OWN, OTHER = "d" * 40, "e" * 40
PEOPLE = ("oncall", "cto", "chief", "dba", "ciso")
SEATS = ("cto", "dba", "ciso")
MOMENTS = ("claimed", "looked", "asked", "acted")
SHOWN = ["review", "deploy", "prove_recovery"]
FAULTS = ("", "", "refuses", "is down", "loses the answer", "late")
decided = st.sampled_from([*reckoning.ASK_M3, "plain"])
some_person, some_kind = st.sampled_from(PEOPLE), st.sampled_from([*ROLLBACK[:2], *ROLLBACK])


class Incidents(Kept):
    """`self.known` is the reckoning; `self.outside` is what the world has seen."""

    def __init__(self, people: dict[str, User], service: Service) -> None:
        super().__init__()
        self.people, self.service = people, service
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.clock, self.declared = Clock(service.created), 0  # type: ignore[attr-defined]

    @initialize(hold_at=st.sampled_from(["push", "push", "merge"]), answers=decided, turns=st.integers(0, 12))
    def begin(self, hold_at: str = "push", answers: str = "customer data", turns: int = 0) -> None:
        """Something breaks, and the night has come some turns further: what is drawn next meets it on its way."""
        now = self.clock.now
        self.listening, self.ended, self.seen_seq, self.seen = True, dict[UUID, str](), 0, ""
        self.head, self.done, self.contents = "", Counter[str](), dict[str, object]()
        settings.HOLD_AT = hold_at
        self.declared += 1
        self.change = Change.objects.create(
            service=self.service, sha=f"{self.declared:040x}", kind="merge", commits=[f"{self.declared:040x}"],
            title="Loyalty points", author="engineer", merged_at=now,
        )  # fmt: skip
        Assessment.objects.create(
            change=self.change, base="a" * 40, verdict="clean", tree="c" * 40, patch_id=OWN, words="", computed_at=now
        )
        self.outside = Outside(self.clock, OWN)
        performing.effect_of.outside = self.outside  # type: ignore[attr-defined]
        roles = {name: {name} & {"cto", "dba", "ciso"} for name in self.people} | {"chief": {"cto"}}
        for name, held in roles.items():
            self.people[name].groups.set(Group.objects.filter(name__in=held))
        Shift.objects.filter(seat="dba").update(ends_at=now + timedelta(days=365))
        self.known = Reckoning(hold_at, roles, now)
        made = declare_incident(
            service_id=self.service.pk, trigger=Trigger.REGRESSION, title="Checkout answers 500", now=now,
            actor=self.people["oncall"], change_id=self.change.pk,
        )  # fmt: skip
        self.incident_id, self.stream = made.pk, stream_of(made)
        self.the_rollback_goes_on(answers, turns)

    @precondition(lambda self: self.known.state in ("escalated", "closed"))
    @rule(hold_at=st.sampled_from(["push", "merge"]), answers=decided, turns=st.integers(0, 12))
    def something_else_breaks(self, hold_at: str, answers: str, turns: int) -> None:
        self.begin(hold_at, answers, turns)

    @rule(answers=decided, turns=st.sampled_from([1, 2, 3, 5]))
    def the_rollback_goes_on(self, answers: str, turns: int) -> None:
        """The next thing that is done on a quiet night, and the next."""
        for _ in range(turns):
            question = self.known.question
            lacking = [seat for seat in ("cto", "dba") if question and all(v.seat != seat for v in question.votes)]
            if self.known.state == "declared":
                self.somebody_decides(answers)
            elif lacking and self.known.dba_on_shift:
                self.somebody_votes(lacking[0], lacking[0])
            elif self.known.state == "decided":
                self.somebody_executes()
            else:
                self.outside.shows.update(SHOWN)  # type: ignore[arg-type]
                self.a_worker_works()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)
        connection.run_on_commit.clear()

    # ── what people do ───────────────────────────────────────────────────────────────────────────────────────────

    def tries(self, act: Callable[..., Any], /, **given: Any) -> bool:
        """Whether it was done: a refusal is a no; anything else that is raised is a defect."""
        try:
            with transaction.atomic():
                act(**given)
        except (Refusal, NotApproved):
            return False
        finally:
            self.known.now = self.clock.now
        return True

    def acts(self, act: Callable[..., Any], *, stale: bool = False, who: str = "oncall", **given: Any) -> bool:
        """An act on the incident as a whole, from the page as it is, or as it was one act ago."""
        version = Incident.objects.values_list("version", flat=True).get(pk=self.incident_id)
        done = self.tries(
            act, incident_id=self.incident_id, actor=self.people[who], now=self.clock.now, version=version - stale,
            **given,
        )  # fmt: skip
        assert not (done and stale), "an act from a stale page"
        assert not (done and who != "oncall"), f"{who} did what is the on-call engineer's (D6)"
        return done

    @precondition(lambda self: self.known.state == "declared")
    @rule(answers=st.sampled_from([*ANSWERS, *reckoning.ASK_M3 * 3]), escalates=st.sampled_from([False] * 9 + [True]))
    def somebody_decides(self, answers: str, escalates: bool = False) -> None:
        plain = dict.fromkeys(QUESTIONS, "no") | {"threshold_exceeded": "yes", "customer_impact": "yes"}
        path = "escalate" if escalates else "rollback"
        done = self.acts(decide, answers=plain | ANSWERS[answers], path=path, reason="because")
        refused = any(vote.says == "refuse" for question in self.known.questions for vote in question.votes)
        assert done or refused or reckoning.why_not_this_path(answers, path), f"{path} with {answers} leads to a wall"
        if done:
            assert self.known.state == "declared"
            assert not reckoning.why_not_this_path(answers, path), f"{path} with {answers}"
            self._decided(answers, path)
        self.hear()

    def _decided(self, answers: str, path: str) -> None:
        if path == "escalate":
            self._escalated()
            return
        self.known.state = "decided"
        made = Plan.objects.get(incident=self.incident_id, replaced_at__isnull=True)
        content = (self.outside_patch_known(), answers, self.change.pk)
        assert self.contents.setdefault(made.content_digest, content) == content, "one digest for two contents"
        plan = reckoning.Plan(answers, content, made.number)
        self.known.plans.append(plan)
        self.known.asks(plan, "oncall")

    def outside_patch_known(self) -> str:
        return Assessment.objects.values_list("patch_id", flat=True).get(change=self.change)

    @rule(stale=st.sampled_from([False] * 5 + [True]), other=st.sampled_from([False] * 5 + [True]),
          who=st.sampled_from(["oncall"] * 5 + ["engineer"]))  # fmt: skip
    def somebody_executes(self, stale: bool = False, other: bool = False, who: str = "oncall") -> None:
        plan = Plan.objects.filter(incident=self.incident_id, replaced_at__isnull=True).first()
        shown = "0" * 64 if other or plan is None else plan.instance_digest
        if self.acts(executing.execute_plan, digest=shown, stale=stale, who=who):
            assert not other, "another plan than the one shown"
            assert self.known.state == "decided"
            assert self.known.plan
            assert self.known.plan.answers != "not looked", "E9: nobody has looked at the migration"
            self.known.plan.executed, self.known.state = True, "executing"
            self.known.binds()
        self.hear()

    @rule()
    def somebody_stops(self) -> None:
        if self.acts(executing.stop_plan):
            assert self.known.state == "executing"
            self._plan().stopped = True
        self.hear()

    @rule()
    def somebody_resumes(self) -> None:
        if self.acts(executing.resume_plan):
            assert self._plan().stopped
            self._plan().stopped = False
        self.hear()

    def _plan(self) -> reckoning.Plan:
        assert self.known.plan, "there is no plan"
        return self.known.plan

    @rule(again=st.booleans())
    def it_did_not_help(self, again: bool = False) -> None:
        at_work = Step.objects.filter(
            incident=self.incident_id, plan__replaced_at__isnull=True, plan__isnull=False, state="running",
            due_at__gt=self.clock.now,
        ).exists()  # fmt: skip
        if self.acts(decide_again if again else say_it_did_not_help):
            assert not at_work, "a plan was replaced while a step of it was at work"
            assert self.known.state in (("decided",) if again else ("decided", "executing", "recovered"))
            if self.known.plan:
                self._retire()
            self.known.state = "declared"
        self.incident().suspects.update(chosen=True)
        self.hear()

    def _retire(self) -> None:
        if self.known.plan:
            self.known.plan.replaced = True

    def _escalated(self) -> None:
        self.known.state = "escalated"
        for question in self.known.questions:
            question.ended = True

    @precondition(lambda self: len(self.outside.happened) % 3 == 2)
    @rule()
    def somebody_escalates(self) -> None:
        done = self.acts(escalate, reason="the data are gone")
        assert done == (self.known.state not in ("escalated", "closed")), "X2: anybody may call for help at any time"
        if done:
            self._escalated()
        self.hear()

    @precondition(lambda self: self.known.plans)
    @rule(false_alarm=st.booleans())
    def somebody_closes(self, false_alarm: bool = False) -> None:
        act = partial(close_as_false_alarm, reason="nothing") if false_alarm else partial(close_incident, words="done")
        if self.acts(act):
            assert self.known.state in (("declared", "decided") if false_alarm else ("recovered", "escalated"))
            if false_alarm:
                self._retire()
            self.known.state = "closed"
            for question in self.known.questions:
                question.ended = True
        self.hear()

    @rule()
    def somebody_asks_anew(self) -> None:
        if self.acts(ask_anew):
            assert self.known.question is None
            self.known.asks(self._plan(), "oncall")
        self.hear()

    # ── what people do about a step ──────────────────────────────────────────────────────────────────────────────

    @rule(kind=some_kind, act=st.sampled_from(["retry", "skip", "record", "attest", "self-approve"]))
    def somebody_steers(self, kind: str, act: str) -> None:
        step = Step.objects.filter(incident=self.incident_id, plan__replaced_at__isnull=True, kind=kind).first()
        if step is None:
            return
        asked = steering.Asked(
            incident_id=self.incident_id, step_id=step.pk, actor=self.people["oncall"], now=self.clock.now,
            seen=step.state,
        )  # fmt: skip
        if self.tries(partial(STEERING[act], asked)):
            self._steered(step, act)
        self.hear()

    def _steered(self, step: Step, act: str) -> None:
        stuck = step.state in ("failed", "unknown")
        allowed = {
            "retry": stuck and not self._why_not(step),
            "skip": stuck and step.kind not in ("review", "prove_recovery"),
            "record": step.state in ("ready", "watching", "failed", "unknown") and step.kind != "prove_recovery",
            "attest": step.kind == "prove_recovery" and not self._series_answers(step),
            "self-approve": step.kind == "review",
        }
        assert allowed[act], f"{act} of {step.kind}, which is {step.state}"
        if act in ("skip", "record", "attest"):
            self.known.by_people.add(step.pk)
        if act == "self-approve":
            self.outside.shows.add(step.kind)
        if act == "attest" and self.known.state == "executing":
            self.known.state = "recovered"

    def _series_answers(self, step: Step) -> bool:
        return self.outside.said_by_series and bool(step.evidence.get("judged_at"))

    # ── what approvers do ────────────────────────────────────────────────────────────────────────────────────────

    @rule(person=some_person, seat=st.sampled_from(SEATS), says=st.sampled_from(["approve"] * 4 + ["refuse"]),
          public=st.sampled_from([False] * 4 + [True]), old=st.sampled_from([False] * 6 + [True]))  # fmt: skip
    def somebody_votes(
        self, person: str, seat: str, says: str = "approve", public: bool = False, old: bool = False
    ) -> None:
        asked, question = self._asked(public=public)
        if asked is None:
            return
        done = self.tries(
            vote, request_id=asked.pk, actor=self.people[person], seat=seat, answer=Answer(says), reason="read",
            digest="0" * 64 if old else asked.digest, version=asked.version, now=self.clock.now,
            authentication=Authentication("webauthn", self.clock.now, fresh=True),
        )  # fmt: skip
        if done:
            assert question is not None, "a vote on what is over"
            assert not old, "a vote on other content"
            assert person != question.asker, "the asker votes (E14)"
            assert seat in question.seats
            assert seat in self.known.roles[person], f"{person} has no seat as {seat}"
            question.votes.append(reckoning.Vote(person, seat, says))
        self.hear()

    @rule(person=some_person, public=st.sampled_from([False] * 4 + [True]))
    def somebody_withdraws(self, person: str, public: bool = False) -> None:
        asked, question = self._asked(public=public)
        if asked is None:
            return
        done = self.tries(
            withdraw_vote, request_id=asked.pk, actor=self.people[person], version=asked.version, now=self.clock.now
        )
        if done:
            assert question is not None
            own = [each for each in question.votes if each.person == person and not each.withdrawn]
            own[-1].withdrawn = True
        self.hear()

    def _asked(self, *, public: bool) -> tuple[ApprovalRequest | None, reckoning.Question | None]:
        updates = StatusUpdate.objects.filter(incident=self.incident_id).values_list("pk", flat=True)
        about = [str(pk) for pk in updates] if public else [str(self.incident_id)]
        row = ApprovalRequest.objects.filter(subject_id__in=about).order_by("-asked_at", "-id").first()
        return row, self.known.public if public else self.known.question

    # ── public words ─────────────────────────────────────────────────────────────────────────────────────────────

    @rule(message=st.sampled_from(["Some orders fail.", "Cards fail."]), ask=st.sampled_from([True, True, False]))
    def the_lead_writes(self, message: str, ask: bool = True) -> None:
        work = StatusUpdate.objects.filter(incident=self.incident_id, state__in=["draft", "asked", "refused"]).first()
        draft = Draft(
            phase="investigating", title="Disruption", message=message, update_id=work.pk if work else None,
            version=work.version if work else 0, knowingly=True,
        )  # fmt: skip
        done = self.tries(
            write_words, incident_id=self.incident_id, draft=draft, ask=ask, actor=self.people["oncall"],
            now=self.clock.now,
        )  # fmt: skip
        if done:
            written = StatusUpdate.objects.filter(incident=self.incident_id).latest("drafted_at")
            content = written.as_words().digest
            self.known.words = self.known.words if self.known.words and self.known.words.approved else None
            self.known.words = self.known.words or reckoning.Words(content)
            expires = self.clock.now + reckoning.EXPIRES_AFTER
            asked = reckoning.Question(content, "oncall", expires, ("cto", "ciso"), every=False)
            self.known.public = asked if ask else None
        self.hear()

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────

    @rule(seconds=st.sampled_from([1, 6, 6, 30, 600, 5 * 3600]))
    def time_passes(self, seconds: int) -> None:
        self.clock.pass_(seconds)
        self.known.now = self.clock.now

    @rule(person=st.sampled_from(["cto", "dba", "ciso", "chief"]), role=st.sampled_from(["cto", "dba"]))
    def a_role_is_lost_or_given(self, person: str, role: str) -> None:
        held = self.known.roles[person]
        (held.discard if role in held else held.add)(role)
        self.people[person].groups.set(Group.objects.filter(name__in=held))

    @rule()
    def the_shift_of_the_dba_ends(self) -> None:
        Shift.objects.filter(seat="dba").update(ends_at=self.clock.now)
        self.known.dba_on_shift = False

    @rule(other=st.booleans())
    def the_branch_moves(self, other: bool = True) -> None:
        """E13: the same patch on a moved base keeps what was approved; another patch voids it."""
        self.outside.patch = OTHER if other else OWN
        found = record_assessment(
            change=self.change, now=self.clock.now,
            verdict=Verdict(base=f"{self.known.now:%H%M%S}".ljust(40, "f"), verdict="clean", words="", tree="c" * 40,
                            patch_id=self.outside.patch),
        )  # fmt: skip
        void_outdated(change=self.change, assessment=found, now=self.clock.now)
        plan, question = self.known.plan, self.known.question
        if plan and question and question.content == plan.content and plan.content[0] != self.outside.patch:  # type: ignore[index]
            question.ended = question.ended or self.clock.now < question.expires_at
        self.hear()

    @rule(deaf=st.booleans())
    def the_listener_is_lost_or_back(self, deaf: bool) -> None:
        self.listening = not deaf

    @rule()
    def the_sweep_comes(self) -> None:
        expire_due(now=self.clock.now)
        for incident_id in waiting_incidents():
            continue_plan(incident_id=incident_id, now=self.clock.now)
        for update_id in unheard_answers():
            approval_heard(update_id=update_id, now=self.clock.now)
        self._answers_are_used()
        self.hear()

    def hear(self) -> None:
        """What was to happen after the commit happens: the listener wakes, unless the process died before it could."""
        while connection.run_on_commit:
            told, connection.run_on_commit = connection.run_on_commit, []
            for _, heard, _ in told if self.listening else ():
                heard()
            if self.listening:
                self._answers_are_used()

    def _answers_are_used(self) -> None:
        self.known.binds()
        public, words = self.known.public, self.known.words
        if public and words and not public.ended and (approvers := self.known.granted(public)):
            self.known.words = reckoning.Words(str(public.content), approvers, str(public.content))
            public.ended = True

    # ── what workers do ──────────────────────────────────────────────────────────────────────────────────────────

    @rule(fault=st.sampled_from(FAULTS), dies=st.sampled_from(["", "", *MOMENTS]))
    def a_worker_works(self, fault: str = "", dies: str = "") -> None:
        """At whatever is due; the first step at which something befalls it befalls it there."""
        self.outside.fault = fault
        if dies:
            self.outside.hooks[dies] = _die
        for step_id in due_steps(self.clock.now):
            self.performs(step_id)
        self.outside.hooks.clear()
        self.outside.fault = ""

    @rule(moment=st.sampled_from(MOMENTS))
    def a_worker_oversleeps(self, moment: str) -> None:
        """Frozen past its lease at that moment, while another worker takes over; then it wakes and goes on."""
        for step_id in [each for each in due_steps(self.clock.now) if self._is_in_plan(each)][:1]:
            self.outside.hooks[moment] = partial(self._another_takes_over, step_id)
            self.performs(step_id)
        self.outside.hooks.clear()

    def _another_takes_over(self, step_id: UUID) -> None:
        self.time_passes(6)
        self.outside.shows.update(SHOWN)
        self.performs(step_id)

    @rule(moment=st.sampled_from(MOMENTS), act=st.sampled_from(["stop", "no help", "escalate"]))
    def somebody_acts_while_a_worker_works(self, moment: str, act: str) -> None:
        """What was begun before the word is not torn away; nothing else is begun."""
        meanwhile = {"stop": self.somebody_stops, "no help": self.it_did_not_help, "escalate": self.somebody_escalates}
        for step_id in [each for each in due_steps(self.clock.now) if self._is_in_plan(each)][:1]:
            self.outside.hooks[moment] = meanwhile[act]
            self.performs(step_id)
        self.outside.hooks.clear()

    def _is_in_plan(self, step_id: UUID) -> bool:
        return Step.objects.filter(pk=step_id, plan__isnull=False).exists()

    @rule(kind=st.sampled_from(SHOWN))
    def the_world_shows(self, kind: str) -> None:
        self.outside.shows.add(kind)  # type: ignore[arg-type]

    @rule()
    def the_series_speaks(self) -> None:
        self.outside.said_by_series = True

    def performs(self, step_id: UUID) -> None:
        """One attempt, judged by what the procedure says at this moment, which is that of its claim."""
        step = Step.objects.select_related("after", "plan").get(pk=step_id)
        self.outside.verdicts.append(self._why_not(step))
        with contextlib.suppress(Died):
            performing.perform(step_id, self.outside)  # type: ignore[arg-type]
        self.outside.verdicts.pop()
        step.refresh_from_db(fields=["state"])
        if step.kind == "prove_recovery" and step.state == "done" and self.known.state == "executing":
            self.known.state = "recovered"
        self.hear()

    def _why_not(self, step: Step) -> str:
        plan = next((each for each in self.known.plans if step.plan and each.number == step.plan.number), None)
        reviewed = step.plan is None or step.plan.steps.filter(kind="review", state="done").exists()
        before = step.after is None or step.after.state in ("done", "skipped")
        digest_ = str(step.parameters.get("digest", ""))
        return self.known.why_not(step.kind, plan, before_done=before, reviewed=reviewed, digest=digest_)


def _die() -> None:
    raise Died


STEERING: dict[str, Callable[..., Any]] = {
    "retry": steering.retry_step,
    "skip": partial(steering.skip_step, reason="not needed"),
    "record": partial(steering.record_by_hand, evidence="seen", reference="1" * 40),
    "attest": partial(steering.attest_recovery, evidence="seen"),
    "self-approve": steering.self_approve,
}
