"""The append-only record: a gapless, hash-chained stream an incident, and a few of the console's own."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, models, transaction

from incidents.models.incident import Incident
from incidents.models.service import Service

GENESIS = "0" * 64


class LedgerStream(models.Model):
    """The head of one stream; its row lock gives the entries their order."""

    name = models.CharField(max_length=60, primary_key=True)
    seq = models.BigIntegerField(default=0)
    head = models.CharField(max_length=64, default=GENESIS)

    def __str__(self) -> str:
        return f"{self.name} to {self.seq}"


class LedgerEntry(models.Model):
    """One thing that happened; the database refuses to change, remove or empty it (trust.md §3)."""

    stream = models.ForeignKey(LedgerStream, on_delete=models.PROTECT, related_name="entries", db_index=False)
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=60)
    rule = models.CharField(max_length=4, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="ledger_entries",
        db_index=False,
    )  # fmt: skip
    actor_name = models.CharField(max_length=150, blank=True)
    incident = models.ForeignKey(
        Incident, null=True, blank=True, on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    service = models.ForeignKey(
        Service, null=True, blank=True, on_delete=models.PROTECT, related_name="entries", db_index=False,
        help_text="beside the hashed text, for the search alone",
    )  # fmt: skip
    text = models.TextField(help_text="canonical JSON: the very bytes that are hashed")
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(fields=["stream", "seq"], name="a_stream_has_no_twins"),
            models.CheckConstraint(condition=models.Q(seq__gt=0), name="a_stream_begins_at_one"),
        ]
        indexes = [
            models.Index(fields=["incident", "-seq"], name="entry_by_incident"),
            models.Index(fields=["-at", "-id"], name="entry_by_age"),
            models.Index(fields=["kind", "-at", "-id"], name="entry_by_kind"),
            models.Index(fields=["actor", "-at", "-id"], name="entry_by_actor"),
            models.Index(fields=["service", "-at", "-id"], name="entry_by_service"),
            models.Index(fields=["rule", "-at", "-id"], name="entry_by_rule", condition=~models.Q(rule="")),
        ]

    def __str__(self) -> str:
        return f"{self.stream_id}#{self.seq} {self.kind}"

    @property
    def data(self) -> dict[str, Any]:
        """What was recorded, read back from the hashed text."""
        found: dict[str, Any] = json.loads(self.text)["data"]
        return found


def canonical(value: Mapping[str, Any]) -> str:
    """Canonical JSON: sorted keys, UTF-8, no spaces; the same value is the same text for ever."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def digest(text: str) -> str:
    """SHA-256 of a canonical text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def stream_of(incident: Incident) -> str:
    """The name of an incident's own stream."""
    return f"incident:{incident.pk}"


def append_entry(
    *,
    stream: str,
    kind: str,
    at: datetime,
    actor: AbstractBaseUser | None = None,
    role: str = "",
    rule: str = "",
    incident: Incident | None = None,
    service: Service | None = None,
    data: Mapping[str, Any] | None = None,
) -> LedgerEntry:
    """Append to a stream inside the caller's transaction, chained to the entry before; refuses to run outside one."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A ledger entry belongs to the transaction that it records.")
    seq, previous = _advance(stream)
    text = canonical(
        {
            "stream": stream,
            "seq": seq,
            "at": at,
            "kind": kind,
            "rule": rule,
            "actor": actor.pk if actor else None,
            "role": role,
            "incident": incident.number if incident else None,
            "data": dict(data or {}),
            "previous": previous,
        }
    )
    entry = LedgerEntry(
        stream_id=stream, seq=seq, at=at, kind=kind, rule=rule, actor_id=actor.pk if actor else None,
        actor_name=actor.get_username() if actor else "", incident=incident, text=text, hash=digest(text),
        service_id=_about(service, incident),
    )  # fmt: skip
    entry.save(force_insert=True)
    LedgerStream.objects.filter(name=stream).update(head=entry.hash)
    return entry


def _about(service: Service | None, incident: Incident | None) -> UUID | None:
    return service.pk if service else incident.service_id if incident else None


def _advance(stream: str) -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO incidents_ledgerstream (name, seq, head) VALUES (%s, 1, %s)"
            " ON CONFLICT (name) DO UPDATE SET seq = incidents_ledgerstream.seq + 1 RETURNING seq, head",
            [stream, GENESIS],
        )
        seq, head = cursor.fetchone()
    return seq, head


def first_broken_entry(stream: str) -> LedgerEntry | None:
    """The first entry whose hash, chain, number or columns do not hold; None where the stream is intact."""
    previous, expected = GENESIS, 1
    for entry in LedgerEntry.objects.filter(stream_id=stream).order_by("seq").iterator():
        told = json.loads(entry.text)
        in_place = entry.seq == expected and told["previous"] == previous
        if not in_place or digest(entry.text) != entry.hash or not _columns_tell_the_same(entry, told):
            return entry
        previous, expected = entry.hash, expected + 1
    return None


def _columns_tell_the_same(entry: LedgerEntry, told: Mapping[str, Any]) -> bool:
    """Whether what pages search and show is what was hashed."""
    shown = (entry.stream_id, entry.seq, _plain(entry.at), entry.kind, entry.rule, entry.actor_id)
    return shown == tuple(told[name] for name in ("stream", "seq", "at", "kind", "rule", "actor"))
