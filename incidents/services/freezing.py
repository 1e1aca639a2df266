"""While an incident is open, other merges of its service are warned of; the rollback itself always passes."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.change import Change, Deployment
from incidents.models.incident import OPEN_STATES, Incident
from incidents.models.service import Service
from incidents.models.step import Step
from incidents.procedure.steps import StepKind, StepState
from incidents.services.announcing import open_step
from incidents.services.locking import lock_incident
from incidents.services.recording import record


def warn_where_open(now: datetime) -> None:
    """Open the warning of every open incident that has none yet: by the rows alone, so that no way in is missed."""
    if not settings.FREEZE:
        return
    bare = Incident.objects.filter(state__in=OPEN_STATES).exclude(steps__kind=StepKind.FREEZE)
    for incident_id in bare.values_list("pk", flat=True):
        _warn(incident_id, now)


@transaction.atomic
def _warn(incident_id: UUID, now: datetime) -> None:
    incident = Incident.objects.locked().get(pk=incident_id)
    if incident.is_open and not incident.steps.filter(kind=StepKind.FREEZE).exists():
        open_step(incident, StepKind.FREEZE, {"said": "open pull requests"}, now=now, actor=None)


def lift_warnings(incident: Incident, *, now: datetime, actor: User) -> None:
    """The incident is over: inside the transaction that closes it, and only where it ever warned."""
    if incident.steps.filter(kind=StepKind.FREEZE).exists():
        open_step(incident, StepKind.UNFREEZE, {"said": "the incident is over"}, now=now, actor=actor)


def note_other_deploys(*, service: Service, now: datetime) -> None:
    """A deployment that is not ours went out during an incident: said once, loudly, in its room."""
    open_incidents = Incident.objects.filter(service=service, state__in=OPEN_STATES).values_list("pk", flat=True)
    for incident_id in open_incidents:
        _note_others(incident_id, now)


@transaction.atomic
def _note_others(incident_id: UUID, now: datetime) -> None:
    incident = Incident.objects.get(pk=incident_id)
    # The code host tells whole seconds: a deploy of the declaring's own second counts, but for the suspects' own.
    second, suspected = incident.declared_at.replace(microsecond=0), incident.suspects.values("change__sha")
    since = Deployment.objects.filter(service_id=incident.service_id, started_at__gte=second)
    since = since.exclude(sha__in=suspected)
    if not since.exists() or _merging(incident):
        return
    lock_incident(incident.pk)
    said = {entry.data["sha"] for entry in incident.entries.filter(kind="deploy.by_others")}
    ours = _our_merges(incident)
    for deployment in since.exclude(sha__in=said | ours).order_by("started_at"):
        if deployment.sha not in said:
            said.add(deployment.sha)
            _say_other(incident, deployment, now)


def _merging(incident: Incident) -> bool:
    """Our own merge is on its way: whose the newest deploy is will be known in a moment."""
    return incident.steps.filter(kind=StepKind.MERGE, state=StepState.RUNNING).exists()


def _our_merges(incident: Incident) -> set[str]:
    """What rollbacks of this service merged, whichever of its incidents they belong to."""
    merges = Step.objects.filter(
        incident__service_id=incident.service_id, kind=StepKind.MERGE, finished_at__gte=incident.declared_at
    )
    return {str(evidence["merge_sha"]) for (evidence,) in merges.values_list("evidence") if "merge_sha" in evidence}


def _say_other(incident: Incident, deployment: Deployment, now: datetime) -> None:
    change = Change.objects.filter(service_id=incident.service_id, sha=deployment.sha).first()
    record(
        incident, "deploy.by_others", at=now, rule="R4", sha=deployment.sha, title=change.title if change else "",
        author=change.author if change else "", url=deployment.url,
    )  # fmt: skip
