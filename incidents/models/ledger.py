"""The append-only record: a gapless, hash-chained stream an incident, and a few of the console's own."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, models, transaction

from incidents.models.circumstances import circumstances, role_of
from incidents.models.incident import Incident
from incidents.models.sealing import Clear, opens, seal, seal_text, unseal
from incidents.models.service import Service
from incidents.procedure.rules import PROCEDURE_VERSION

GENESIS = "0" * 64
VERSION: Final = 2
"""Of the canonical text. Version 1 had neither circumstances nor commitments; what was written then stays as it is."""
CLOCK: Final = "database"


class LedgerStream(models.Model):
    """The head of one stream; its row lock gives the entries their order."""

    name = models.CharField(max_length=60, primary_key=True)
    seq = models.BigIntegerField(default=0)
    head = models.CharField(max_length=64, default=GENESIS)

    def __str__(self) -> str:
        return f"{self.name} to {self.seq}"


class EntriesWithClearTexts(models.Manager["LedgerEntry"]):
    """Entries bring their clear texts along, in the same query."""

    def get_queryset(self) -> models.QuerySet["LedgerEntry"]:
        return super().get_queryset().select_related("personal")


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
    # Of entries of version 1 alone, which do not hash a name: nothing vouches for this column. A name of today stands
    # among the clear texts, where it can be redacted.
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

    objects = EntriesWithClearTexts()

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

    @cached_property
    def told(self) -> dict[str, Any]:
        """All that was recorded, clear texts in their places; nothing where somebody made the text unreadable."""
        found: dict[str, Any] = unseal(_read(self.text), self.clear)
        return found

    @property
    def data(self) -> dict[str, Any]:
        """What was recorded of the act itself."""
        found: dict[str, Any] = self.told["data"]
        return found

    @property
    def who(self) -> str:
        """The person's account name as it was then, or that it was redacted; empty where the console acted."""
        return str(self.told.get("name", self.actor_name))

    @property
    def clear(self) -> Clear:
        """The clear texts by their commitments."""
        kept: LedgerPersonal | None = getattr(self, "personal", None)
        return kept.clear if kept else {}


class LedgerPersonal(models.Model):
    """The clear texts of one entry: they may be taken out one by one, never changed (trust.md §3)."""

    entry = models.OneToOneField(LedgerEntry, primary_key=True, on_delete=models.PROTECT, related_name="personal")
    clear = models.JSONField(help_text="salt and text by commitment; null once redacted")

    def __str__(self) -> str:
        return f"the clear texts of entry {self.entry_id}"


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
    clear: Clear = {}
    who = actor.get_username() if actor else ""
    text = canonical(
        {
            "v": VERSION,
            "stream": stream,
            "seq": seq,
            "at": at,
            "clock": CLOCK,
            "kind": kind,
            "rule": rule,
            "actor": actor.pk if actor else None,
            "name": seal_text(who, clear),
            "role": role or role_of(actor.pk if actor else None),
            **_circumstances(at, clear),
            "incident": incident.number if incident else None,
            "data": seal(data or {}, clear),
            "procedure": PROCEDURE_VERSION,
            "application": settings.APPLICATION_VERSION,
            "previous": previous,
        }
    )
    entry = LedgerEntry(
        stream_id=stream, seq=seq, at=at, kind=kind, rule=rule, actor_id=actor.pk if actor else None,
        incident=incident, text=text, hash=digest(text), service_id=_about(service, incident),
    )  # fmt: skip
    _write(entry, clear)
    return entry


def _about(service: Service | None, incident: Incident | None) -> UUID | None:
    return service.pk if service else incident.service_id if incident else None


def _circumstances(at: datetime, clear: Clear) -> dict[str, Any]:
    """From where, in which request, and how and how long ago the person proved who they are."""
    known = circumstances()
    proved = known.authenticated_at
    age = None if proved is None else max(0, int((at - proved).total_seconds()))
    return {
        "address": seal_text(known.address, clear),
        "authentication": {"method": known.method, "age_seconds": age} if known.method else None,
        "request": known.request,
    }


def _advance(stream: str) -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO incidents_ledgerstream (name, seq, head) VALUES (%s, 1, %s)"
            " ON CONFLICT (name) DO UPDATE SET seq = incidents_ledgerstream.seq + 1 RETURNING seq, head",
            [stream, GENESIS],
        )
        seq, head = cursor.fetchone()
    return seq, head


WRITE: Final = """
    WITH entry AS (
        INSERT INTO incidents_ledgerentry
            (stream_id, seq, at, kind, rule, actor_id, actor_name, incident_id, service_id, text, hash)
        VALUES (%(stream)s, %(seq)s, %(at)s, %(kind)s, %(rule)s, %(actor)s, '', %(incident)s, %(service)s, %(text)s,
            %(hash)s)
        RETURNING id
    ), personal AS (
        INSERT INTO incidents_ledgerpersonal (entry_id, clear)
        SELECT id, %(clear)s::jsonb FROM entry WHERE %(clear)s::jsonb <> '{}'::jsonb
    ), head AS (
        UPDATE incidents_ledgerstream SET head = %(hash)s WHERE name = %(stream)s
    )
    SELECT id FROM entry
"""
"""One round trip: the stream's row is locked meanwhile."""


def _write(entry: LedgerEntry, clear: Clear) -> None:
    columns: dict[str, Any] = {
        "stream": entry.stream_id, "seq": entry.seq, "at": entry.at, "kind": entry.kind, "rule": entry.rule,
        "actor": entry.actor_id, "incident": entry.incident_id, "service": entry.service_id,
        "text": entry.text, "hash": entry.hash,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(WRITE, {**columns, "clear": json.dumps(clear, ensure_ascii=False)})
        (entry.pk,) = cursor.fetchone()
    entry._state.adding = False  # noqa: SLF001 - the row is there, written by our own statement
    if clear:
        LedgerPersonal(entry=entry, clear=clear)


@dataclass(frozen=True, slots=True)
class Chain:
    """How far a stream was found intact: the last good number with its hash, and the first bad one."""

    seq: int = 0
    hash: str = GENESIS
    broken: LedgerEntry | None = None


def follow(stream: str, since: Chain = Chain(), *, until: int | None = None) -> Chain:
    """Verify a stream's entries after `since`, to `until`: hashes, chain, numbers, columns and clear texts."""
    seq, previous = since.seq, since.hash
    entries = LedgerEntry.objects.filter(stream_id=stream, seq__gt=seq)
    if until is not None:
        entries = entries.filter(seq__lte=until)
    for entry in entries.order_by("seq").iterator():
        told = _read(entry.text)
        in_place = entry.seq == seq + 1 and told.get("previous") == previous
        if not in_place or digest(entry.text) != entry.hash or not _columns_tell_the_same(entry, told):
            return Chain(seq, previous, broken=entry)
        seq, previous = entry.seq, entry.hash
    return Chain(seq, previous)


def first_broken_entry(stream: str) -> LedgerEntry | None:
    """The first entry whose hash, chain, number, columns or clear texts do not hold; None where all is intact."""
    return follow(stream).broken


def _read(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _columns_tell_the_same(entry: LedgerEntry, told: Mapping[str, Any]) -> bool:
    """Whether what pages search and show is what was hashed."""
    shown = (entry.stream_id, entry.seq, _plain(entry.at), entry.kind, entry.rule, entry.actor_id)
    same = shown == tuple(told.get(name) for name in ("stream", "seq", "at", "kind", "rule", "actor"))
    return same and opens(entry.text, entry.clear)
