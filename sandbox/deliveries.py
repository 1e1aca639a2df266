"""Webhooks to the console: sent once, never again by themselves, disturbed on request."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.parts import NotStarted

_HOLD_BACK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook. `key` is its id: a duplicate has the same."""

    part: str
    event: str
    key: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Deliveries:
    """Posts webhooks to the console's address. An answer other than 2xx is journalled, not repeated."""

    def __init__(self, console: str, journal: Journal, faults: Faults) -> None:
        self._console = console.rstrip("/")
        self._journal = journal
        self._faults = faults
        self._client: httpx.AsyncClient | None = None

    def start(self) -> None:
        """No connection is kept: one that the console closed meanwhile would lose a webhook nobody asked to lose."""
        if not self._console:
            return
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.AsyncClient(timeout=10, trust_env=False, limits=limits)

    async def stop(self) -> None:
        if self._client:
            await self._client.aclose()
            self._client = None

    async def deliver(self, delivery: Delivery) -> None:
        """Post, or lose, double or hold back, as the armed webhook fault says."""
        if not self._console:
            return
        if self._client is None:
            raise NotStarted("deliveries")
        fault = self._faults.strike_webhook(delivery.part, delivery.event)
        kind = fault.kind if fault else ""
        if kind == "missing_webhook":
            self._journal.record(delivery.part, "webhook.lost", key=delivery.key, event=delivery.event)
            return
        if kind == "reordered_webhook":
            await asyncio.sleep(_HOLD_BACK_SECONDS)
        for _ in range(2 if kind == "double_webhook" else 1):
            await self._post(self._client, delivery)

    async def _post(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        headers = {"Content-Type": "application/json", **delivery.headers}
        try:
            answer = await client.post(self._console + delivery.path, content=delivery.body, headers=headers)
        except httpx.HTTPError as lost:
            self._journal.record(
                delivery.part, "webhook.failed", key=delivery.key, event=delivery.event, words=type(lost).__name__
            )
            return
        self._journal.record(
            delivery.part, "webhook.sent", key=delivery.key, event=delivery.event, status=answer.status_code
        )
