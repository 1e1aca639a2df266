"""Every human act locks the incident's row and compares what the page showed with what holds (compare-and-set)."""

from uuid import UUID

from incidents.models.incident import Incident
from incidents.models.ledger import LedgerEntry, stream_of
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import IncidentState
from incidents.queries.timeline import entry_in_words

UNMOVING = ("step.asked", "suspect.asked", "incident.on_call_seen", "escalation.seen", "escalation.acknowledged")
"""What a person did that left the version as it was: no page became stale by it."""


class StaleView(Refusal):
    """Somebody acted between the page and the click; the words say who did what."""


class NotInThatState(Refusal):
    """The incident has moved on, or not yet come so far."""


def lock_incident(
    incident_id: UUID, *, version: int | None = None, state: IncidentState | tuple[IncidentState, ...] | None = None
) -> Incident:
    """The incident under its row lock. Raises `StaleView` on another version, `NotInThatState` on another state."""
    incident = Incident.objects.locked().select_related("service").get(pk=incident_id)
    if version is not None and incident.version != version:
        raise StaleView("D6", f"{meanwhile(incident)} Look at what holds now, then press again if it is still right.")
    allowed = (state,) if isinstance(state, IncidentState) else state
    if allowed and incident.state not in allowed:
        raise NotInThatState("D6", f"The incident is {incident.state} by now. {meanwhile(incident)}")
    return incident


def moved(incident: Incident) -> Incident:
    """Save the incident under its next version, so that every page shown before is stale."""
    incident.version += 1
    incident.save()
    return incident


def meanwhile(incident: Incident) -> str:
    """The newest act of a person, in words: who was faster."""
    acts = LedgerEntry.objects.filter(stream_id=stream_of(incident), actor__isnull=False).exclude(kind__in=UNMOVING)
    newest = acts.order_by("-seq").first()
    if newest is None:
        return "Something changed meanwhile."
    what = entry_in_words(newest).words.rstrip(".")
    return f"Meanwhile {newest.who}: {what}, {newest.at:%H:%M:%S} UTC."
