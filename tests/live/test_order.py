"""Every entry reaches every page once, in order, whoever writes and whatever is lost on the way."""

import asyncio
import threading

import pytest

from incidents.live.audiences import Audience
from tests.live.hubs import Panels, serving
from tests.live.ledger import Writer, writing
from tests.live.pages import Page, ticket_for

pytestmark = [pytest.mark.anyio, pytest.mark.django_db]


async def test_parallel_writers_and_rolled_back_transactions_leave_no_gap(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    def write_some(number: int) -> None:
        with writing(database, redis_url) as own:
            for turn in range(25):
                own.write(stream, rolled_back=(turn + number) % 5 == 0)

    async with serving(database, redis_url, panels) as (_hub, port), Page(port, ticket_for(stream)) as page:
        threads = [threading.Thread(target=write_some, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        seen = await page.seen_until(80)
        await asyncio.to_thread(lambda: [thread.join() for thread in threads])
    assert seen == list(range(1, 81))


async def test_a_lost_doorbell_is_made_up_for_by_the_poll(
    database: str, redis_url: str, stream: str, panels: Panels
) -> None:
    with writing(database, redis_url, doorbells=False) as mute:
        async with serving(database, redis_url, panels) as (_hub, port), Page(port, ticket_for(stream)) as page:
            mute.write(stream)
            assert await page.seen_until(1) == [1]


async def test_each_audience_is_printed_once_however_many_read(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    async with serving(database, redis_url, panels) as (_hub, port):
        viewers = [Page(port, ticket_for(stream)) for _ in range(5)]
        responders = [Page(port, ticket_for(stream, audience=Audience.RESPONDER)) for _ in range(5)]
        panels.audiences = {1: Audience.VIEWER}
        pages = [await page.__aenter__() for page in (*viewers, *responders)]
        writer.write(stream)
        shown = [(await page.next()).data for page in pages]
        for page in pages:
            await page.__aexit__(None, None, None)
    assert shown == ["viewer:1:"] * 5 + ["responder:1:"] * 5
    assert sorted(panels.printed) == [("responder", (1,)), ("viewer", (1,))]


async def test_two_incidents_do_not_hear_of_each_other(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    async with (
        serving(database, redis_url, panels) as (_hub, port),
        Page(port, ticket_for(stream)) as page,
        Page(port, ticket_for(f"{stream[:-4]}0000")) as other,
    ):
        writer.write(stream)
        writer.write(f"{stream[:-4]}0000")
        writer.write(f"{stream[:-4]}0000")
        assert await page.seen_until(1) == [1]
        assert await other.seen_until(2) == [1, 2]


async def test_a_panel_that_cannot_be_printed_sends_its_pages_to_refetch_and_no_others(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    class Broken(Panels):
        def render(self, entries, audience):
            if entries[0].seq == 1:
                raise KeyError("room")
            return super().render(entries, audience)

    async with serving(database, redis_url, Broken()) as (_hub, port), Page(port, ticket_for(stream)) as page:
        writer.write(stream)
        assert (await page.next("reset")).id == "1"
        writer.write(stream)
        assert await page.seen_until(2) == [2]
