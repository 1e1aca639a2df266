"""The Emergency Change Retro intake in our words, and as a webhook of an organisation's own (T1)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from incidents.integrations.signed_webhook import SignedWebhook


@dataclass(frozen=True, slots=True)
class Entry:
    """What the intake made of it: its own number and address, where it says so."""

    reference: str
    url: str


class RetroIntake(Protocol):
    """Where emergency changes are registered to be looked back at; raises IntegrationError and nothing else."""

    def register(
        self, *, incident: str, title: str, service: str, severity: int, url: str, due_at: datetime, key: str
    ) -> Entry:
        """Opens the entry; the same key again is the same entry."""


class WebhookRetroIntake:
    """A RetroIntake behind the signed webhook's form of order: `retrospective.register`."""

    def __init__(self, hook: SignedWebhook) -> None:
        self._hook = hook

    def register(
        self, *, incident: str, title: str, service: str, severity: int, url: str, due_at: datetime, key: str
    ) -> Entry:
        doing = f"registering the retrospective of {incident} with the intake"
        answer = self._hook.order(
            "retrospective.register", doing, key=key, incident=incident, title=title, service=service,
            severity=severity, url=url, due_at=due_at.isoformat(),
        )  # fmt: skip
        with self._hook.understood(doing, writes=True):
            return Entry(answer.text("reference", default=""), answer.text("url", default=""))
