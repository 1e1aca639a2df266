"""The search of the record: any entry by person, service, incident, rule, kind and time, the newest first."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q, QuerySet
from django.urls import reverse

from incidents.models.ledger import LedgerEntry, digest
from incidents.models.sealing import opens
from incidents.procedure.duty import RIGHTS, Action
from incidents.queries.duty import NotPermitted, groups_of
from incidents.queries.lists import moment_in
from incidents.queries.shapes import Link
from incidents.queries.shapes.audit import RecordPage, RecordRow, WholeEntry
from incidents.queries.timeline import said_of

PAGE: Final = 50
LONGEST_SHOWN: Final = 4_000
THE_CONSOLE: Final = "console"
_KINDS = """
WITH RECURSIVE known AS (
    (SELECT kind FROM incidents_ledgerentry ORDER BY kind LIMIT 1)
    UNION ALL
    SELECT (SELECT next.kind FROM incidents_ledgerentry next WHERE next.kind > known.kind ORDER BY next.kind LIMIT 1)
    FROM known WHERE known.kind IS NOT NULL
)
SELECT kind FROM known WHERE kind IS NOT NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """What the search is narrowed to; empty means everything. `until` is no longer part of it."""

    person: str = ""
    service: str = ""
    incident: str = ""
    rule: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None


def require_auditor(person: User) -> None:
    """Raise `NotPermitted` unless the person may read the whole record."""
    if not reads_the_record(person):
        raise NotPermitted(RIGHTS[Action.EXPORT].rule, "The auditor reads the whole record.")


def reads_the_record(person: User) -> bool:
    """Whether the person holds the auditor's role."""
    return person.is_active and "auditor" in groups_of(person)


def kinds_recorded() -> list[str]:
    """Every kind of entry that there is, by one look into the index for each, however many entries there are."""
    with connection.cursor() as cursor:
        cursor.execute(_KINDS)
        return [kind for (kind,) in cursor.fetchall()]


def search_record(wanted: RecordFilter, *, before: str = "") -> RecordPage:
    """One page of what was searched for, at any depth alike; `before` is the cursor of a page's last entry."""
    found = _before(_narrowed(wanted), before).select_related("incident", "service")
    rows = list(found.order_by("-at", "-id")[: PAGE + 1])
    older = f"{rows[PAGE - 1].at.isoformat()}~{rows[PAGE - 1].pk}" if len(rows) > PAGE else ""
    return RecordPage(tuple(map(record_row, rows[:PAGE])), older)


def _narrowed(wanted: RecordFilter) -> QuerySet[LedgerEntry]:
    by_column = {
        "service__slug": wanted.service,
        "incident__number": wanted.incident,
        "rule": wanted.rule,
        "kind": wanted.kind,
        "at__gte": wanted.since,
        "at__lt": wanted.until,
    }
    found = LedgerEntry.objects.filter(**{name: value for name, value in by_column.items() if value})
    return _by(found, wanted.person) if wanted.person else found


def _by(found: QuerySet[LedgerEntry], name: str) -> QuerySet[LedgerEntry]:
    """By the account of that name, whatever it was called when the entry was written."""
    if name == THE_CONSOLE:
        return found.filter(actor__isnull=True)
    return found.filter(actor_id=User.objects.filter(username=name).values_list("pk", flat=True).first() or 0)


def _before(found: QuerySet[LedgerEntry], cursor: str) -> QuerySet[LedgerEntry]:
    moment, _, pk = cursor.partition("~")
    at = moment_in(moment)
    if at is None or not pk.isdecimal() or len(pk) > len(str(2**62)):
        return found
    return found.filter(Q(at__lt=at) | Q(at=at, pk__lt=int(pk)), at__lte=at)


def record_row(entry: LedgerEntry, *, longest: int | None = LONGEST_SHOWN) -> RecordRow:
    """An entry in words and whole, personal texts in their places; expects `incident` and `service` to be selected."""
    told = entry.told
    whole = json.dumps(told, indent=2, ensure_ascii=False, sort_keys=True) if told else entry.text
    return RecordRow(
        id=entry.pk,
        stream=entry.stream_id,
        seq=entry.seq,
        at=entry.at,
        kind=entry.kind,
        words=_words(entry),
        who=entry.who or "the console",
        role=str(told.get("role") or ""),
        rules=(entry.rule,) if entry.rule else (),
        about=_about(entry),
        service=entry.service.name if entry.service else "",
        hash=entry.hash,
        previous=str(told.get("previous", "")),
        whole=whole[:longest],
        cut=longest is not None and len(whole) > longest,
    )


def _words(entry: LedgerEntry) -> str:
    """What happened, on one line however long it is."""
    words = " ".join(said_of(entry).split())
    return f"{words[:200]}…" if len(words) > 200 else words


def _about(entry: LedgerEntry) -> Link | None:
    """The incident, or the named stream of the console's own."""
    if entry.incident is None:
        return None
    return Link(entry.incident.number, reverse("incidents:detail", args=[entry.incident.number]))


def whole_entry(entry_id: int) -> WholeEntry:
    """One entry with nothing left out, and its neighbours in its stream; raises `LedgerEntry.DoesNotExist`."""
    entry = LedgerEntry.objects.select_related("incident", "service").get(pk=entry_id)
    beside = LedgerEntry.objects.filter(stream_id=entry.stream_id, seq__in=(entry.seq - 1, entry.seq + 1))
    by_seq = {seq: _neighbour(pk, seq) for pk, seq in beside.values_list("pk", "seq")}
    return WholeEntry(
        row=record_row(entry, longest=None),
        intact=digest(entry.text) == entry.hash and opens(entry.text, entry.clear),
        before=by_seq.get(entry.seq - 1),
        after=by_seq.get(entry.seq + 1),
    )


def _neighbour(pk: int, seq: int) -> Link:
    return Link(f"entry {seq}", reverse("incidents:audit-entry", args=[pk]))


def known_people() -> Iterable[str]:
    """The names that an auditor may look for, the console's own first; the busiest console has hundreds, no more."""
    return [THE_CONSOLE, *User.objects.order_by("username").values_list("username", flat=True)[:500]]
