"""Tickets: who may follow which stream as what, signed, so that a storm of reconnects asks the database nothing."""

import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.core import signing

from incidents.live.audiences import Audience

LIFETIME_SECONDS: Final = 3600
SALT: Final = "incidents.live.ticket"
DASHBOARD: Final = "dashboard"
INCIDENT_PREFIX: Final = "incident:"


@dataclass(frozen=True, slots=True)
class Watch:
    """A person's interest in one stream: what rights are asked again about, as long as it is open."""

    user_id: int
    stream: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to follow a stream as one audience, as it stood at `issued_at` (seconds since 1970)."""

    watch: Watch
    audience: Audience
    issued_at: float


class TicketRefused(Exception):
    """The ticket is forged, garbled or past its hour; a new one is to be fetched."""


def stream_of_incident(incident_id: UUID) -> str:
    """The name of an incident's stream in the ledger."""
    return f"{INCIDENT_PREFIX}{incident_id}"


def issue(user_id: int, stream: str, audience: Audience) -> str:
    """Sign a ticket that is good for an hour. It is a secret: it rides in the query string and stays out of logs."""
    return signing.dumps([user_id, stream, audience.value, round(time.time(), 3)], salt=SALT)


def read(text: str) -> Ticket:
    """The ticket behind its signed text. Raises TicketRefused."""
    try:
        user_id, stream, audience, issued_at = signing.loads(text, salt=SALT, max_age=LIFETIME_SECONDS)
        return Ticket(Watch(user_id, stream), Audience(audience), issued_at)
    except (signing.BadSignature, ValueError, TypeError) as fault:
        raise TicketRefused("This ticket is not, or no longer, good.") from fault
