"""The team's chat in our words: where the incident is announced (S4) and people are told (D7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """A posted message; `ts` is the chat's id of it in the channel, `key` ours, empty where we did not write it."""

    channel: str
    ts: str
    text: str
    key: str
    url: str | None


class Emphasis(StrEnum):
    """How a button stands out; at most one of a message is primary."""

    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message: `action` and `value` come back with the press, `url` opens besides."""

    action: str
    label: str
    value: str = ""
    emphasis: Emphasis = Emphasis.PLAIN
    url: str = ""


class Chat(Protocol):
    """Look-up only (trust.md §1): the chat knows no idempotency, so `find` before every repeated `post`."""

    def find(self, channel: str, *, key: str, since: datetime) -> list[Message]:
        """The messages with this key posted since then, oldest first; more than one is a duplicate, to be shown."""

    def post(self, channel: str, text: str, *, key: str, buttons: Sequence[Button] = ()) -> Message:
        """Posts once, without retries of its own; a lost answer raises IntegrationError(in_doubt=True)."""

    def revise(self, message: Message, text: str) -> None:
        """Puts these words in its place and takes its buttons away; harmless to repeat."""

    def direct(self, person: str) -> str:
        """The channel in which the chat's bot and one person speak alone: for `find` and `post`. Asking opens it."""

    def person_by_email(self, email: str) -> str | None:
        """The chat's id of the person with this address, None where it knows nobody."""

    def rights(self) -> frozenset[str] | None:
        """What the chat says that the console may do there, in its own words; None where it does not tell."""
