"""Which approvals a plan needs, which grant is bound to it, and what is said while one is missing (M3, E10, E13)."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from approvals.models import ApprovalRequest
from approvals.ports import Subject
from approvals.queries.requests import who_lost_the_role
from approvals.quorum import How, Rule, Seat, State, Weighing, why_not_granted
from approvals.services.settling import weigh_now
from incidents.models.decision import Plan
from incidents.models.incident import Incident
from incidents.procedure.answers import Answers
from incidents.procedure.decision import Need, Path, needs_of
from incidents.procedure.overruling import from_rows

SUBJECT, GLASS = "rollback", "glass"
"""What is asked about: whether a rollback may run, and whether it was right to run it without an answer."""
RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "M2": Rule("M2", How.ALL, (Seat("dba", "on-call DBA"),)),
        "M3": Rule("M3", How.ALL, (Seat("cto", "CTO"), Seat("dba", "on-call DBA"))),
        "C2": Rule("C2", How.ALL, (Seat("ciso", "CISO"),)),
        "P2": Rule("P2", How.ANY, (Seat("cto", "CTO"), Seat("ciso", "CISO"))),
    }
)
"""Which seats must be filled, by the rule that asks for them; M2 and C2 ask where a finding was overruled."""


def open_question(subject: Subject, rule: str) -> ApprovalRequest | None:
    """The question about a subject that still lives, granted or not."""
    return ApprovalRequest.objects.about(subject).live().filter(rule_id=rule).first()


def subject_of(incident: Incident) -> Subject:
    """One line of questions for an incident's rollback, plan after plan, so that each shows what changed."""
    return Subject(SUBJECT, str(incident.pk))


def glass_of(incident: Incident) -> Subject:
    """The review of every glass that was broken in an incident."""
    return Subject(GLASS, str(incident.pk))


def glass_to_review(incident: Incident) -> ApprovalRequest | None:
    """The review of a broken glass that nobody has answered yet, whether it still stands or has expired."""
    asked = ApprovalRequest.objects.about(glass_of(incident)).first()
    return asked if asked is not None and asked.state not in (State.GRANTED, State.REFUSED) else None


def approvals_needed(plan: Plan) -> list[Need]:
    """What the plan's decision needs of people in seats."""
    decision = plan.decision
    needs = needs_of(Answers.from_form(decision.answers), Path(decision.path), from_rows(decision.overruled))
    return [need for need in needs if need.holds and need.rule in RULES]


def approvals_for(plan: Plan, now: datetime) -> dict[str, bool]:
    """By rule: whether an approval is bound to this very plan and its approvers still hold their roles (E13)."""
    return {need.rule: _holds(plan, need.rule, now) for need in approvals_needed(plan)}


def _holds(plan: Plan, rule: str, now: datetime) -> bool:
    return _stands(grant_of(plan, rule), now)


def _stands(bound: ApprovalRequest | None, now: datetime) -> bool:
    return bound is not None and not _is_over(bound, now) and not who_lost_the_role(bound.pk)


def _is_over(grant: ApprovalRequest, now: datetime) -> bool:
    """A broken glass holds for a while only."""
    return grant.holds_until is not None and now >= grant.holds_until


def grant_of(plan: Plan, rule: str) -> ApprovalRequest | None:
    """The approval that was used for this very plan and content, the newest; None where there is none."""
    used = ApprovalRequest.objects.about(subject_of(plan.incident)).filter(
        rule_id=rule, state=State.CONSUMED, consumed_by=name_of(plan), content_digest=plan.content_digest
    )
    return used.first()


def name_of(plan: Plan) -> str:
    """By which a grant says what it was used for."""
    return f"plan:{plan.pk}"


def may_ask_anew(plan: Plan, rule: str, now: datetime) -> bool:
    """Whether nothing stands by which the plan could still be approved under the rule."""
    return open_question(subject_of(plan.incident), rule) is None and not _holds(plan, rule, now)


def why_waiting(plan: Plan, rule: str, now: datetime) -> str:
    """What is said while the approval is missing: for whom it waits, who refused, or what became of the question."""
    standing = open_question(subject_of(plan.incident), rule)
    return _why_waiting(rule, grant_of(plan, rule), standing, weigh_now(standing, now) if standing else None, now)


def _why_waiting(
    rule: str, bound: ApprovalRequest | None, standing: ApprovalRequest | None, weighing: Weighing | None, now: datetime
) -> str:
    if bound is not None and (lost := who_lost_the_role(bound.pk)):
        return f"{' and '.join(lost)} approved it and has lost the role since. Ask again."
    if standing is None and bound is not None and _is_over(bound, now):
        return f"The broken glass held until {bound.holds_until:%H:%M:%S} UTC. Ask the approvers again."
    if weighing is None:
        return "The question has ended without an approval. Ask again, or decide again."
    return why_not_granted(RULES[rule], weighing) or "Approved; it runs once the plan is executed."


def waiting_for(plan: Plan, now: datetime) -> str:
    """Who is still to approve the plan in force before it can run; empty where nobody is."""
    for need in approvals_needed(plan):
        standing, bound = open_question(subject_of(plan.incident), need.rule), grant_of(plan, need.rule)
        weighing = weigh_now(standing, now) if standing else None
        granted = weighing is not None and weighing.state is State.GRANTED
        if not granted and not _stands(bound, now):
            return _why_waiting(need.rule, bound, standing, weighing, now)
    return ""
