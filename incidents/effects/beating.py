"""The dead man's switch: an outside address is told that the console lives, while database and sweep really do."""

from datetime import datetime

from incidents.effects.rehearsing.checks import Verdict
from incidents.effects.wiring import World
from incidents.integrations.errors import IntegrationError
from incidents.services.beating import beat_is_early, note_beat, why_silent


def beat_outside(world: World, now: datetime) -> None:
    """One beat. Where something is wrong here nothing is sent: the watcher's alarm is the message."""
    if world.heartbeat is None or beat_is_early(now):
        return
    silent = why_silent(now)
    if silent:
        note_beat(verdict=Verdict.MISSING, words=silent, now=now)
        return
    try:
        world.heartbeat.beat()
    except IntegrationError as failure:
        note_beat(verdict=Verdict.MISSING, words=failure.words, now=now)
    else:
        note_beat(verdict=Verdict.READY, words="It heard the last beat; should they stop, it says so.", now=now)
