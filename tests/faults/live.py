"""Chaos on the live stream, counted: `python -m tests.faults.live --clients 200 --seconds 30`; exit 1 on any miss.

Writers commit to several incidents at once; one transaction in ten is rolled back, one doorbell in ten is never rung.
Meanwhile the live process and Redis are killed, its database connections are cut, and pages come and go, each with
nothing but its cursor. At the end every page must have been shown every entry: once, in order, to the last.
"""

import argparse
import asyncio
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import django
import psycopg
from redis import RedisError

from tests.live.ledger import Writer, new_stream, writing
from tests.live.machine import Machine, machine

STREAMS = 3
WRITERS = 3
SHARE_LOST = 0.1
LONGEST_STAY_SECONDS = 3.0
PATIENCE_AT_THE_END_SECONDS = 30.0
CUT_LIVE_CONNECTIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rollback_console live'"
)


@dataclass
class Tally:
    """What came of it. All but the first two must be nought."""

    events: int = 0
    deliveries: int = 0
    lost: int = 0
    twice: int = 0
    order: int = 0
    tail: int = 0
    resets: int = 0
    blows: Counter[str] = field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        return self.events > 0 and not (self.lost or self.twice or self.order or self.tail or self.resets)

    def __str__(self) -> str:
        blows = ", ".join(f"{count} {what}" for what, count in sorted(self.blows.items()))
        return (
            f"events {self.events}  deliveries {self.deliveries}  LOST {self.lost}  TWICE {self.twice}"
            f"  ORDER {self.order}  TAIL {self.tail}  resets {self.resets}  ({blows})"
        )

    def count(self, seen: list[int], head: int) -> None:
        """Add what one page was shown of a stream that went to `head`."""
        self.deliveries += len(seen)
        self.twice += len(seen) - len(set(seen))
        self.order += sum(after < before for before, after in pairwise(seen))
        newest = max(seen, default=0)
        self.lost += len(set(range(1, newest + 1)) - set(seen))
        self.tail += head - newest


class Visitor:
    """Somebody who opens the room, leaves, and comes back with the cursor."""

    def __init__(self, stream: str, number: int, tally: Tally) -> None:
        self.stream = stream
        self.seen: list[int] = []
        self._cursor = 0
        self._tally = tally
        self._random = random.Random(number)

    async def visit(self, port: Callable[[], int], over: asyncio.Event) -> None:
        while not over.is_set():
            try:
                async with asyncio.timeout(self._random.uniform(0.1, LONGEST_STAY_SECONDS)):
                    await self._stay(port())
            except (OSError, EOFError, asyncio.IncompleteReadError, TimeoutError):
                await asyncio.sleep(0.05)

    async def _stay(self, port: int) -> None:
        from tests.live.pages import Page, ticket_for  # settings come first

        async with Page(port, ticket_for(self.stream), cursor=self._cursor) as page:
            self._tally.blows["visits"] += 1
            async for event in page.events():
                if event.name == "reset":
                    self._tally.resets += 1
                if event.name == "message":
                    self.seen += [int(number) for number in event.data.split(":")[1].split(",")]
                self._cursor = page.cursor


class Campaign:
    """One run on one machine."""

    def __init__(self, where: Machine, *, clients: int, seconds: float, seed: int) -> None:
        self._machine = where
        self._seconds = seconds
        self._random = random.Random(seed)
        self._streams = [new_stream() for _ in range(STREAMS)]
        self._heads: Counter[str] = Counter()
        self._live = where.start_live()
        self._spare = where.start_live()
        self._writing = threading.Event()
        self.tally = Tally()
        self.visitors = [Visitor(self._streams[number % STREAMS], number, self.tally) for number in range(clients)]

    async def run(self) -> Tally:
        await asyncio.to_thread(self._live.wait_until_it_listens)
        over = asyncio.Event()
        visits = [asyncio.create_task(visitor.visit(lambda: self._live.port, over)) for visitor in self.visitors]
        writers = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]
        for thread in writers:
            thread.start()
        await asyncio.to_thread(self._strike)
        self._writing.set()
        await asyncio.to_thread(lambda: [thread.join() for thread in writers])
        await self._until_all_was_shown()
        over.set()
        await asyncio.gather(*visits)
        self._live.end()
        self._spare.kill()
        return self._count()

    def _write(self, number: int) -> None:
        own = random.Random(number)
        with writing(self._machine.database, self._machine.redis, doorbells=False) as writer:
            while not self._writing.is_set():
                stream = own.choice(self._streams)
                seq = writer.write(stream, rolled_back=own.random() < SHARE_LOST)
                self._heads[stream] = max(seq, self._heads[stream])
                if seq and own.random() >= SHARE_LOST:
                    self._ring(writer, stream)
                time.sleep(own.uniform(0, 0.05))

    def _ring(self, writer: Writer, stream: str) -> None:
        try:
            writer.ring(stream)
        except (RedisError, OSError):
            self.tally.blows["doorbells lost with Redis"] += 1

    def _strike(self) -> None:
        """Until the time is over, one blow after another, each kind in turn."""
        blows = [self._kill_live, self._kill_redis, self._cut_connections]
        ends_at = time.monotonic() + self._seconds
        while time.monotonic() < ends_at:
            for blow in blows:
                time.sleep(self._random.uniform(0.3, 1.0))
                blow()

    def _kill_live(self) -> None:
        self._live.kill()
        self._spare.wait_until_it_listens()
        self._live, self._spare = self._spare, self._machine.start_live()
        self.tally.blows["live processes killed"] += 1

    def _kill_redis(self) -> None:
        self._machine.kill_redis()
        self.tally.blows["Redis killed"] += 1

    def _cut_connections(self) -> None:
        with psycopg.connect(self._machine.database, autocommit=True) as connection:
            connection.execute(CUT_LIVE_CONNECTIONS)
        self.tally.blows["connections cut"] += 1

    async def _until_all_was_shown(self) -> None:
        """Ends on "all was shown", never on "nothing came for a while"; gives up only after a long wait."""
        ends_at = time.monotonic() + PATIENCE_AT_THE_END_SECONDS
        while time.monotonic() < ends_at and any(  # noqa: ASYNC110 - many pages, one question
            max(visitor.seen, default=0) < self._heads[visitor.stream] for visitor in self.visitors
        ):
            await asyncio.sleep(0.05)

    def _count(self) -> Tally:
        self.tally.events = sum(self._heads.values())
        for visitor in self.visitors:
            self.tally.count(visitor.seen, self._heads[visitor.stream])
        return self.tally


def run(*, clients: int, seconds: float, seed: int = 1) -> Tally:
    """One campaign on engines of its own."""
    with machine() as found:
        django.setup()
        return asyncio.run(Campaign(found, clients=clients, seconds=seconds, seed=seed).run())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    tally = run(clients=told.clients, seconds=told.seconds, seed=told.seed)
    print(tally)
    sys.exit(0 if tally.clean else 1)


if __name__ == "__main__":
    main()
