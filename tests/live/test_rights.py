"""Whoever may no longer follow a stream is sent away: at once where access changed, within the round otherwise."""

import pytest

from incidents.live.audiences import Audience
from incidents.live.hub import Pace
from tests.live.hubs import Panels, serving
from tests.live.ledger import Writer
from tests.live.pages import Page, ticket_for

pytestmark = [pytest.mark.anyio, pytest.mark.django_db]
NO_ROUNDS = Pace(rights=600)


async def test_a_revoked_person_is_told_and_nobody_else_is(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    async with (
        serving(database, redis_url, panels) as (_hub, port),
        Page(port, ticket_for(stream, user_id=1)) as revoked,
        Page(port, ticket_for(stream, user_id=2)) as other,
    ):
        panels.forbidden.add(1)
        await revoked.next("revoked")
        assert [event async for event in revoked.events()] == []
        writer.write(stream)
        assert await other.seen_until(1) == [1]


async def test_a_change_of_access_has_rights_asked_again_at_once(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    async with serving(database, redis_url, panels, NO_ROUNDS) as (_hub, port), Page(port, ticket_for(stream)) as page:
        writer.write(stream)
        assert await page.seen_until(1) == [1]
        panels.forbidden.add(1)
        writer.write("access", "access.deactivated")
        await page.next("revoked", patience=2)


async def test_a_person_whose_role_changed_comes_back_as_the_other_audience(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels
) -> None:
    async with serving(database, redis_url, panels) as (_hub, port), Page(port, ticket_for(stream)) as page:
        panels.audiences[1] = Audience.RESPONDER
        assert (await page.next("bye")).data == "again"


async def test_signing_out_ends_the_stream_and_its_tickets_but_not_those_given_later(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels, user_id: int
) -> None:
    async with serving(database, redis_url, panels, NO_ROUNDS) as (_hub, port):
        old = ticket_for(stream, user_id=user_id)
        async with Page(port, old) as page:
            writer.write(stream)
            assert await page.seen_until(1) == [1]
            writer.write("access", "access.signed_out", actor_id=user_id)
            await page.next("bye", patience=2)
        async with Page(port, old) as refused:
            assert refused.status == 403
        async with Page(port, ticket_for(stream, user_id=user_id)) as again:
            assert again.status == 200


async def test_a_restarted_process_remembers_who_signed_out(
    database: str, redis_url: str, writer: Writer, stream: str, panels: Panels, user_id: int
) -> None:
    old = ticket_for(stream, user_id=user_id)
    writer.write("access", "access.signed_out", actor_id=user_id)
    async with serving(database, redis_url, panels) as (_hub, port), Page(port, old) as page:
        if page.status == 200:
            await page.next("bye")
        assert page.status in {200, 403}
        assert panels.printed == []
