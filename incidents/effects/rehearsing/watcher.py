"""The outside watcher: with an address it is told each minute and needs no rehearsal; without one, nobody misses us."""

from collections.abc import Iterator

from django.conf import settings

from incidents.effects.rehearsing.checks import Check, Finding, caveat
from incidents.effects.wiring import World
from incidents.models.service import Service
from incidents.services.rehearsing import HEARTBEAT


def checks(_: World, services: list[Service]) -> Iterator[Check]:
    """One, where no address is set."""
    if services and not settings.HEARTBEAT_URL:
        yield Check(HEARTBEAT, "An outside watcher hears the console", "", unheard)


def unheard() -> Finding:
    """There is nothing to try."""
    return caveat("Nobody outside would notice if the console stood still: name an address in HEARTBEAT_URL.")
