"""The secret store: may the console read metadata, and nothing else is asked for (C1)."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from incidents.effects.rehearsing.checks import Check, Finding, caveat, ready
from incidents.effects.wiring import World
from incidents.integrations.errors import IntegrationError
from incidents.integrations.secrets import Secrets
from incidents.models.service import Service

NOBODYS: Final = "rollback-console/rehearsal"
NOT_FOUND: Final = 404


def checks(world: World, services: list[Service]) -> Iterator[Check]:
    """One for all services."""
    if services:
        yield Check("secrets.metadata", "Credentials can be looked up", "C1", partial(metadata, world.secrets))


def metadata(store: Secrets | None) -> Finding:
    """Ask for a secret that nobody has: whoever may read metadata is told that there is none, whoever may not, 403."""
    if store is None:
        return caveat("Not configured: C1 is confirmed by hand, with the Secrets Management procedure.")
    try:
        store.versions(NOBODYS)
    except IntegrationError as answer:
        if answer.status != NOT_FOUND:
            raise
    return ready("The store tells the console which versions of a secret exist. No value was asked for.")
