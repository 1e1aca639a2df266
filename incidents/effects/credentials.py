"""What the secrets' metadata says of the credential that comes back (C1): that it exists, not that it works."""

from datetime import datetime
from uuid import UUID

from incidents.effects.wiring import World
from incidents.integrations.errors import IntegrationError
from incidents.integrations.secrets import Secret
from incidents.models.decision import Decision
from incidents.services.clock import database_now
from incidents.services.confirming import note_machine


def look_up_credential(decision_id: UUID, world: World) -> None:
    """Read the named credential's metadata and write down what it says; nothing where none is named, or nobody asks."""
    name = Decision.objects.get(pk=decision_id).particulars.get("credential", "")
    if not name or world.secrets is None:
        return
    now = database_now()
    try:
        words = _words(world.secrets.versions(name), now)
    except IntegrationError as failure:
        words = f"No metadata could be read of {name}. {failure.words}"
    note_machine(decision_id=decision_id, words=words, now=now)


def _words(secret: Secret, now: datetime) -> str:
    """The version that the newest rotation replaced is the one that comes back."""
    before = secret.before_the_current()
    if before is None:
        return f"The store knows no version of {secret.path} before the current one, {secret.current}."
    return before.words(now)
