"""The pager: can our own pages be found again, so that nobody is woken twice (S1, E15)."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from uuid import uuid4

from django.conf import settings

from incidents.effects.rehearsing.checks import Check, Finding, caveat, ready
from incidents.effects.wiring import World
from incidents.integrations.paging import Pager
from incidents.models.service import Service
from incidents.services.clock import database_now


def checks(world: World, services: list[Service]) -> Iterator[Check]:
    """One for all services."""
    if services:
        yield Check("pager.read", "On-call can be paged", "S1", partial(pager, world.pager, database_now()))


def pager(found: Pager | None, now: datetime) -> Finding:
    """Look for a page that was never sent: nobody is woken."""
    if found is None:
        form = f" at {settings.PAGE_FORM_URL}" if settings.PAGE_FORM_URL else ""
        return caveat(
            f"Not configured: S1 is done by hand, by the incident-reporting form{form}; nobody is woken (E15)."
        )
    found.find(key=str(uuid4()), since=now)
    return ready("The pager answers, and our own pages can be found again. Nobody was woken.")
