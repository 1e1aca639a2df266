"""Escalating from any open state, and who answered: CISO and CTO say “I have it” with one click (X1, X2, E20)."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.decision import Decision
from incidents.models.incident import Incident
from incidents.procedure.answers import Answers
from incidents.procedure.decision import Path, check_choice
from incidents.procedure.duty import Action
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import IncidentState
from incidents.queries.duty import NotPermitted, require
from incidents.queries.escalation import ACKNOWLEDGED, SEEN, answers_to_escalation, may_govern
from incidents.queries.grants import subject_of
from incidents.services.deciding import enter_decision
from incidents.services.governing import hand_to_the_plan
from incidents.services.locking import lock_incident, moved
from incidents.services.questions import lock_questions, take_back
from incidents.services.recording import record
from incidents.services.waking import let_rest

BEFORE = (IncidentState.DECLARED, IncidentState.DECIDED, IncidentState.EXECUTING, IncidentState.RECOVERED)


class GroundsMissing(Refusal):
    """Whoever is woken reads first why."""


class HasItAlready(Refusal):
    """The person has said so before."""


@transaction.atomic
def escalate(*, incident_id: UUID, actor: User, now: datetime, version: int, reason: str) -> Decision:
    """Hand the incident to the Incident Response Plan (X2), from wherever it stands: a decision of its own."""
    incident = lock_incident(incident_id, version=version, state=BEFORE)
    require(actor, Action.DECIDE, incident.service, now=now, incident=incident)
    if not reason.strip():
        raise GroundsMissing("X1", "Say in a sentence why it cannot be rolled back: CISO and CTO read it first.")
    lock_questions(subject_of(incident))
    decision = _decide(incident, actor, now, reason)
    take_back(subject_of(incident), now=now, why="the incident is escalated")
    hand_to_the_plan(incident=incident, decision=decision, now=now, actor=actor)
    moved(incident)
    return decision


def _decide(incident: Incident, actor: User, now: datetime, reason: str) -> Decision:
    """The decision, on the answers as they were last given."""
    earlier = incident.decisions.order_by("-number").first()
    given = Answers.from_form(earlier.answers) if earlier else Answers()
    choice = check_choice(given, Path.ESCALATE, reason)
    change = earlier.change if earlier else None
    decision = enter_decision(incident, given, choice, actor=actor, now=now, change=change)
    record(
        incident, "decision.taken", at=now, actor=actor, role="on-call engineer", rule="X2", path=decision.path,
        answers=decision.answers, advice=decision.advice, against_advice=decision.against_advice,
        reason=decision.reason, was=incident.state, procedure=decision.procedure_version, switches=decision.switches,
    )  # fmt: skip
    return decision


@transaction.atomic
def acknowledge_escalation(*, incident_id: UUID, actor: User, now: datetime) -> Incident:
    """“I have it”: one who governs now says so, once; their own phone stops ringing. Words that are never stale."""
    incident = lock_incident(incident_id, state=IncidentState.ESCALATED)
    if not may_govern(actor, incident):
        raise NotPermitted("X2", "The CISO and the CTO answer an escalation.")
    if said := answers_to_escalation(incident).acknowledged.get(actor.pk):
        raise HasItAlready("X2", f"You said so at {said:%H:%M:%S} UTC.")
    let_rest(incident, now=now, url=incident.get_absolute_url(), person=actor)
    record(incident, ACKNOWLEDGED, at=now, actor=actor, rule="X2")
    return incident


def note_governor(*, incident: Incident, person: User, now: datetime) -> bool:
    """The first look of one who was escalated to; True where it was the first."""
    if incident.state != IncidentState.ESCALATED or not may_govern(person, incident):
        return False
    with transaction.atomic():
        fresh = lock_incident(incident.pk)
        if fresh.state != IncidentState.ESCALATED or person.pk in answers_to_escalation(fresh).seen:
            return False
        record(fresh, SEEN, at=now, actor=person, rule="X2")
    return True
