"""Break-glass (M3): where its owner allows it, the on-call engineer acts without the approvers, who review it after."""

from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

import approvals.refusals
from approvals.services.asking import Content
from approvals.services.breaking import break_glass as break_one
from incidents.models.decision import Plan
from incidents.models.incident import Incident
from incidents.procedure.duty import Action
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import IncidentState, StepKind
from incidents.procedure.words import stamped
from incidents.queries.duty import require
from incidents.queries.grants import approvals_needed, glass_of, glass_to_review, name_of, open_question, subject_of
from incidents.queries.plans import plan_in_force
from incidents.services.announcing import open_step
from incidents.services.gating import release_steps
from incidents.services.locking import lock_incident, moved
from incidents.services.questions import QuestionRefused, lock_questions, put_question

REVIEW_STANDS = timedelta(days=36500)
"""Until it is answered: the incident waits for it, so a review that ended by itself would bar the way for ever."""


class GlassHolds(Refusal):
    """The procedure's owner has not allowed it, or nothing waits for an approval."""


class GlassUnreviewed(Refusal):
    """A broken glass is reviewed before the incident closes."""


@transaction.atomic
def break_glass(*, incident_id: UUID, actor: User, now: datetime, version: int, reason: str) -> Plan:
    """Let the plan run without its approval for `BREAK_GLASS_MINUTES`: recorded, told to everybody, and reviewed.

    Raises `GlassHolds` where settings do not allow it or nothing waits, `QuestionRefused` against a refusal.
    """
    incident = lock_incident(incident_id, version=version, state=(IncidentState.DECIDED, IncidentState.EXECUTING))
    require(actor, Action.EXECUTE, incident.service, now=now, incident=incident)
    if not settings.BREAK_GLASS_MINUTES:
        raise GlassHolds("M3", "The owner of the procedure does not allow this here: only the approvers let it run.")
    lock_questions(subject_of(incident))
    plan = plan_in_force(incident)
    broken = (
        [need.rule for need in approvals_needed(plan) if _break(plan, need.rule, actor, now, reason)] if plan else []
    )
    if plan is None or not broken:
        raise GlassHolds("M3", "No question waits for an answer. Ask the approvers first.")
    _tell(incident, actor, now, reason)
    _ask_for_review(incident, actor, now, reason)
    moved(incident)
    release_steps(incident=incident, now=now)
    return plan


def _break(plan: Plan, rule: str, actor: User, now: datetime, reason: str) -> bool:
    standing = open_question(subject_of(plan.incident), rule)
    if standing is None:
        return False
    try:
        break_one(
            request_id=standing.pk, content_digest=plan.content_digest, consumed_by=name_of(plan), actor=actor, now=now,
            holds_until=now + timedelta(minutes=settings.BREAK_GLASS_MINUTES), reason=reason,
        )  # fmt: skip
    except approvals.refusals.Refusal as refusal:
        raise QuestionRefused(refusal.rule, refusal.words) from None
    return True


def _tell(incident: Incident, actor: User, now: datetime, reason: str) -> None:
    said = f"Glass broken by {actor.get_username()}: the rollback runs without the approval of M3. {reason.strip()}"
    text = stamped(f"{incident.number} · {incident.service.name} · {said}", now)
    open_step(incident, StepKind.ANNOUNCE, {"text": text, "said": said}, now=now, actor=actor, rule="M3")


def _ask_for_review(incident: Incident, actor: User, now: datetime, reason: str) -> None:
    """The approvers are woken, and say afterwards whether it was right; the incident stays open until they have."""
    facts = f"{incident.pk} {actor.pk} {now.isoformat()} {reason}"
    content = Content(
        content_digest=sha256(facts.encode()).hexdigest(), label=f"{incident.number} · review",
        question=f"Was it right to roll {incident.service.name} back without you?",
        summary=f"{actor.get_username()} broke the glass at {now:%H:%M:%S} UTC: {reason.strip()}",
        exactly="Your answer changes nothing that has happened. It is kept with the incident, and its retrospective.",
        otherwise="The incident cannot be closed before.", urgency="glass broken",
        url=incident.address, evidence={"Reason": [reason.strip()]},
    )  # fmt: skip
    put_question(
        incident, rule="M3", subject=glass_of(incident), content=content, asked_by=actor, now=now, stands=REVIEW_STANDS
    )


def require_glass_reviewed(incident: Incident) -> None:
    """Raise `GlassUnreviewed` while nobody has answered for a broken glass."""
    if glass_to_review(incident) is not None:
        raise GlassUnreviewed(
            "M3", "The glass was broken here: the CTO and the on-call DBA review it before this closes."
        )
