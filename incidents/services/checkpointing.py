"""Signed checkpoints over the heads of all streams, each linked to the one before (trust.md §3)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum

from incidents.models import merkle
from incidents.models.checkpoint import Checkpoint, CheckpointHead
from incidents.models.ledger import CLOCK, GENESIS, Chain, LedgerStream, canonical, digest, follow
from incidents.services.signing import public_key, sign

VERSION: Final = 1
ONE_AT_A_TIME: Final = 0x6C6564676572
"""The advisory lock of whoever makes a checkpoint: “ledger” in ASCII."""

HEADS: Final = """
    SELECT stream.name, stream.seq, stream.head, COALESCE(told.seq, 0), COALESCE(told.hash, %s)
    FROM incidents_ledgerstream AS stream
    LEFT JOIN LATERAL (
        SELECT seq, hash FROM incidents_checkpointhead WHERE stream = stream.name ORDER BY seq DESC LIMIT 1
    ) AS told ON true
    WHERE stream.seq > 0
    ORDER BY stream.name COLLATE "C"
"""
"""Every stream with its head now and its head as last told, in one snapshot, in the order of the tree."""


class LedgerWentBack(Exception):
    """The ledger no longer holds what an earlier checkpoint vouched for; nothing is signed over that."""

    def __init__(self, stream: str, seq: int) -> None:
        super().__init__(f"Stream {stream} is not intact at entry {seq}: no checkpoint is signed.")
        self.stream, self.seq = stream, seq


@dataclass(frozen=True, slots=True)
class Head:
    """Where a stream ends, and where the last checkpoint that told of it found its end."""

    stream: str
    seq: int
    hash: str
    told: Chain

    @property
    def moved(self) -> bool:
        return (self.seq, self.hash) != (self.told.seq, self.told.hash)

    @property
    def leaf(self) -> bytes:
        return merkle.leaf(self.stream, self.seq, self.hash)

    def check(self) -> None:
        """Raise `LedgerWentBack` unless what is new here continues what was told."""
        if self.seq <= self.told.seq:
            raise LedgerWentBack(self.stream, min(self.seq + 1, self.told.seq))
        found = follow(self.stream, self.told, until=self.seq)
        if found.broken or (found.seq, found.hash) != (self.seq, self.hash):
            raise LedgerWentBack(self.stream, found.seq + 1)


@transaction.atomic
def make_checkpoint(*, now: datetime) -> Checkpoint | None:
    """Verify what is new, and sign the heads of all streams; None where nothing has moved since the last one.

    Raises `LedgerWentBack` rather than sign over a ledger that lost or changed what was vouched for.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    before = Checkpoint.objects.order_by("-number").first()
    if before and _told(before, "entries") == _length():
        return None
    heads = all_heads()
    moved = [head for head in heads if head.moved]
    for head in moved:
        head.check()
    if before and len(heads) < _told(before, "streams"):
        raise LedgerWentBack("that was there before", 1)
    return _sign(before, heads, moved, now) if moved else None


def all_heads() -> list[Head]:
    """Every stream that holds anything, by name in the order of its bytes."""
    with connection.cursor() as cursor:
        cursor.execute(HEADS, [GENESIS])
        return [Head(name, seq, end, Chain(told, was)) for name, seq, end, told, was in cursor.fetchall()]


def _sign(before: Checkpoint | None, heads: list[Head], moved: list[Head], now: datetime) -> Checkpoint:
    number = before.number + 1 if before else 1
    text = canonical(
        {
            "v": VERSION,
            "number": number,
            "at": now,
            "clock": CLOCK,
            "application": settings.APPLICATION_VERSION,
            "key": public_key(),
            "previous": before.hash if before else GENESIS,
            "streams": len(heads),
            "entries": sum(head.seq for head in heads),
            "root": merkle.root([head.leaf for head in heads]),
            "moved": len(moved),
            "moved_root": merkle.root([head.leaf for head in moved]),
        }
    )
    made = Checkpoint.objects.create(number=number, at=now, text=text, hash=digest(text), signature=sign(text.encode()))
    CheckpointHead.objects.bulk_create(
        [CheckpointHead(checkpoint=made, stream=head.stream, seq=head.seq, hash=head.hash) for head in moved],
        batch_size=2000,
    )
    return made


def _length() -> int:
    return int(LedgerStream.objects.aggregate(entries=Sum("seq", default=0))["entries"])


def _told(checkpoint: Checkpoint, name: str) -> int:
    return int(json.loads(checkpoint.text)[name])
