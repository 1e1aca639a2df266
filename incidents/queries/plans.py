"""What a plan is made from, and what this release can satisfy."""

from typing import Final

from django.conf import settings

from incidents.models.change import Change
from incidents.models.incident import Incident
from incidents.procedure.planning import RollbackFacts

BUILT: Final[frozenset[str]] = frozenset({"M3"})
"""The needs (M3, C1) and paths beside the rollback that this release can satisfy."""


def rollback_facts(incident: Incident, change: Change) -> RollbackFacts:
    """What the steps and the commands by hand are made from."""
    service = incident.service
    return RollbackFacts(
        incident=incident.number,
        repository=service.repository,
        branch=service.branch,
        change_title=change.title,
        commits=tuple(change.commits) or (change.sha,),
        mainline=1 if change.kind == Change.Kind.MERGE else None,
        workflow=service.workflow,
        environment=service.environment,
        incident_url=f"{settings.PUBLIC_URL}/incidents/{incident.number}/",
    )
