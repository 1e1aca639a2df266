"""The record: is it intact, and are its checkpoints out of reach? Looked up in the rows, often."""

from collections.abc import Iterator
from functools import partial

from incidents.effects.rehearsing.checks import Check
from incidents.effects.rehearsing.people import OFTEN, known
from incidents.effects.wiring import World
from incidents.models.service import Service
from incidents.queries.record import questions_about_the_record
from incidents.services.clock import database_now


def checks(world: World, _: list[Service]) -> Iterator[Check]:
    """Answered in the thread that asks, which has the database."""
    for each in questions_about_the_record(tuple(sink.name for sink in world.sinks), database_now()):
        yield Check(each.name, each.title, each.rule, partial(known, each.gap, each.words), every=OFTEN)
