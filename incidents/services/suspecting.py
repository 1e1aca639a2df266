"""Naming the change that is held to be the cause: one the console knows, or one a worker looks up first."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents import dispatch
from incidents.models.change import Change
from incidents.models.incident import Incident
from incidents.models.service import Service
from incidents.procedure.duty import Action
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import IncidentState
from incidents.queries.duty import require
from incidents.services.declaring import declare_incident, name_suspect, newest_deployed
from incidents.services.locking import lock_incident, moved
from incidents.services.recording import record

SHORTEST, LONGEST = 7, 64


class NoCommitId(Refusal):
    """What was typed cannot be a commit."""


@transaction.atomic
def suspect_change(*, incident_id: UUID, reference: str, actor: User, now: datetime, version: int) -> Incident:
    """Choose a known change as the suspect, or ask a worker to look an unknown commit up; before the decision only."""
    incident = lock_incident(incident_id, version=version, state=IncidentState.DECLARED)
    require(actor, Action.DECLARE, incident.service, now=now, incident=incident)
    sha = _commit_id(reference)
    change = Change.objects.filter(service=incident.service, sha__startswith=sha).first()
    if change is None:
        record(incident, "suspect.asked", at=now, actor=actor, reference=sha)
        dispatch.look_up_suspect(incident.pk, sha, actor.pk)
        return incident
    name_suspect(incident, change, now=now, actor=actor, why=f"named by {actor.username}")
    return moved(incident)


def suspect_newest(*, service: Service, now: datetime) -> None:
    """The outside has told of newer deploys: where nobody has named a suspect yet, follow it."""
    undecided = Incident.objects.filter(service=service, state=IncidentState.DECLARED).values_list("pk", flat=True)
    for incident_id in undecided:
        with transaction.atomic():
            incident = lock_incident(incident_id)
            _follow_newest(incident, now)


def _follow_newest(incident: Incident, now: datetime) -> None:
    named = incident.entries.filter(kind__in=("suspect.named", "incident.not_helped"), actor__isnull=False)
    newest = newest_deployed(incident)
    if incident.state != IncidentState.DECLARED or newest is None or named.exists():
        return
    if not incident.suspects.filter(chosen=True, change=newest).exists():
        name_suspect(incident, newest, now=now, actor=None, why="the last change deployed before the onset")
        moved(incident)


@transaction.atomic
def declare_naming(*, reference: str, service_id: UUID, actor: User, now: datetime, **told: Any) -> Incident:
    """Declare by hand and name the suspect in one act; without a reference the last change deployed is suspected."""
    incident = declare_incident(service_id=service_id, now=now, actor=actor, guess=not reference, **told)
    if not reference:
        return incident
    return suspect_change(incident_id=incident.pk, reference=reference, actor=actor, now=now, version=incident.version)


def _commit_id(reference: str) -> str:
    sha = reference.strip().lower()
    if SHORTEST <= len(sha) <= LONGEST and all(digit in "0123456789abcdef" for digit in sha):
        return sha
    raise NoCommitId("R1", f"“{reference[:60]}” is no commit id: 7 to 64 hexadecimal digits, as git shows them.")


@transaction.atomic
def settle_suspect(
    *, incident_id: UUID, reference: str, change: Change | None, words: str, actor: User, now: datetime
) -> None:
    """What the worker found: the change becomes the suspect, or the record says why not."""
    incident = lock_incident(incident_id)
    if incident.state != IncidentState.DECLARED:
        return
    if change is None:
        record(incident, "suspect.refused", at=now, rule="R1", reference=reference, words=words)
        return
    name_suspect(incident, change, now=now, actor=actor, why=f"named by {actor.username}")
    moved(incident)
