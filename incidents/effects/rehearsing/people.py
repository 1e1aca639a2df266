"""The people: who is asked in the night, and could they answer? Looked up in the rows, often, since rosters move."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from incidents.effects.rehearsing.checks import Check, Finding, Verdict
from incidents.effects.wiring import World
from incidents.models.service import Service
from incidents.queries.staffing import Gap, questions_about_people
from incidents.services.clock import database_now

OFTEN = timedelta(minutes=1)


def checks(_: World, services: list[Service]) -> Iterator[Check]:
    """Answered in the thread that asks, which has the database."""
    for each in questions_about_people(services, database_now()):
        yield Check(each.name, each.title, each.rule, partial(known, each.gap, each.words), every=OFTEN)


VERDICTS: Final = {Gap.NONE: Verdict.READY, Gap.CAVEAT: Verdict.WARNING, Gap.MISSING: Verdict.MISSING}


def known(gap: Gap, words: str) -> Finding:
    """What was looked up already."""
    return Finding(VERDICTS[gap], words)
