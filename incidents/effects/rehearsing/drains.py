"""The drain targets of the catalogue: does the balancer know each, and may each be drained now (S3, E22)."""

from collections.abc import Iterator
from functools import partial

from incidents.effects.rehearsing.checks import Check, Finding, caveat, missing, ready
from incidents.effects.wiring import World
from incidents.integrations.drains import Drains, Duty
from incidents.integrations.errors import IntegrationError
from incidents.models.service import Service


def checks(world: World, services: list[Service]) -> Iterator[Check]:
    """One a service that names targets."""
    for each in services:
        if each.drain_targets:
            attempt = partial(targets, each, world.drains)
            yield Check(f"drains.read:{each.slug}", f"{each.name}: its drain targets can be read", "S3", attempt)


def targets(service: Service, balancer: Drains | None) -> Finding:
    """Read only: nothing is drained."""
    if balancer is None:
        return caveat("Not configured: S3 is done by hand. Name a balancer in settings.")
    known, unknown, short = [], [], []
    for name in service.drain_targets:
        try:
            pool = balancer.read(name)
        except IntegrationError as failure:
            unknown.append(f"{name}: {failure.words}")
            continue
        known.append(f"{name} is {pool.target.duty.value}")
        if pool.target.duty is Duty.SERVING and pool.left_serving < service.minimum_healthy:
            short.append(name)
    if unknown:
        return missing(" ".join(unknown), unknown=len(unknown))
    if short:
        words = (
            f"A drain of {', '.join(short)} would leave fewer than {service.minimum_healthy} healthy: refused (E22)."
        )
        return caveat(f"{', '.join(known)}. {words}")
    return ready(f"{', '.join(known)}.")
