"""How streams and the process end: a hang-up, a stalled reader, a broken hub, SIGTERM."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command
from psycopg.conninfo import conninfo_to_dict

from incidents.live.feeds import MOST_WAITING, GapInStream
from incidents.live.hub import Pace
from tests.live.hubs import Panels, serving, until
from tests.live.ledger import NO_HASH, WRITE, Writer
from tests.live.pages import Page, ticket_for

pytestmark = [pytest.mark.anyio, pytest.mark.django_db]
SOON_SECONDS = 5  # two on a quiet machine, which the benchmark measures
MUCH = 4_000_000  # more than the sockets' buffers hold


async def test_a_page_that_hangs_up_is_forgotten_and_so_is_a_stream_that_nobody_reads(
    database: str, redis_url: str, stream: str, panels: Panels
) -> None:
    async with serving(database, redis_url, panels) as (hub, port):
        async with Page(port, ticket_for(stream)):
            await until(lambda: hub.report()["readers"] == 1)
            assert hub.report()["streams"] == 2
        await until(lambda: hub.report()["readers"] == 0)
        await until(lambda: hub.report()["streams"] == 1)


async def test_a_reader_who_stalls_is_cut_off_and_comes_back_by_its_cursor(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    panels.weight = MUCH
    async with serving(database, redis_url, panels) as (hub, port):
        async with Page(port, ticket_for(stream)) as stalled, Page(port, ticket_for(stream)) as other:
            for seq in range(1, 6):
                writer.write(stream)
                assert await other.seen_until(seq) == [seq]
            await until(lambda: hub.report()["readers"] == 1)
        panels.weight = 0
        async with Page(port, ticket_for(stream), cursor=stalled.cursor) as again:
            writer.write(stream)
            assert (await again.seen_until(6))[-1] == 6


async def test_what_waits_for_one_reader_is_bounded(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    panels.weight = MUCH
    async with serving(database, redis_url, panels, Pace(poll=0.2)) as (hub, port), Page(port, ticket_for(stream)):
        await until(lambda: hub.report()["readers"] == 1)
        for seq in range(1, 4):
            writer.write(stream)
            await until(lambda seq=seq: len(panels.printed) == seq)
        panels.weight = 0
        for seq in range(4, MOST_WAITING + 8):
            writer.write(stream)
            await until(lambda seq=seq: len(panels.printed) == seq or hub.report()["readers"] == 0)
        await until(lambda: hub.report()["readers"] == 0)


async def test_a_gap_in_the_ledger_ends_the_process(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    async with serving(database, redis_url, panels) as (hub, port), Page(port, ticket_for(stream)) as page:
        writer.write(stream)
        assert await page.seen_until(1) == [1]
        writer.connection.execute("UPDATE incidents_ledgerstream SET seq = 3 WHERE name = %s", [stream])
        writer.connection.execute(WRITE, [stream, 3, "now", "step.done", None, "{}", NO_HASH])
        await page.next("bye")
        assert isinstance(hub.failure, GapInStream)


async def test_sigterm_says_bye_to_all_and_ends_soon(database: str, redis_url: str, stream: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.live.process", "--database", database, "--redis", redis_url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    pages = [await Page(port, ticket_for(stream)).__aenter__() for _ in range(50)]
    with socket.create_connection(("127.0.0.1", port)) as silent:
        silent.sendall(b"GET /live/stream HTTP/1.1\r\n")
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        farewells = await asyncio.gather(*(page.next("bye") for page in pages))
        assert await process.wait() == 0
    assert time.monotonic() - asked < SOON_SECONDS
    assert {event.data for event in farewells} == {"restart"}
    for page in pages:
        await page.__aexit__(None, None, None)


async def test_the_command_serves_and_ends_well_and_an_incident_that_is_not_there_breaks_nothing(
    database: str, redis_url: str, writer: Writer, stream: str
) -> None:
    known = conninfo_to_dict(database)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "manage.py", "runlive", "--port", "0"),
        env={
            **os.environ,
            "DATABASE_URL": f"postgresql://{known['user']}:{quote(str(known['password']))}@/{known['dbname']}"
            f"?host={known['host']}",
            "PYTHONUNBUFFERED": "1",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    told = (await process.stdout.readline()).decode()
    port = int(told.rpartition(":")[2])
    async with Page(port, ticket_for(stream)) as page:
        writer.write(stream)
        assert (await page.next("reset")).id == "1"
    async with Page(port, "", path="/live/healthz") as health:
        assert json.loads(await health.body())["status"] == "ok"
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


async def test_the_command_says_why_it_cannot_listen() -> None:
    with pytest.raises(CommandError, match=r"cannot listen on 192\.0\.2\.1:8001"):
        await asyncio.to_thread(call_command, "runlive", "--host", "192.0.2.1")
