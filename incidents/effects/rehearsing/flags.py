"""The flags of the catalogue: is each of them known to its provider (S2)."""

from collections.abc import Iterator
from functools import partial

from incidents.effects.rehearsing.checks import Check, Finding, caveat, missing, ready
from incidents.effects.wiring import World
from incidents.integrations.errors import IntegrationError
from incidents.integrations.flags import Flags
from incidents.models.service import Service


def checks(world: World, services: list[Service]) -> Iterator[Check]:
    """One a service that names flags."""
    for each in services:
        if each.flags:
            attempt = partial(flags, each, world.flags)
            yield Check(f"flags.read:{each.slug}", f"{each.name}: its flags can be read", "S2", attempt)


def flags(service: Service, provider: Flags | None) -> Finding:
    """Every flag is asked for, though one is unknown."""
    if provider is None:
        return caveat("Not configured: S2 is done by hand. Name a provider of flags in settings.")
    known, unknown = [], []
    for name in service.flags:
        try:
            known.append(f"{name} is {'on' if provider.read(name).on else 'off'}")
        except IntegrationError as failure:
            unknown.append(f"{name}: {failure.words}")
    if unknown:
        return missing(" ".join(unknown), unknown=len(unknown))
    return ready(f"{', '.join(known)}.")
