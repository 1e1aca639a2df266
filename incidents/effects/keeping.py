"""The record is kept: what is new is signed, checkpoints leave the machine, and the streams are read again."""

import structlog

from incidents.effects.wiring import World
from incidents.integrations.errors import IntegrationError
from incidents.integrations.pinning import Sink
from incidents.services.checkpointing import LedgerWentBack, make_checkpoint
from incidents.services.clock import database_now
from incidents.services.knocking import tell_failed_sign_ins
from incidents.services.pinning import due_pins, note_pinned, note_refused
from incidents.services.verifying import verify_streams

log = structlog.get_logger(__name__)


def keep_record(world: World) -> None:
    """What is new is signed, pinned and read again; what was signed before is pinned even where nothing is signed."""
    tell_failed_sign_ins(now=database_now())
    vouch()
    pin(world)
    verify_streams(now=database_now())


def vouch() -> None:
    """Sign what is new; over what was found broken nothing is signed, and the log says where."""
    try:
        make_checkpoint(now=database_now())
    except LedgerWentBack as fault:
        log.exception("checkpoint_refused", stream=fault.stream, entry=fault.seq)


def pin(world: World) -> None:
    """Bring every place up to date; one that refuses does not hold up the others."""
    for sink in world.sinks:
        _bring_up_to_date(sink)


def _bring_up_to_date(sink: Sink) -> None:
    for number, line in due_pins(sink.name):
        try:
            sink.pin(number, line)
        except IntegrationError as failure:
            note_refused(sink=sink.name, words=failure.words, now=database_now())
            return
        note_pinned(sink=sink.name, number=number, now=database_now())
