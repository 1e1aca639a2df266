"""Look up a commit that a person named as the suspect: is it one, is it ours, was it ever on the deploy branch."""

from uuid import UUID

import structlog
from django.contrib.auth.models import User

from incidents.assessment.changes import read_change
from incidents.assessment.git import NoSuchCommit
from incidents.effects.previewing import assess, seen_change
from incidents.effects.wiring import World
from incidents.integrations.errors import IntegrationError
from incidents.models.change import Change
from incidents.models.incident import Incident
from incidents.models.service import Service
from incidents.services.assessing import record_changes
from incidents.services.clock import database_now
from incidents.services.suspecting import settle_suspect

log = structlog.get_logger(__name__)


def look_up_suspect(incident_id: UUID, reference: str, actor_id: int, world: World) -> None:
    """Read the commit from the service's repository, assess it, and settle what was asked, in words where it fails."""
    incident = Incident.objects.select_related("service").get(pk=incident_id)
    actor = User.objects.get(pk=actor_id)
    change, words = None, ""
    try:
        change = _read(incident.service, reference, world)
    except NoSuchCommit:
        words = f"There is no commit {reference} in {incident.service.repository}."
    except IntegrationError as failure:
        words = f"{reference} could not be looked up. {failure.words} Name it again in a moment."
        log.warning("suspect_not_looked_up", incident=incident.number, reference=reference, why=failure.words)
    settle_suspect(
        incident_id=incident_id, reference=reference, change=change, words=words, actor=actor, now=database_now()
    )


def _read(service: Service, reference: str, world: World) -> Change:
    mirror = world.mirror(service.repository)
    mirror.refresh()
    shape = read_change(mirror.path, reference)
    (change,) = record_changes(service=service, seen=[seen_change(service, shape, world)])
    assess([change], mirror, mirror.head(service.branch))
    return change
