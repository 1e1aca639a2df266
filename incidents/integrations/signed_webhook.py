"""The fourth provider for paging, flags, drains and the channel: a signed webhook to an organisation's own tools.

One address takes every act as a JSON body; docs/integrations-webhook.md is the contract for whoever answers it.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Final

import httpx

from incidents.integrations.fields import Fields
from incidents.integrations.outbound import Outbound

SIGNATURE: Final = "X-Rollback-Console-Signature"
KEY: Final = "Idempotency-Key"
VERSION: Final = 1
_SIGNATURE_REFUSED: Final = "It does not accept our signature: have an administrator compare {}_SECRET on both sides."
_ADVICE: Final = {
    401: _SIGNATURE_REFUSED,
    403: _SIGNATURE_REFUSED,
    404: "It does not know that: correct the catalogue, or {}_URL.",
}


def signature(secret: str, body: bytes, at: int) -> str:
    """What `X-Rollback-Console-Signature` holds: the time, and an HMAC-SHA256 over `time.body`."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


class SignedWebhook:
    """The way to one address; every order carries the key of its step, so a repeat is known as one."""

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        name: str = "The signed webhook",
        setting: str = "SIGNED_WEBHOOK",
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        accept = {"Accept": "application/json", "Content-Type": "application/json"}
        advice = {status: words.format(setting) for status, words in _ADVICE.items()}
        self._out = Outbound(name, url, headers=accept, advice=advice, transport=transport)
        self._url = str(httpx.URL(url).copy_with(userinfo=b""))
        self._secret, self._clock = secret, clock

    def ask(self, act: str, doing: str, **facts: object) -> Fields:
        """A question: changes nothing there, and must be answered with JSON."""
        reply = self._send(act, doing, facts, key="")
        with self._out.understood(doing):
            return Fields.parse(reply)

    def order(self, act: str, doing: str, *, key: str, **facts: object) -> Fields:
        """An order: takes effect once a key; an empty answer is as good as an empty object."""
        reply = self._send(act, doing, facts, key=key)
        with self._out.understood(doing, writes=True):
            return Fields.parse(reply or b"{}")

    def understood(self, doing: str, *, writes: bool = False) -> AbstractContextManager[None]:
        """Turns Unexpected into IntegrationError where an answer lacks what was asked for."""
        return self._out.understood(doing, writes=writes)

    def _send(self, act: str, doing: str, facts: dict[str, object], *, key: str) -> bytes:
        at = int(self._clock())
        sent_at = datetime.fromtimestamp(at, UTC).isoformat()
        content = {"version": VERSION, "act": act, "sent_at": sent_at, **({"key": key} if key else {}), **facts}
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        headers = {SIGNATURE: signature(self._secret, body, at), **({KEY: key} if key else {})}
        return self._out.ask("POST", self._url, doing=doing, writes=bool(key), headers=headers, content=body).body
