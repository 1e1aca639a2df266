"""Redis away: the poll. PostgreSQL away: the page says so and goes on afterwards. Nothing is lost by either."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.db import OperationalError
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from redis import Redis

from tests.live.hubs import QUICK, Pace, Panels, serving, until
from tests.live.ledger import Writer
from tests.live.pages import Page, ticket_for

pytestmark = [pytest.mark.anyio, pytest.mark.django_db]
BY_DOORBELL_ALONE = Pace(poll=600)
END_LIVE_CONNECTIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = 'rollback_console live' AND datname = %s AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True)
class Outage:
    """The database as the live process sees it while it is away; connections that the test holds stay."""

    address: str

    def begin(self) -> None:
        self._let_in("false")
        with self._elsewhere() as connection:
            connection.execute(END_LIVE_CONNECTIONS, [conninfo_to_dict(self.address)["dbname"]])

    def end(self) -> None:
        self._let_in("true")

    def _let_in(self, answer: str) -> None:
        name = sql.Identifier(str(conninfo_to_dict(self.address)["dbname"]))
        with self._elsewhere() as connection:
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(name, sql.SQL(answer)))

    def _elsewhere(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.address, dbname="postgres", application_name="outage", autocommit=True)


@pytest.fixture
def outage(database: str) -> Iterator[Outage]:
    found = Outage(database)
    yield found
    found.end()


async def test_without_redis_the_poll_brings_every_entry(
    database: str, writer: Writer, stream: str, panels: Panels
) -> None:
    nowhere = "unix:///nowhere/valkey.sock"
    async with serving(database, nowhere, panels) as (hub, port), Page(port, ticket_for(stream)) as page:
        writer.write(stream)
        assert await page.seen_until(1) == [1]
        assert hub.report()["doorbell"] is False


async def test_a_doorbell_that_was_cut_off_is_heard_again(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    async with (
        serving(database, redis_url, panels, BY_DOORBELL_ALONE) as (hub, port),
        Page(port, ticket_for(stream)) as page,
    ):
        await until(lambda: hub.report()["doorbell"])
        writer.write(stream)
        assert await page.seen_until(1) == [1]
        with Redis.from_url(redis_url) as redis:
            redis.client_kill_filter(_type="pubsub")
        await until(lambda: not hub.report()["doorbell"])
        writer.write(stream)
        await until(lambda: hub.report()["doorbell"])
        writer.write(stream)
        assert await page.seen_until(3) == [2, 3]


async def test_while_the_database_is_away_the_stream_stays_open_says_stale_and_then_goes_on(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels, outage: Outage
) -> None:
    async with serving(database, redis_url, panels) as (hub, port), Page(port, ticket_for(stream)) as page:
        writer.write(stream)
        assert await page.seen_until(1) == [1]
        outage.begin()
        await page.next("stale")
        writer.write(stream)
        assert hub.report()["status"] == "stale"
        outage.end()
        await page.next("fresh")
        assert await page.seen_until(2) == [2]


async def test_a_page_that_comes_while_the_database_is_away_is_told_and_served_later(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels, outage: Outage
) -> None:
    writer.write(stream)
    async with serving(database, redis_url, panels) as (hub, port):
        outage.begin()
        await until(lambda: hub.report()["status"] == "stale")
        async with Page(port, ticket_for(stream)) as page:
            await page.next("stale")
            outage.end()
            await page.next("fresh")
            assert await page.seen_until(1) == [1]


async def test_panels_that_cannot_reach_the_database_are_printed_when_they_can(
    database: str, redis_url: str, writer: Writer, stream: str
) -> None:
    class Unreachable(Panels):
        def render(self, entries, audience):
            if not self.printed:
                self.printed.append(("", ()))
                raise OperationalError("server closed the connection")
            return super().render(entries, audience)

    async with serving(database, redis_url, Unreachable()) as (_hub, port), Page(port, ticket_for(stream)) as page:
        writer.write(stream)
        await page.next("stale")
        assert await page.seen_until(1) == [1]
        await page.next("fresh")


async def test_a_chart_moves_without_an_entry_and_without_the_cursor(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    panels.chart = "<svg>1</svg>"
    async with serving(database, redis_url, panels, QUICK) as (_hub, port), Page(port, ticket_for(stream)) as page:
        first = await page.next()
        panels.chart = "<svg>\n2</svg>"
        second = await page.next()
    assert [(first.id, first.data), (second.id, second.data)] == [("", "<svg>1</svg>"), ("", "<svg>\n2</svg>")]
