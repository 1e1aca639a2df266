"""How far checkpoints are pinned outside: each place gets all of them, in order, and none is ever passed over."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from incidents.models.checkpoint import Checkpoint, CheckpointSink
from incidents.models.ledger import canonical

AT_ONCE: Final = 200


def due_pins(sink: str) -> Iterator[tuple[int, str]]:
    """The number and the line of each checkpoint that this place has not taken yet, oldest first, bounded."""
    kept = CheckpointSink.objects.filter(name=sink).first()
    after = kept.pinned if kept else 0
    for checkpoint in Checkpoint.objects.filter(number__gt=after).order_by("number")[:AT_ONCE]:
        yield checkpoint.number, pin_line(checkpoint)


def pin_line(checkpoint: Checkpoint) -> str:
    """What is kept outside: the signed text, its signature, and the heads that had moved, as one line of JSON."""
    heads = [[head.stream, head.seq, head.hash] for head in checkpoint.heads.order_by("stream")]
    return canonical({"text": checkpoint.text, "signature": checkpoint.signature, "heads": heads})


def note_pinned(*, sink: str, number: int, now: datetime) -> None:
    """The place has taken a checkpoint."""
    taken = {"pinned": number, "pinned_at": now, "failing_since": None, "words": ""}
    CheckpointSink.objects.update_or_create(name=sink, defaults=taken)


def note_refused(*, sink: str, words: str, now: datetime) -> None:
    """The place has not taken one: it is offered again, and readiness says so."""
    kept, _ = CheckpointSink.objects.get_or_create(name=sink)
    kept.failing_since, kept.words = kept.failing_since or now, words
    kept.save(update_fields=["failing_since", "words"])
