"""What is learnt afterwards: follow-ups of the retrospective, each with what it is for and who takes it (T2)."""

from datetime import date, datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.words import FollowUp, Retrospective
from incidents.procedure.duty import Action
from incidents.procedure.refusals import Refusal
from incidents.queries.duty import require, responders_of
from incidents.services.locking import lock_incident
from incidents.services.recording import record


class NothingToFollowUp(Refusal):
    """A follow-up says what is to be mended."""


class NotAnOwner(Refusal):
    """A follow-up belongs to an active engineer of the service."""


class AlreadyDone(Refusal):
    """The follow-up was settled before."""


@transaction.atomic
def add_follow_up(
    *,
    incident_id: UUID,
    kind: FollowUp.Kind,
    words: str,
    actor: User,
    now: datetime,
    owner_id: int | None = None,
    due_on: date | None = None,
) -> FollowUp:
    """Note a gap to mend on the incident's retrospective (T2); any engineer of the service may."""
    if not words.strip():
        raise NothingToFollowUp("T2", "Say what is to be mended: a test, a monitor, a runbook.")
    incident = lock_incident(incident_id)
    require(actor, Action.DECLARE, incident.service, now=now, incident=incident)
    if owner_id is not None and not responders_of(incident.service).filter(pk=owner_id).exists():
        raise NotAnOwner("T2", f"A follow-up belongs to an active engineer of {incident.service.name}.")
    added = FollowUp.objects.create(
        retrospective=Retrospective.objects.get(incident=incident), kind=kind, words=words.strip(), owner_id=owner_id,
        due_on=due_on,
    )  # fmt: skip
    record(
        incident, "follow_up.added", at=now, actor=actor, rule="T2", follow_up=added.pk, follow_up_kind=kind,
        words=added.words, owner=added.owner.username if added.owner else None, due_on=due_on,
    )  # fmt: skip
    return added


@transaction.atomic
def settle_follow_up(*, follow_up_id: UUID, actor: User, now: datetime) -> FollowUp:
    """Say that a follow-up is done; once."""
    incident_id = FollowUp.objects.values_list("retrospective__incident_id", flat=True).get(pk=follow_up_id)
    incident = lock_incident(incident_id)
    require(actor, Action.DECLARE, incident.service, now=now, incident=incident)
    found = FollowUp.objects.select_for_update().get(pk=follow_up_id)
    if found.done_at is not None:
        raise AlreadyDone("T2", f"The follow-up was done at {found.done_at:%Y-%m-%d %H:%M} UTC.")
    found.done_at = now
    found.save(update_fields=["done_at"])
    record(incident, "follow_up.done", at=now, actor=actor, rule="T2", follow_up=found.pk, words=found.words)
    return found
