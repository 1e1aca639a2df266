"""Look up a commit that a person named as the suspect: is it one, is it ours, was it ever on the deploy branch."""

from uuid import UUID

from django.contrib.auth.models import User

from incidents.assessment.changes import read_change
from incidents.assessment.git import NoSuchCommit
from incidents.effects.previewing import assess, seen_change
from incidents.effects.wiring import World
from incidents.models.incident import Incident
from incidents.services.assessing import record_changes
from incidents.services.clock import database_now
from incidents.services.suspecting import settle_suspect


def look_up_suspect(incident_id: UUID, reference: str, actor_id: int, world: World) -> None:
    """Read the commit from the service's repository, assess it, and settle what was asked."""
    incident = Incident.objects.select_related("service").get(pk=incident_id)
    actor = User.objects.get(pk=actor_id)
    service, change, words = incident.service, None, ""
    mirror = world.mirror(service.repository)
    mirror.refresh()
    try:
        shape = read_change(mirror.path, reference)
    except NoSuchCommit:
        words = f"There is no commit {reference} in {service.repository}."
    else:
        (change,) = record_changes(service=service, seen=[seen_change(service, shape, world)])
        assess([change], mirror, mirror.head(service.branch))
    settle_suspect(
        incident_id=incident_id, reference=reference, change=change, words=words, actor=actor, now=database_now()
    )
