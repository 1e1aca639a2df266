"""The chat: can the channel be read, so that no message is sent twice, and may one be posted (S4, D7, E19)."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from uuid import uuid4

from incidents.effects.rehearsing.checks import Check, Finding, missing, ready
from incidents.effects.wiring import World
from incidents.integrations.chat import Chat
from incidents.models.service import Service
from incidents.services.clock import database_now

POSTING = "chat:write"


def checks(world: World, services: list[Service]) -> Iterator[Check]:
    """One a service."""
    now = database_now()
    for each in services:
        attempt = partial(channel, each, world.chat, now)
        yield Check(f"chat.channel:{each.slug}", f"{each.name}: its channel can be told", "S4", attempt)


def channel(service: Service, chat: Chat, now: datetime) -> Finding:
    """Look for a message that was never sent: whoever may look through the channel has been invited to it."""
    if not service.channel_id:
        return missing(
            "The catalogue names no channel: S4 has nowhere to go. Add its id, as the channel's details show it."
        )
    chat.find(service.channel_id, key=str(uuid4()), since=now)
    rights = chat.rights()
    if rights is not None and POSTING not in rights:
        return missing(
            f"{service.channel_name} can be read, and not posted in: give the console's app the scope {POSTING}."
        )
    told = " and may be posted in" if rights is not None else "; whether it may be posted in is not told"
    return ready(f"{service.channel_name} can be read{told}. Nothing was posted.")
