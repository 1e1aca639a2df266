"""Somebody presses a button: the signed `block_actions` request that Slack would send to the console.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload, signed as
https://docs.slack.dev/authentication/verifying-requests-from-slack says.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from sandbox import secrets
from sandbox.deliveries import Delivery

PATH = "/hooks/slack"
APP, TEAM = "A0R0LLBACK1", "T0ACME00001"

Message = Mapping[str, Any]


def buttons_of(message: Message) -> list[dict[str, Any]]:
    """Every button under a message, with the block it stands in."""
    return list(_buttons(message))


def _buttons(message: Message) -> Iterator[dict[str, Any]]:
    for block in message.get("blocks", []):
        if block["type"] == "actions":
            for element in block["elements"]:
                if element["type"] == "button":
                    yield {**element, "block_id": block.get("block_id", "")}


def press(message: Message, button: Mapping[str, Any], *, user: str, name: str, address: str) -> Delivery:
    """The request that follows; `address` is the sandbox's own."""
    at = time.time()
    channel, ts = message["channel"], message["ts"]
    action = {field: button[field] for field in ("action_id", "block_id", "text", "value", "style") if field in button}
    payload = {
        "type": "block_actions",
        "api_app_id": APP,
        "token": "deprecated",
        "team": {"id": TEAM, "domain": "acme"},
        "user": {"id": user, "username": name, "name": name, "team_id": TEAM},
        "container": {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": False},
        "channel": {"id": channel, "name": "directmessage" if channel.startswith("D") else "channel"},
        "message": {"type": "message", **{name: said for name, said in message.items() if name != "channel"}},
        "trigger_id": f"{int(at)}.{uuid4().hex}",
        "response_url": f"{address}/slack/actions/{TEAM}/{uuid4().hex}",
        "state": {"values": {}},
        "actions": [{"type": "button", **action, "action_ts": f"{at:.6f}"}],
    }
    body = urlencode({"payload": json.dumps(payload)}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", **signed(body, int(at))}
    return Delivery("slack", "block_actions", f"{ts}:{button['action_id']}:{name}", PATH, headers, body)


def signed(body: bytes, at: int) -> dict[str, str]:
    """Slack's two headers."""
    mac = hmac.new(secrets.SLACK_SIGNING_SECRET.encode(), f"v0:{at}:".encode() + body, hashlib.sha256)
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={mac.hexdigest()}"}
