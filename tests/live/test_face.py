"""What the stream's own address answers, to whom, and what it never tells."""

import json
import logging
import re

import pytest
import time_machine
from django.core import signing

from incidents.live import tickets
from incidents.live.audiences import Audience
from tests.live.hubs import ORIGIN, Panels, serving
from tests.live.ledger import Writer
from tests.live.pages import Page, ticket_for

pytestmark = [pytest.mark.anyio, pytest.mark.django_db]


async def test_a_stream_is_never_cached_buffered_or_sniffed(
    database: str, redis_url: str, stream: str, panels: Panels
) -> None:
    async with serving(database, redis_url, panels) as (_hub, port), Page(port, ticket_for(stream)) as page:
        assert page.status == 200
        assert page.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert page.headers["cache-control"] == "no-store, no-transform"
        assert page.headers["x-accel-buffering"] == "no"
        assert (await page.reader.readuntil(b"\n\n")).endswith(b"retry: 1000\n\n")


@pytest.mark.parametrize(
    "ticket",
    ["", "nonsense", signing.dumps([1, "incident:x", "viewer", 0], salt="another"),
     signing.dumps([1, "incident:x", "emperor", 0], salt=tickets.SALT), signing.dumps("x", salt=tickets.SALT)],
    ids=["none", "nonsense", "another purpose", "unknown audience", "another shape"],
)  # fmt: skip
async def test_a_ticket_that_we_did_not_sign_opens_nothing(
    database: str, redis_url: str, panels: Panels, ticket: str
) -> None:
    async with serving(database, redis_url, panels) as (_hub, port), Page(port, ticket) as page:
        assert page.status == 403
        assert await page.body() == "This ticket is not, or no longer, good.\n"


def test_a_ticket_is_good_for_an_hour() -> None:
    with time_machine.travel("2026-05-08T03:00:00Z", tick=False):
        ticket = tickets.issue(7, "incident:x", Audience.APPROVER)
    with time_machine.travel("2026-05-08T03:59:59Z", tick=False):
        read = tickets.read(ticket)
    assert (read.watch, read.audience) == (tickets.Watch(7, "incident:x"), Audience.APPROVER)
    with time_machine.travel("2026-05-08T04:00:02Z", tick=False), pytest.raises(tickets.TicketRefused):
        tickets.read(ticket)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/live/stream", 405), ("HEAD", "/live/healthz", 405), ("GET", "/", 404), ("GET", "/live/", 404)],
)
async def test_nothing_else_is_there(
    database: str, redis_url: str, panels: Panels, method: str, path: str, status: int
) -> None:
    async with serving(database, redis_url, panels) as (_hub, port), Page(port, "", path=path, method=method) as page:
        assert page.status == status


@pytest.mark.parametrize(
    ("origin", "allowed"), [(ORIGIN, ORIGIN), ("https://elsewhere.example", None), ("null", None), (None, None)]
)
async def test_only_the_pages_origin_may_read_a_stream_from_elsewhere(
    database: str, redis_url: str, stream: str, panels: Panels, origin: str | None, allowed: str | None
) -> None:
    headers = {"Origin": origin} if origin else {}
    async with (
        serving(database, redis_url, panels) as (_hub, port),
        Page(port, ticket_for(stream), more_headers=headers) as page,
        Page(port, "forged", more_headers=headers) as refused,
    ):
        for answer in (page, refused):
            assert answer.headers.get("access-control-allow-origin") == allowed
            assert answer.headers["vary"] == "origin"


async def test_health_says_how_the_process_is(database: str, redis_url: str, stream: str, panels: Panels) -> None:
    async with (
        serving(database, redis_url, panels) as (_hub, port),
        Page(port, ticket_for(stream)),
        Page(port, "", path="/live/healthz") as health,
    ):
        report = json.loads(await health.body())
    assert (health.status, report["status"], report["readers"]) == (200, "ok", 1)
    assert report["database_age_seconds"] < 2


async def test_a_ticket_appears_in_no_log(
    database: str,
    redis_url: str,
    writer: Writer,
    stream: str,
    panels: Panels,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    ticket = ticket_for(stream)
    async with serving(database, redis_url, panels) as (_hub, port), Page(port, ticket) as page:
        writer.write(stream)
        assert await page.seen_until(1) == [1]
    out, err = capfd.readouterr()
    assert "Started server process" in caplog.text
    assert not re.search(re.escape(ticket), caplog.text + out + err)


async def test_html_of_many_lines_arrives_as_it_was_printed(
    database: str, redis_url: str, writer: Writer, stream: str
) -> None:
    class Lines(Panels):
        def render(self, entries, audience):
            return "<p>\n  two\n\n</p>"

    async with serving(database, redis_url, Lines()) as (_hub, port), Page(port, ticket_for(stream)) as page:
        writer.write(stream)
        assert (await page.next()).data == "<p>\n  two\n\n</p>"
