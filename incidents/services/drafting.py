"""Words for customers: drafted by the lead (P1), taken back before they are posted; posting needs an approval (P2)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.words import StatusUpdate
from incidents.procedure.duty import Action
from incidents.procedure.refusals import Refusal
from incidents.queries.duty import require
from incidents.services.leading import OPEN
from incidents.services.locking import lock_incident
from incidents.services.recording import record


class NoWords(Refusal):
    """A status update says something."""


class NotADraft(Refusal):
    """Only a draft is taken back; what was posted is corrected by another update."""


@transaction.atomic
def draft_update(
    *,
    incident_id: UUID,
    phase: StatusUpdate.Phase,
    message: str,
    components: Sequence[str],
    notify: bool,
    actor: User,
    now: datetime,
) -> StatusUpdate:
    """Draft public words (P1): the task of the lead, or of whomever the lead was handed to (E6)."""
    if not message.strip():
        raise NoWords("P1", "Say what customers notice, and what is being done.")
    incident = lock_incident(incident_id, state=OPEN)
    require(actor, Action.DRAFT_STATUS, incident.service, now=now, incident=incident)
    drafted = StatusUpdate.objects.create(
        incident=incident, phase=phase, message=message.strip(), components=list(components), notify=notify,
        drafted_by=actor, drafted_at=now,
    )  # fmt: skip
    record(
        incident, "status.drafted", at=now, actor=actor, rule="P1", update=drafted.pk, phase=phase,
        message=drafted.message, components=drafted.components, notify=notify,
    )  # fmt: skip
    return drafted


@transaction.atomic
def withdraw_update(*, update_id: UUID, actor: User, now: datetime) -> StatusUpdate:
    """Take a draft back."""
    incident = lock_incident(StatusUpdate.objects.values_list("incident_id", flat=True).get(pk=update_id))
    require(actor, Action.DRAFT_STATUS, incident.service, now=now, incident=incident)
    found = StatusUpdate.objects.select_for_update().get(pk=update_id)
    if found.state != StatusUpdate.State.DRAFT:
        raise NotADraft("P1", f"The update is {found.state}: correct it by another one.")
    found.state = StatusUpdate.State.WITHDRAWN
    found.save(update_fields=["state"])
    record(incident, "status.withdrawn", at=now, actor=actor, rule="P1", update=found.pk)
    return found
