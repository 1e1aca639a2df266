"""Messages to people in the channel: S4's announcement, D7's word to the CTO, E19's commands.

A chat message can only be looked up: its key travels in the message's metadata and is searched before anything is sent.
"""

from datetime import timedelta

from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome
from incidents.effects.wiring import World
from incidents.integrations.chat import Message

CLOCKS_MAY_DIFFER = timedelta(minutes=2)


class Announce:
    """S4: post the words that a person wrote, time-stamped by the console, to the service's channel."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        channel = order.service.channel_id
        if not channel:
            return Failed("The service names no channel. Add one to the catalogue, or post it by hand and record it.")
        since = order.step.asked_at - CLOCKS_MAY_DIFFER
        sent = world.chat.find(channel, key=order.key, since=since)
        return _posted(order, sent) if sent else None

    def act(self, order: Order, world: World) -> Outcome:
        text = self.words(order, world)
        order.ask_lease()
        return _posted(order, [world.chat.post(order.service.channel_id, text, key=order.key)])

    def words(self, order: Order, world: World) -> str:
        """What is posted."""
        return str(order.step.parameters["text"])


class PostCommands(Announce):
    """E19: the commands of every remaining step, so that the rollback goes on where the console cannot."""


class InformCto(Announce):
    """D7: name the CTO in the channel; a person the chat does not know is named in plain words."""

    def words(self, order: Order, world: World) -> str:
        addresses = [str(address) for address in order.step.parameters.get("addresses", [])]
        people = [person for address in addresses if (person := world.chat.person_by_email(address))]
        named = " ".join(f"<@{person}>" for person in people) or "CTO"
        return f"{named} {order.step.parameters['text']}"


def _posted(order: Order, messages: list[Message]) -> Done:
    first = messages[0]
    twice = f" It stands there {len(messages)} times." if len(messages) > 1 else ""
    return Done(
        f"Posted in {order.service.channel_name or first.channel}.{twice}",
        {"channel": first.channel, "messages": [message.ts for message in messages], "text": first.text},
        first.url or "",
    )
