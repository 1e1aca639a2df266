"""PROCEDURE.md said a second time, in plain terms: what people did, and what may therefore happen. Calls no rule."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

ANSWERS = {
    "plain": {},
    "customer data": {"migration": "yes", "customer_data": "yes"},
    "customer data, and wrong": {"migration": "yes", "customer_data": "yes", "correctness_defect": "yes"},
    "nobody knows the table": {"migration": "yes", "customer_data": "unknown"},
    "incompatible": {"migration": "yes", "incompatible": "yes", "hotfix_tolerates": "yes"},
    "perhaps incompatible": {"migration": "yes", "incompatible": "unknown", "flag_isolates": "yes"},
    "data gone": {"migration": "yes", "customer_data": "yes", "data_gone": "yes"},
    "called outside": {"irreversible_call": "unknown"},
    "dead credential": {"credential_restored": "yes", "credential_still_valid": "no"},
    "not looked": {"migration": "unknown", "incompatible": "no", "customer_data": "no"},
}
"""Answers beside the default, in which customers feel it and the alert is above its threshold."""

ASK_M3 = ("customer data", "customer data, and wrong", "nobody knows the table")
OPEN_TO_ROLLBACK = ("plain", "not looked", *ASK_M3)
EXPIRES_AFTER = timedelta(minutes=240)


def why_not_this_path(answers: str, path: str) -> str:
    """E1: X1 over M2 over D1–D5; C2 where the credential is dead."""
    if path == "escalate":
        return ""
    if answers in ("data gone", "called outside"):
        return "X1: only the escalation is open"
    return "" if answers in OPEN_TO_ROLLBACK else "M2 or C2: no plain rollback"


@dataclass
class Vote:
    person: str
    seat: str
    says: str
    withdrawn: bool = False


@dataclass
class Question:
    """What was put to people, by whom, about which content, until when."""

    content: object
    asker: str
    expires_at: datetime
    seats: tuple[str, ...] = ("cto", "dba")
    every: bool = True
    votes: list[Vote] = field(default_factory=list)
    ended: bool = False


@dataclass
class Plan:
    answers: str
    content: object
    number: int
    executed: bool = False
    stopped: bool = False
    replaced: bool = False
    bound: tuple[tuple[str, str], ...] = ()


@dataclass
class Words:
    content: str
    bound: tuple[tuple[str, str], ...] = ()
    approved: str = ""


@dataclass
class Reckoning:
    """The incident as its people know it. Roles: who is in which group. `dba_on_shift`: the roster has a DBA now."""

    hold_at: str
    roles: dict[str, set[str]]
    now: datetime
    state: str = "declared"
    dba_on_shift: bool = True
    plans: list[Plan] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    words: Words | None = None
    public: Question | None = None
    by_people: set[object] = field(default_factory=set)

    @property
    def plan(self) -> Plan | None:
        return next((plan for plan in self.plans if not plan.replaced), None)

    @property
    def question(self) -> Question | None:
        return next((each for each in self.questions if not each.ended), None)

    def asks(self, plan: Plan, asker: str) -> None:
        """The decision asks; the same content keeps its question, anything else ends it (E13)."""
        standing = self.question
        wanted = plan.answers in ASK_M3
        if standing and (not wanted or standing.content != plan.content):
            standing.ended, standing = True, None
        if wanted and standing is None:
            self.questions.append(Question(plan.content, asker, self.now + EXPIRES_AFTER))

    def granted(self, question: Question) -> tuple[tuple[str, str], ...]:
        """Who fills which seat, where that is enough; empty where it is not."""
        if question.ended or self.now >= question.expires_at:
            return ()
        last = {vote.person: vote for vote in question.votes}
        counted = [each for each in last.values() if not each.withdrawn and self._may(each, question)]
        if any(each.says == "refuse" for each in counted):
            return ()
        seated = {seat: next((v.person for v in counted if v.seat == seat), "") for seat in question.seats}
        full = [(person, seat) for seat, person in seated.items() if person]
        return tuple(full) if len(full) == len(question.seats) or (full and not question.every) else ()

    def _may(self, vote: Vote, question: Question) -> bool:
        """Holds the role now, a DBA by shift, and did not ask (E14)."""
        holds = vote.seat in self.roles[vote.person] and (vote.seat != "dba" or self.dba_on_shift)
        return vote.person != question.asker and vote.seat in question.seats and holds

    def binds(self) -> None:
        """Where a grant may be used: by *execute*, by an answer that was heard, by the sweep."""
        plan, question = self.plan, self.question
        if plan is None or not plan.executed or self.state != "executing" or question is None:
            return
        if question.content == plan.content and (approvers := self.granted(question)):
            plan.bound, question.ended = approvers, True

    def still_hold(self, approvers: tuple[tuple[str, str], ...]) -> bool:
        """Afterwards only the loss of a role stops it, never the end of a shift."""
        return bool(approvers) and all(seat in self.roles[person] for person, seat in approvers)

    def why_not(self, kind: str, plan: Plan | None, *, before_done: bool, reviewed: bool, digest: str = "") -> str:
        """Why nothing of this step may be begun now; empty where it may."""
        if kind in ("publish_status", "post_status"):
            said = self.words is not None and self.words.approved == digest and self.still_hold(self.words.bound)
            return "" if said else "P2: nobody approved these words"
        if plan is None:
            return "E3: closed" if self.state == "closed" and kind != "wake_by_phone" else ""
        return self._why_not_in_plan(kind, plan, before_done=before_done, reviewed=reviewed)

    def _why_not_in_plan(self, kind: str, plan: Plan, *, before_done: bool, reviewed: bool) -> str:
        held = kind == "merge" or (kind == "push_revert" and self.hold_at == "push")
        reasons = {
            f"the incident is {self.state}": self.state != "executing",
            "E17: replaced": plan.replaced,
            "E17: stopped": plan.stopped,
            "D6: not executed": not plan.executed,
            "M2 or X1": plan.answers not in OPEN_TO_ROLLBACK,
            "out of order": not before_done,
            "M3: nobody approved this plan": held and plan.answers in ASK_M3 and not self.still_hold(plan.bound),
            "R3: nobody reviewed it": kind == "merge" and not reviewed,
        }
        return next((why for why, holds in reasons.items() if holds), "")
