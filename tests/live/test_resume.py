"""A page that comes back goes on where it was, or is told to begin anew."""

import pytest

from incidents.live.feeds import WINDOW
from tests.live.hubs import Panels, serving
from tests.live.ledger import Writer
from tests.live.pages import Page, ticket_for

pytestmark = [pytest.mark.anyio, pytest.mark.django_db]


async def test_what_was_missed_comes_first_as_one_frame(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    async with serving(database, redis_url, panels) as (_hub, port):
        async with Page(port, ticket_for(stream)) as page:
            writer.write(stream)
            assert await page.seen_until(1) == [1]
        for _ in range(3):
            writer.write(stream)
        async with Page(port, ticket_for(stream), cursor=page.cursor) as again:
            assert await again.seen_until(4) == [2, 3, 4]
            writer.write(stream)
            assert await again.seen_until(5) == [5]


async def test_a_restarted_process_knows_what_a_page_has_missed(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    for _ in range(4):
        writer.write(stream)
    async with serving(database, redis_url, panels) as (_hub, port), Page(port, ticket_for(stream), cursor=2) as page:
        assert await page.seen_until(4) == [3, 4]


async def test_last_event_id_wins_over_the_address(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    for _ in range(4):
        writer.write(stream)
    async with (
        serving(database, redis_url, panels) as (_hub, port),
        Page(port, ticket_for(stream), cursor=1, last_event_id="3") as page,
    ):
        assert await page.seen_until(4) == [4]


async def test_a_cursor_older_than_the_window_is_reset(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    writer.write_many(stream, WINDOW + 10)
    async with serving(database, redis_url, panels) as (_hub, port), Page(port, ticket_for(stream), cursor=9) as page:
        assert (await page.next("reset")).id == str(WINDOW + 10)
        writer.write(stream)
        assert await page.seen_until(WINDOW + 11) == [WINDOW + 11]


async def test_the_oldest_cursor_of_the_window_is_not_reset(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    writer.write_many(stream, WINDOW + 10)
    async with serving(database, redis_url, panels) as (_hub, port), Page(port, ticket_for(stream), cursor=10) as page:
        assert await page.seen_until(WINDOW + 10) == list(range(11, WINDOW + 11))


async def test_a_cursor_from_a_future_that_the_database_has_lost_is_reset(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    writer.write(stream)
    async with serving(database, redis_url, panels) as (_hub, port), Page(port, ticket_for(stream), cursor=7) as page:
        assert (await page.next("reset")).id == "1"


async def test_a_stream_that_is_set_back_while_it_is_watched_resets_its_pages(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    for _ in range(3):
        writer.write(stream)
    async with serving(database, redis_url, panels) as (_hub, port), Page(port, ticket_for(stream), cursor=3) as page:
        writer.connection.execute("UPDATE incidents_ledgerstream SET seq = 2 WHERE name = %s", [stream])
        assert (await page.next("reset")).id == "2"


async def test_a_page_newer_than_the_hub_is_not_told_twice(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    async with serving(database, redis_url, panels) as (_hub, port), Page(port, ticket_for(stream)) as old:
        writer.write(stream)
        assert await old.seen_until(1) == [1]
        writer.doorbells = False
        writer.write(stream)
        async with Page(port, ticket_for(stream), cursor=2) as young:
            writer.write(stream)
            assert await young.seen_until(3) == [3]


@pytest.mark.parametrize("nonsense", ["-1", "x", "1e3", "9" * 40])
async def test_a_nonsense_cursor_counts_as_nothing_seen(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels, nonsense: str
) -> None:
    writer.write(stream)
    async with (
        serving(database, redis_url, panels) as (_hub, port),
        Page(port, ticket_for(stream), last_event_id=nonsense) as page,
    ):
        assert await page.seen_until(1) == [1]


async def test_the_dashboard_is_knocked_at_for_any_stream_and_knows_what_it_missed(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    async with serving(database, redis_url, panels) as (_hub, port):
        async with Page(port, ticket_for("dashboard")) as page:
            first = await page.next("knock")
            writer.write(stream)
            assert int((await page.next("knock")).id) == int(first.id) + 1
        writer.write(stream)
        async with Page(port, ticket_for("dashboard"), cursor=page.cursor) as again:
            assert int((await again.next("knock")).id) == int(first.id) + 2
