"""A press of a button in the chat: read from its verified delivery, answered as a vote, or told why not (P2)."""

import structlog

from incidents.effects.announce import CLOCKS_MAY_DIFFER
from incidents.effects.wiring import World
from incidents.integrations import slack_actions
from incidents.integrations.errors import IntegrationError, UnreadableDelivery
from incidents.integrations.slack_actions import ButtonPressed
from incidents.models.alert import Delivery
from incidents.queries.buttons import Carried, carried_by
from incidents.services.clock import database_now
from incidents.services.pressing import PressRefused, approve_by_button, record_refused_press

APPROVE = "approve-question"
log = structlog.get_logger(__name__)


def act_on_press(delivery: Delivery, world: World) -> str:
    """What came of it, in words; empty where the press only opened a page. Raises `UnreadableDelivery`."""
    pressed = slack_actions.parse(bytes(delivery.body))
    if pressed is None or pressed.action != APPROVE:
        return ""
    carried = carried_by(pressed.value)
    if carried is None:
        raise UnreadableDelivery("The button carries nothing that the console has written.")
    return _answer(delivery, pressed, carried, world)


def _answer(delivery: Delivery, pressed: ButtonPressed, carried: Carried, world: World) -> str:
    now = database_now()
    try:
        cast = approve_by_button(chat_id=pressed.person, carried=carried, now=now)
    except PressRefused as refusal:
        record_refused_press(chat_id=pressed.person, request_id=carried.request_id, refusal=refusal, now=now)
        _tell(delivery, pressed, refusal, world)
        return f"Refused: {refusal.words}"
    return f"{cast.person.get_username()} approved as {cast.seat}"


def _tell(delivery: Delivery, pressed: ButtonPressed, refusal: PressRefused, world: World) -> None:
    """Say so to whoever pressed, alone and once; a button that stays silent is pressed again."""
    key, words = str(delivery.pk), f"Not counted. {refusal}"
    try:
        place = world.chat.direct(pressed.person)
        if not world.chat.find(place, key=key, since=delivery.received_at - CLOCKS_MAY_DIFFER):
            world.chat.post(place, words, key=key)
    except IntegrationError as silent:
        log.warning("press_not_answered", delivery=key, why=silent.words)
