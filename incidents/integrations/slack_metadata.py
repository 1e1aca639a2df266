"""Our key in a message's metadata: https://docs.slack.dev/messaging/message-metadata"""

from typing import Any, Final

from incidents.integrations.fields import Fields

EVENT_TYPE: Final = "rollback_console"


def carrying(key: str) -> dict[str, Any]:
    """The metadata that carries our key."""
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def key_of(message: Fields) -> str:
    """Our key in a message's metadata, empty where it is not ours."""
    if message.text("metadata", "event_type", default="") != EVENT_TYPE:
        return ""
    return message.text("metadata", "event_payload", "key", default="")
