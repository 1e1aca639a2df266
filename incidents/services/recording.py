"""One way into the ledger for every service: append, and ring for the live pages after the commit."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from incidents import dispatch
from incidents.models.incident import Incident
from incidents.models.ledger import LedgerEntry, append_entry, stream_of
from incidents.models.service import Service


def record(
    incident: Incident,
    kind: str,
    *,
    at: datetime,
    actor: User | None = None,
    role: str = "",
    rule: str = "",
    **facts: Any,
) -> LedgerEntry:
    """Append to the incident's own stream; `facts` become the entry's data."""
    stream = stream_of(incident)
    entry = append_entry(
        stream=stream, kind=kind, at=at, actor=actor, role=role, rule=rule, incident=incident, data=facts
    )
    dispatch.ring(stream)
    return entry


def record_in(
    stream: str,
    kind: str,
    *,
    at: datetime,
    actor: User | None = None,
    rule: str = "",
    about: Service | None = None,
    **facts: Any,
) -> LedgerEntry:
    """Append to one of the console's own streams: access, catalogue, procedure, intake; found by `about`, too."""
    entry = append_entry(stream=stream, kind=kind, at=at, actor=actor, rule=rule, service=about, data=facts)
    dispatch.ring(stream)
    return entry
