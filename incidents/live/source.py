"""Reading the ledger's news: one query for every watched stream, on a connection of the hub's own."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg.conninfo import make_conninfo

from incidents.live.feeds import NOT_READ, WINDOW, Entry
from incidents.live.tickets import DASHBOARD

PATIENCE_SECONDS: Final = 5.0
NEWS: Final = """
    SELECT watched.name, COALESCE(stream.seq, 0), entry.seq, entry.kind, entry.at, entry.actor_id
    FROM unnest(%(names)s::text[], %(marks)s::bigint[]) AS watched(name, mark)
    LEFT JOIN incidents_ledgerstream AS stream ON stream.name = watched.name
    LEFT JOIN incidents_ledgerentry AS entry ON entry.stream_id = watched.name
        AND entry.seq >
            CASE WHEN watched.mark BETWEEN 0 AND stream.seq THEN watched.mark ELSE stream.seq - %(window)s END
    ORDER BY watched.name, entry.seq
"""
TOTAL: Final = "SELECT COALESCE(sum(seq), 0)::bigint FROM incidents_ledgerstream"
AWAY: Final = (psycopg.Error, OSError, TimeoutError)


@dataclass(slots=True)
class News:
    """A stream's newest number, and the entries after the mark that was asked for."""

    head: int = 0
    entries: list[Entry] = field(default_factory=list)


class Source:
    """The ledger in PostgreSQL. Any failure is one of AWAY, and the next question connects again."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def read(self, marks: Mapping[str, int]) -> dict[str, News]:
        """What came after each mark, in one snapshot; of a stream not read yet or set back, its newest."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._read(marks)
        except AWAY:
            await self.close()
            raise

    async def close(self) -> None:
        """Give the connection back; harmless where there is none."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _read(self, marks: Mapping[str, int]) -> dict[str, News]:
        connection = await self._connected()
        news = {name: News() for name in marks if name != DASHBOARD}
        values = {"names": list(news), "marks": [marks[name] for name in news], "window": WINDOW}
        for name, head, *entry in await (await connection.execute(NEWS, values)).fetchall():
            news[name].head = head
            if entry[0] is not None:
                news[name].entries.append(Entry(name, *entry))
        if DASHBOARD in marks:
            total = await (await connection.execute(TOTAL)).fetchone()
            news[DASHBOARD] = News(head=total[0] if total else NOT_READ)
        return news

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._address, autocommit=True, application_name="rollback_console live"
            )
        return self._connection


def address_of(database: Mapping[str, Any]) -> str:
    """The connection string behind one of Django's DATABASES."""
    options = {name: value for name, value in database.get("OPTIONS", {}).items() if isinstance(value, (str, int))}
    named = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    given = {key: database[name] for key, name in named.items() if database.get(name)}
    return make_conninfo(**{**options, **given, "application_name": "rollback_console live"})
