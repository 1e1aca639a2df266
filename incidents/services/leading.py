"""Who is in charge: a sign of the on-call engineer, taking over, handing over (E5, E6)."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.incident import OPEN_STATES, Incident
from incidents.procedure.duty import Action, grounds_to_take_over
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import IncidentState
from incidents.queries.duty import last_sign_of, on_call_for, require, responders_of
from incidents.services.locking import lock_incident, moved
from incidents.services.recording import record

OPEN: tuple[IncidentState, ...] = tuple(IncidentState(state) for state in OPEN_STATES)


class NotAnEngineerHere(Refusal):
    """The lead can be handed only to somebody who may respond for the service."""


def note_presence(*, incident: Incident, person: User, now: datetime) -> bool:
    """The first sign of the on-call engineer: nobody needs to take over any more (E5). True where it was the first."""
    if incident.on_call_seen_at or on_call_for(incident.service, now=now, incident=incident) != person:
        return False
    with transaction.atomic():
        fresh = lock_incident(incident.pk)
        if fresh.on_call_seen_at or not fresh.is_open:
            return False
        fresh.on_call_seen_at = now
        fresh.save(update_fields=["on_call_seen_at"])
        record(fresh, "incident.on_call_seen", at=now, actor=person, rule="E5")
    return True


@transaction.atomic
def take_over(*, incident_id: UUID, actor: User, now: datetime, version: int) -> Incident:
    """Become the on-call engineer of this incident: at once with no shift, else with no sign for some minutes (E5)."""
    incident = lock_incident(incident_id, version=version, state=OPEN)
    require(actor, Action.TAKE_OVER, incident.service, now=now, incident=incident)
    before = on_call_for(incident.service, now=now, incident=incident)
    why = grounds_to_take_over(
        actor.username, before.username if before else None, last_sign_at=last_sign_of(before, incident),
        declared_at=incident.declared_at, now=now, after=timedelta(minutes=settings.TAKE_OVER_AFTER_MINUTES),
    )  # fmt: skip
    incident.taken_over_by, incident.lead, incident.on_call_seen_at = actor, actor, now
    record(
        incident,
        "incident.taken_over",
        at=now,
        actor=actor,
        rule="E5",
        was=before.username if before else None,
        why=why,
    )
    return moved(incident)


@transaction.atomic
def hand_over(*, incident_id: UUID, actor: User, to_id: int, now: datetime, version: int) -> Incident:
    """Give the lead to another engineer of the service, with one click (E6)."""
    incident = lock_incident(incident_id, version=version, state=OPEN)
    require(actor, Action.HAND_OVER, incident.service, now=now, incident=incident)
    person = responders_of(incident.service).filter(pk=to_id).first()
    if person is None:
        raise NotAnEngineerHere("E6", f"The lead goes to an active engineer of {incident.service.name}.")
    was = incident.lead
    incident.lead = person
    record(
        incident, "incident.handed_over", at=now, actor=actor, rule="E6", to=person.username,
        was=was.username if was else None,
    )  # fmt: skip
    return moved(incident)
