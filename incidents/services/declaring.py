"""Incidents begin, join and part: by a person, by an alert, by a failed deploy (U)."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.change import Change, Deployment
from incidents.models.incident import Incident, IncidentNumber, Suspect, Trigger
from incidents.models.service import Service
from incidents.procedure.duty import Action
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import IncidentState, Resolution
from incidents.queries.drills import is_rehearsed
from incidents.queries.duty import on_call_for, require
from incidents.services.concluding import end_questions, end_steps
from incidents.services.freezing import lift_warnings
from incidents.services.locking import lock_incident, moved
from incidents.services.recording import record


class NotTheSameService(Refusal):
    """Two incidents can be merged only where they are about one service."""


class AlreadyClosed(Refusal):
    """Nothing more can be done about a closed incident."""


@transaction.atomic
def declare_incident(
    *,
    service_id: UUID,
    trigger: Trigger,
    title: str,
    now: datetime,
    actor: User | None = None,
    onset_at: datetime | None = None,
    severity: int = 2,
    customer_impact: bool | None = None,
    change_id: UUID | None = None,
    why: str = "",
    guess: bool = True,
) -> Incident:
    """Open an incident of a service (E3: any engineer may). The lead is the on-call engineer, else who declared it.

    Without a change, the last one deployed is suspected, unless `guess` is off: somebody is about to name another.
    """
    service = Service.objects.get(pk=service_id)
    if actor is not None:
        require(actor, Action.DECLARE, service, now=now)
    duty = on_call_for(service, now=now)
    incident = Incident.objects.create(
        number=IncidentNumber.next_for(now.year), service=service, title=title.strip()[:200], trigger=trigger,
        onset_at=onset_at or now, declared_at=now, declared_by=actor, lead=duty or actor, severity=severity,
        customer_impact=service.customer_facing if customer_impact is None else customer_impact,
        on_call_seen_at=now if actor is not None and actor == duty else None, drill=is_rehearsed(service_id),
    )  # fmt: skip
    record(
        incident, "incident.declared", at=now, actor=actor, rule=trigger, title=incident.title, severity=severity,
        service=service.slug, onset_at=incident.onset_at, why=why,
        lead=incident.lead.username if incident.lead else None, drill=incident.drill,
    )  # fmt: skip
    suspect = Change.objects.filter(pk=change_id, service=service).first() if change_id else None
    suspect = suspect or (newest_deployed(incident) if guess else None)
    if suspect:
        name_suspect(incident, suspect, now=now, actor=actor, why=why or "the last change deployed before the onset")
    return incident


def newest_deployed(incident: Incident) -> Change | None:
    """The change whose deployment began last before the onset; a guess for a person to confirm.

    A rolling deploy breaks customers from its first instance on, so it is the beginning that counts, not the end.
    """
    begun = Deployment.objects.filter(service=incident.service, started_at__lte=incident.onset_at)
    newest = begun.exclude(state=Deployment.State.FAILED).order_by("-started_at").values_list("sha", flat=True).first()
    return Change.objects.filter(service=incident.service, sha=newest).first() if newest else None


def name_suspect(
    incident: Incident, change: Change, *, now: datetime, actor: User | None, why: str, chosen: bool = True
) -> Suspect:
    """Hold a change to be the cause; the chosen one is what a rollback would revert."""
    if chosen:
        incident.suspects.filter(chosen=True).update(chosen=False)
    suspect, _ = Suspect.objects.update_or_create(
        incident=incident, change=change, defaults={"chosen": chosen}, create_defaults={
            "chosen": chosen, "named_at": now, "why": why[:300],
        },
    )  # fmt: skip
    record(
        incident, "suspect.named", at=now, actor=actor, change=change.sha, title=change.title, why=why, chosen=chosen
    )
    return suspect


@transaction.atomic
def choose_suspect(*, incident_id: UUID, change_id: UUID, actor: User, now: datetime, version: int) -> Incident:
    """An engineer names the change to look at; only before the decision."""
    incident = lock_incident(incident_id, version=version, state=IncidentState.DECLARED)
    require(actor, Action.DECLARE, incident.service, now=now, incident=incident)
    change = Change.objects.get(pk=change_id, service=incident.service)
    name_suspect(incident, change, now=now, actor=actor, why=f"named by {actor.username}")
    return moved(incident)


@transaction.atomic
def merge_incidents(*, incident_id: UUID, into_id: UUID, actor: User, now: datetime, version: int) -> Incident:
    """Close one incident into another of the same service; both records are kept (settled.md)."""
    first, second = sorted([incident_id, into_id])
    list(Incident.objects.locked().filter(pk__in=[first, second]).order_by("pk"))
    incident = lock_incident(incident_id, version=version, state=IncidentState.DECLARED)
    other = Incident.objects.get(pk=into_id)
    require(actor, Action.DECIDE, incident.service, now=now, incident=incident)
    if other.service_id != incident.service_id or other.pk == incident.pk:
        raise NotTheSameService("U3", "Only two incidents of one service can be merged.")
    if not other.is_open:
        raise AlreadyClosed("E17", f"{other.number} is closed; merge the other way round.")
    end_questions(incident, now)
    incident.state, incident.closed_at, incident.resolution = IncidentState.CLOSED, now, Resolution.MERGED
    incident.merged_into = other
    incident.alerts.update(incident=other)
    end_steps(incident, now)
    record(incident, "incident.merged", at=now, actor=actor, rule="U3", into=other.number)
    lift_warnings(incident, now=now, actor=actor)
    return moved(incident)
