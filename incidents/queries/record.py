"""What is known of the record itself: how far it is verified, signed and pinned outside."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from incidents.models.checkpoint import Checkpoint, CheckpointSink, StreamCheck
from incidents.queries.staffing import Gap

LATE_AFTER: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question about the record, with how to mend it."""

    name: str
    title: str
    gap: Gap
    words: str
    rule: str = "T2"


def questions_about_the_record(sinks: tuple[str, ...], now: datetime) -> Iterator[Answer]:
    """Is every stream intact, and is every checkpoint where nobody here can reach it?"""
    yield Answer("record.intact", "The record is intact", *_intact())
    newest = Checkpoint.objects.order_by("-number").first()
    if not sinks:
        words = "No place outside is named: who holds database and key could rewrite it all. Set CHECKPOINT_FILE."
        yield Answer("record.pinned", "Checkpoints are pinned outside", Gap.MISSING, words)
    for name in sinks:
        yield Answer(f"record.pinned:{name}", f"Checkpoints are pinned outside: {name}", *_pinned(name, newest, now))


def _intact() -> tuple[Gap, str]:
    broken = StreamCheck.objects.filter(broken__isnull=False).order_by("stream").first()
    if broken:
        where = f"Stream {broken.stream_id} is not intact at entry {broken.broken}."
        return Gap.MISSING, f"{where} Keep the database as it is, and call the CISO."
    checked = StreamCheck.objects.count()
    return (Gap.NONE, f"{checked} streams verified.") if checked else (Gap.CAVEAT, "Nothing was verified yet.")


def _pinned(name: str, newest: Checkpoint | None, now: datetime) -> tuple[Gap, str]:
    kept = CheckpointSink.objects.filter(name=name).first()
    if newest is None:
        return Gap.CAVEAT, "There is no checkpoint yet: the first is signed a minute after the first entry."
    pinned = kept.pinned if kept else 0
    waiting = newest.number - pinned
    if kept and kept.failing_since:
        return Gap.MISSING, f"{waiting} checkpoints wait, since {kept.failing_since:%Y-%m-%d %H:%M} UTC. {kept.words}"
    if waiting and newest.at < now - LATE_AFTER:
        return Gap.MISSING, f"{waiting} checkpoints wait: is a worker running?"
    return Gap.NONE, f"Checkpoint {pinned} of {newest.number} is there."
