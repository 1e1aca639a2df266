"""What Slack tells when somebody presses a button.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

from incidents.integrations.errors import UnreadableDelivery
from incidents.integrations.fields import Fields, Unexpected
from incidents.integrations.slack_metadata import key_of

_OF_BUTTONS: Final = "block_actions"
_MOST_FIELDS: Final = 10


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """One press. `person` is Slack's id of whoever pressed: who that is to us, and what they may, is asked then.

    `key` is the message's own, `id` tells one press from another, so that a delivery that comes twice counts once. The
    address at which Slack would take an answer is not read: a delivery must not choose where we call.
    """

    id: str
    person: str
    action: str
    value: str
    channel: str
    ts: str
    key: str


def parse(body: bytes) -> ButtonPressed | None:
    """The press that a verified body tells of, None where it tells of something else; raises UnreadableDelivery."""
    try:
        told = Fields.parse(_payload(body))
        if told.text("type", default="") != _OF_BUTTONS:
            return None
        return _pressed(told)
    except Unexpected as unexpected:
        raise UnreadableDelivery(f"Slack's delivery is not as documented: {unexpected}.") from unexpected


def _payload(body: bytes) -> bytes:
    try:
        fields = parse_qs(body.decode(), max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Unexpected("it is no form") from None
    [payload] = fields.get("payload", [""])[:1]
    return payload.encode("utf-8", "surrogatepass")


def _pressed(told: Fields) -> ButtonPressed:
    actions = told.each("actions")
    if len(actions) != 1:
        raise Unexpected("actions is not one action")
    [action] = actions
    person, name, at = told.text("user", "id"), action.text("action_id"), action.text("action_ts")
    message = told.inside("message") if told.has("message") else None
    return ButtonPressed(
        id=f"{person}/{name}/{at}",
        person=person,
        action=name,
        value=action.text("value", default=""),
        channel=told.text("container", "channel_id", default="") or told.text("channel", "id", default=""),
        ts=told.text("container", "message_ts", default=""),
        key=key_of(message) if message else "",
    )
