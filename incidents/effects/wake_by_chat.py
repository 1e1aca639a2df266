"""E15, T1: wake or remind one person in the chat, directly where it knows them, else in the channel by name.

Under P2 whom the console knows there answers by a button. Such a message is followed until its question is over, then
its words are put right and its buttons taken away; to do that twice does no harm.
"""

from collections.abc import Sequence

from django.conf import settings

from approvals.models import ApprovalRequest
from incidents.effects.announce import CLOCKS_MAY_DIFFER
from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome, Waiting
from incidents.effects.pressing import APPROVE
from incidents.effects.wiring import World
from incidents.integrations.chat import Button, Emphasis, Message
from incidents.integrations.errors import IntegrationError
from incidents.procedure.steps import StepKind, StepState
from incidents.queries.buttons import how_it_ended, in_full, question_at, takes_buttons, value_of
from incidents.services.clock import database_now

LOOKED_AT_SECONDS = 60.0
"""How often a message with buttons is looked at; the end of its question wakes the step before."""


class WakeByChat:
    """A message can only be looked up, by our key in its metadata."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        _, place = _addressed(order, world)
        if not place:
            name = order.step.parameters["name"]
            return Failed(f"The chat does not know {name}, and the service names no channel: tell them by hand.")
        asked = _by_button(order, place)
        ended = _ended(order, asked)
        if asked and not ended and order.step.state == StepState.WATCHING:
            return _waits(order, order.step.evidence)
        sent = _sent(order, place, world)
        if not ended:
            return _stands(order, asked, sent) if sent else None
        return _left(order, asked, sent)

    def act(self, order: Order, world: World) -> Outcome:
        person, place = _addressed(order, world)
        asked = _by_button(order, place)
        if ended := _ended(order, asked):
            sent = _sent(order, place, world)
            return _left(order, asked, sent) or _revised(order, sent, ended, world)
        text, buttons = _text(order, person, asked), _buttons(order, asked)
        order.ask_lease()
        return _stands(order, asked, [world.chat.post(place, text, key=order.key, buttons=buttons)])


def _stands(order: Order, asked: ApprovalRequest | None, sent: Sequence[Message]) -> Outcome:
    """The question is open: an answer is waited for where it can come by a button."""
    return _waits(order, _evidence(sent), sent[0].url or "") if asked else _told(order, sent)


def _left(order: Order, asked: ApprovalRequest | None, sent: Sequence[Message]) -> Outcome | None:
    """The question is over; None where the message still has to say so."""
    if not sent:
        return Done("Nobody was written to: the question was over before.")
    return None if asked else _told(order, sent)


def _by_button(order: Order, place: str) -> ApprovalRequest | None:
    """The question, where its rule takes buttons, presses can come back, and it is asked of a person known for certain,
    alone.
    """
    asked = question_at(str(order.step.parameters["url"]))
    known = settings.SLACK_SIGNING_SECRET and "@" not in str(order.step.parameters["to"])
    alone = place != order.service.channel_id
    return asked if asked and known and alone and takes_buttons(asked.rule_id) else None


def _ended(order: Order, asked: ApprovalRequest | None) -> str:
    """What became of the question, in words; empty while it can still be answered."""
    words = how_it_ended(asked, database_now()) if asked else ""
    over = order.step.parameters.get("over") or _with_the_incident(order)
    return words or ("This is answered, or over." if over else "")


def _with_the_incident(order: Order) -> bool:
    """Nobody is woken for what is closed; what is due after it is reminded of all the same (T1)."""
    return order.step.kind == StepKind.WAKE_BY_CHAT and not order.incident.is_open


def _sent(order: Order, place: str, world: World) -> list[Message]:
    return world.chat.find(place, key=order.key, since=order.step.asked_at - CLOCKS_MAY_DIFFER)


def _revised(order: Order, sent: Sequence[Message], ended: str, world: World) -> Done:
    order.ask_lease()
    for message in sent:
        world.chat.revise(message, f"{order.step.parameters['words']} {ended}")
    return Done(f"The message says what became of it. {ended}", _evidence(sent), sent[0].url or "")


def _text(order: Order, person: str, asked: ApprovalRequest | None) -> str:
    told = order.step.parameters
    first = f"{f'<@{person}>' if person else told['name']} {told['words']}"
    return f"{first}\n\n{in_full(asked)}\n\n{told['url']}" if asked else f"{first} {told['url']}"


def _buttons(order: Order, asked: ApprovalRequest | None) -> Sequence[Button]:
    """A refusal needs a reason, so it is given on the page."""
    if asked is None:
        return ()
    approve = Button(APPROVE, "Approve exactly this", value_of(asked), Emphasis.PRIMARY)
    return approve, Button("open-question", "Open, or refuse with a reason", url=order.step.parameters["url"])


def _addressed(order: Order, world: World) -> tuple[str, str]:
    """The person, and the conversation with them alone; the service's channel where the chat does not grant one.

    What was written stays where it was written, whatever the chat grants by now.
    """
    written = order.step.evidence.get("channel")
    person = "" if written else _person(order, world)
    return person, str(written) if written else _place(order, person, world)


def _person(order: Order, world: World) -> str:
    """The chat's id of the person: by the verified link, which is an id, else by their mail address."""
    to = str(order.step.parameters["to"])
    return (world.chat.person_by_email(to) or "") if "@" in to else to


def _place(order: Order, person: str, world: World) -> str:
    try:
        return world.chat.direct(person) if person else order.service.channel_id
    except IntegrationError as refused:
        if refused.retryable:
            raise
        return order.service.channel_id


def _told(order: Order, sent: Sequence[Message]) -> Done:
    name = order.step.parameters["name"]
    return Done(f"{name} was written to in the chat.{_twice(sent)}", _evidence(sent), sent[0].url or "")


def _waits(order: Order, evidence: dict[str, object], url: str = "") -> Waiting:
    words = f"{order.step.parameters['name']} was written to in the chat, and can answer there."
    return Waiting(words, LOOKED_AT_SECONDS, evidence, url)


def _twice(sent: Sequence[Message]) -> str:
    return f" It stands there {len(sent)} times." if len(sent) > 1 else ""


def _evidence(sent: Sequence[Message]) -> dict[str, object]:
    return {"channel": sent[0].channel, "messages": [message.ts for message in sent], "text": sent[0].text}
