"""How far checkpoints are pinned outside: each place gets all of them, in order, and none is ever passed over."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db import connection

from incidents.models.checkpoint import Checkpoint, CheckpointSink
from incidents.models.ledger import canonical

AT_ONCE: Final = 200
MOST_NAMED: Final = 1000
EARLIER: Final = """
    SELECT head.stream, array_agg(entry.hash ORDER BY entry.seq)
    FROM incidents_checkpointhead AS head
    CROSS JOIN LATERAL (
        SELECT COALESCE(max(seq), 0) AS seq FROM incidents_checkpointhead AS before
        WHERE before.stream = head.stream AND before.seq < head.seq
    ) AS told
    JOIN incidents_ledgerentry AS entry ON entry.stream_id = head.stream
        AND entry.seq > GREATEST(told.seq, head.seq - %s) AND entry.seq < head.seq
    WHERE head.checkpoint_id = %s
    GROUP BY head.stream
"""
"""The hashes of the entries that a checkpoint found new, by stream; of a stream that grew by more, the last ones."""


def due_pins(sink: str) -> Iterator[tuple[int, str]]:
    """The number and the line of each checkpoint that this place has not taken yet, oldest first, bounded."""
    kept = CheckpointSink.objects.filter(name=sink).first()
    after = kept.pinned if kept else 0
    for checkpoint in Checkpoint.objects.filter(number__gt=after).order_by("number")[:AT_ONCE]:
        yield checkpoint.number, pin_line(checkpoint)


def pin_line(checkpoint: Checkpoint) -> str:
    """What is kept outside, as one line of JSON: the signed text, its signature, the heads that had moved since the
    checkpoint before, and the hashes of the entries in between, so that the first bad one can be named.
    """
    heads = [[head.stream, head.seq, head.hash] for head in checkpoint.heads.order_by("stream")]
    with connection.cursor() as cursor:
        cursor.execute(EARLIER, [MOST_NAMED, checkpoint.number])
        earlier = dict(cursor.fetchall())
    return canonical({"text": checkpoint.text, "signature": checkpoint.signature, "heads": heads, "entries": earlier})


def note_pinned(*, sink: str, number: int, now: datetime) -> None:
    """The place has taken a checkpoint."""
    taken = {"pinned": number, "pinned_at": now, "failing_since": None, "words": ""}
    CheckpointSink.objects.update_or_create(name=sink, defaults=taken)


def note_refused(*, sink: str, words: str, now: datetime) -> None:
    """The place has not taken one: it is offered again, and readiness says so."""
    kept, _ = CheckpointSink.objects.get_or_create(name=sink)
    kept.failing_since, kept.words = kept.failing_since or now, words
    kept.save(update_fields=["failing_since", "words"])
