"""The public status page: is it seen, and does it show the components of the catalogue (P1, P2)."""

from collections.abc import Iterator
from functools import partial

from incidents.effects.rehearsing.checks import Check, Finding, caveat, missing, ready
from incidents.effects.wiring import World
from incidents.integrations.status_page import StatusPage
from incidents.models.service import Service


def checks(world: World, services: list[Service]) -> Iterator[Check]:
    """One a service that customers feel."""
    for each in services:
        if each.customer_facing:
            attempt = partial(components, each, world.status_page)
            yield Check(f"status_page.read:{each.slug}", f"{each.name}: its components are public", "P1", attempt)


def components(service: Service, page: StatusPage | None) -> Finding:
    """Read only: nothing is posted."""
    if page is None:
        return caveat("No outside status page is configured: the console's own page under /status/ is all there is.")
    shown = {name for each in page.components() for name in (each.name, each.id)}
    unknown = [name for name in service.status_components if name not in shown]
    if unknown:
        return missing(f"The page does not show {', '.join(unknown)}: correct the components in the catalogue.")
    if not service.status_components:
        return caveat("The catalogue names no component: a report would say nothing of what is affected.")
    return ready(f"The page shows {', '.join(service.status_components)}. Nothing was posted.")
