"""Writing ledger entries as the services do, from any number of parallel connections."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
from redis import Redis

from incidents.dispatch import DOORBELL

TAKE_NUMBER = (
    "INSERT INTO incidents_ledgerstream (name, seq, head) VALUES (%s, 1, %s)"
    " ON CONFLICT (name) DO UPDATE SET seq = incidents_ledgerstream.seq + 1 RETURNING seq"
)
WRITE = (
    "INSERT INTO incidents_ledgerentry (stream_id, seq, at, kind, rule, actor_id, actor_name, text, hash)"
    " VALUES (%s, %s, %s, %s, '', %s, '', %s, %s)"
)
NO_HASH = "0" * 64


def new_stream() -> str:
    return f"incident:{uuid4()}"


@dataclass
class Writer:
    """One connection that appends to streams; `doorbells` says whether it rings after the commit."""

    address: str
    redis_url: str
    doorbells: bool = True
    connection: psycopg.Connection[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.connection = psycopg.connect(self.address, application_name="writer", autocommit=True)

    def write(
        self, stream: str, kind: str = "step.done", *, actor_id: int | None = None, rolled_back: bool = False
    ) -> int:
        """Append one entry in a transaction of its own and ring; 0 where it was rolled back on purpose."""
        with self.connection.transaction(force_rollback=rolled_back):
            row = self.connection.execute(TAKE_NUMBER, [stream, NO_HASH]).fetchone()
            assert row is not None
            seq: int = row[0]
            at = datetime.now(UTC)
            self.connection.execute(WRITE, [stream, seq, at, kind, actor_id, json.dumps({"seq": seq}), NO_HASH])
        if rolled_back:
            return 0
        if self.doorbells:
            self.ring(stream)
        return seq

    def write_many(self, stream: str, count: int) -> None:
        """Append `count` entries in one transaction, without a ring: history."""
        with self.connection.transaction():
            self.connection.execute(
                "INSERT INTO incidents_ledgerstream (name, seq, head) VALUES (%s, %s, %s)", [stream, count, NO_HASH]
            )
            self.connection.execute(
                "INSERT INTO incidents_ledgerentry (stream_id, seq, at, kind, rule, actor_name, text, hash)"
                " SELECT %s, n, now(), 'step.done', '', '', '{}', %s FROM generate_series(1, %s) AS n",
                [stream, NO_HASH, count],
            )

    def ring(self, stream: str) -> None:
        with Redis.from_url(self.redis_url) as redis:
            redis.publish(DOORBELL, stream)


@contextmanager
def writing(address: str, redis_url: str, *, doorbells: bool = True) -> Iterator[Writer]:
    writer = Writer(address, redis_url, doorbells)
    with writer.connection:
        yield writer
