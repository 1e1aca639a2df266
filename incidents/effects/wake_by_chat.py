"""E15: write to one person in the chat, directly where it knows them, else in the channel by name."""

from incidents.effects.announce import CLOCKS_MAY_DIFFER
from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome
from incidents.effects.wiring import World
from incidents.integrations.chat import Message
from incidents.integrations.errors import IntegrationError


class WakeByChat:
    """A message can only be looked up, by our key in its metadata."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        place = _place(order, world)
        if not place:
            name = order.step.parameters["name"]
            return Failed(f"The chat does not know {name}, and the service names no channel: tell them by hand.")
        sent = world.chat.find(place, key=order.key, since=order.step.asked_at - CLOCKS_MAY_DIFFER)
        return _told(order, sent) if sent else None

    def act(self, order: Order, world: World) -> Outcome:
        place, asked = _place(order, world), order.step.parameters
        person = _person(order, world)
        text = f"{f'<@{person}>' if person else asked['name']} {asked['words']} {asked['url']}"
        order.ask_lease()
        return _told(order, [world.chat.post(place, text, key=order.key)])


def _person(order: Order, world: World) -> str:
    """The chat's id of the person: by the verified link, which is an id, else by their mail address."""
    to = str(order.step.parameters["to"])
    return (world.chat.person_by_email(to) or "") if "@" in to else to


def _place(order: Order, world: World) -> str:
    """The conversation with the person alone; the service's channel where the chat does not grant one."""
    person = _person(order, world)
    try:
        return world.chat.direct(person) if person else order.service.channel_id
    except IntegrationError as refused:
        if refused.retryable:
            raise
        return order.service.channel_id


def _told(order: Order, messages: list[Message]) -> Done:
    first, name = messages[0], order.step.parameters["name"]
    twice = f" It stands there {len(messages)} times." if len(messages) > 1 else ""
    evidence = {"channel": first.channel, "messages": [message.ts for message in messages], "text": first.text}
    return Done(f"{name} was written to in the chat.{twice}", evidence, first.url or "")
