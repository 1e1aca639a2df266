"""Presses of buttons as Slack sends them, signed; and a chat that only remembers."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from incidents.effects.pressing import APPROVE
from incidents.integrations.chat import Button, Message
from incidents.services.clock import database_now

SECRET = "a-signing-secret-of-the-tests"


def pressed(value: str, *, person: str = "U0CTO000000", action: str = APPROVE, at: str = "1.5") -> bytes:
    """The form that tells of a press; `at` tells one press from another."""
    payload = {
        "type": "block_actions", "user": {"id": person}, "container": {"channel_id": "D1", "message_ts": "1.0"},
        "actions": [{"type": "button", "action_id": action, "value": value, "action_ts": at}],
    }  # fmt: skip
    return urlencode({"payload": json.dumps(payload)}).encode()


def send(client: Client, body: bytes, *, secret: str = SECRET, at: datetime | None = None) -> HttpResponse:
    """Deliver it, signed at that moment."""
    timestamp = str(int((at or database_now()).timestamp()))
    mac = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256)
    headers = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={mac.hexdigest()}"}
    return client.post(reverse("incidents:hook-slack"), body, "application/x-www-form-urlencoded", headers=headers)


class Remembering:
    """A chat in which everything stands that was said."""

    def __init__(self) -> None:
        self.said: list[Message] = []

    def find(self, channel: str, *, key: str, since: datetime) -> list[Message]:
        return [message for message in self.said if (message.channel, message.key) == (channel, key)]

    def post(self, channel: str, text: str, *, key: str, buttons: Sequence[Button] = ()) -> Message:
        self.said.append(Message(channel, str(len(self.said)), text, key, None))
        return self.said[-1]

    def revise(self, message: Message, text: str) -> None:
        self.said = [Message(m.channel, m.ts, text, m.key, None) if m.ts == message.ts else m for m in self.said]

    def direct(self, person: str) -> str:
        return f"D-{person}"

    def person_by_email(self, email: str) -> str | None:
        return None

    def rights(self) -> frozenset[str] | None:
        return None
