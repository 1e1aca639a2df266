"""What an export holds: the ranges of streams, the checkpoints that vouch for them, and what the pages show of it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import connection

from incidents.models import merkle
from incidents.models.checkpoint import Checkpoint, CheckpointHead
from incidents.models.export import Export
from incidents.models.ledger import LedgerStream, stream_of
from incidents.procedure.exporting import FORM_WORDS, UNDER_WAY, ExportForm, ExportState
from incidents.queries.audit import require_auditor
from incidents.queries.shapes.exporting import ExportRow, ExportsPage
from incidents.queries.shapes.parts import Badge

SHOWN: Final = 30
AT_ONCE: Final = 500
BADGES: Final = {
    ExportState.WAITING: Badge("waits for a worker", "wait", "hourglass"),
    ExportState.MAKING: Badge("being made", "accent", "loader"),
    ExportState.READY: Badge("ready", "ok", "circle-check"),
    ExportState.FAILED: Badge("failed", "danger", "circle-x"),
    ExportState.EXPIRED: Badge("removed", "idle", "clock"),
}
PERIOD: Final = """
    SELECT stream_id, min(seq) FILTER (WHERE at >= COALESCE(%(since)s, '-infinity'::timestamptz)),
        max(seq) FILTER (WHERE at < COALESCE(%(until)s, 'infinity'::timestamptz))
    FROM incidents_ledgerentry GROUP BY stream_id
"""
NEXT_TOLD: Final = """
    SELECT head.stream, min(head.seq) FROM unnest(%s::text[], %s::bigint[]) AS wanted(stream, last)
    JOIN incidents_checkpointhead AS head ON head.stream = wanted.stream AND head.seq >= wanted.last
    GROUP BY head.stream
"""


def ranges_of(export: Export) -> list[tuple[str, int, int]]:
    """Which entries of which streams, in the order of the streams' names; what is written meanwhile is not in it."""
    if export.incident is not None:
        streams = LedgerStream.objects.filter(name=stream_of(export.incident), seq__gt=0)
        return [(name, 1, seq) for name, seq in streams.values_list("name", "seq")]
    if export.since is None and export.until is None:
        everything = LedgerStream.objects.filter(seq__gt=0).values_list("name", "seq")
        return sorted((name, 1, seq) for name, seq in everything.iterator())
    with connection.cursor() as cursor:
        cursor.execute(PERIOD, {"since": export.since, "until": export.until})
        found = sorted((name, first, last) for name, first, last in cursor if first and last and first <= last)
    return _to_checkpoints(found) if export.form == ExportForm.BUNDLE else found


def _to_checkpoints(ranges: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Each on to the next entry that a checkpoint tells of: only so is its end vouched for."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_TOLD, [[name for name, _, _ in ranges], [last for _, _, last in ranges]])
        told = dict(cursor.fetchall())
    return [(name, first, told.get(name, last)) for name, first, last in ranges]


def checkpoints_of(ranges: Sequence[tuple[str, int, int]]) -> Iterator[dict[str, Any]]:
    """From the first checkpoint that vouches for anything exported to the newest, each with what it vouches for."""
    wanted = {stream: (first, last) for stream, first, last in ranges}
    first = _first_about(wanted)
    if first is None:
        return
    vouching = Checkpoint.objects.filter(number__gte=first).order_by("number").prefetch_related("heads")
    for checkpoint in vouching.iterator(chunk_size=AT_ONCE):
        heads = [(head.stream, head.seq, head.hash) for head in checkpoint.heads.all()]
        yield {
            "text": checkpoint.text,
            "signature": checkpoint.signature,
            "heads": list(_proved(sorted(heads), wanted)),
        }


def _first_about(wanted: dict[str, tuple[int, int]]) -> int | None:
    """The first checkpoint that tells of an exported entry; of everything, the first of all."""
    streams = list(wanted)[:2]
    if len(streams) > 1:
        return Checkpoint.objects.order_by("number").values_list("number", flat=True).first()
    about = CheckpointHead.objects.filter(stream__in=streams, seq__gte=wanted[streams[0]][0]) if streams else None
    return about.order_by("checkpoint_id").values_list("checkpoint_id", flat=True).first() if about else None


def _proved(heads: list[tuple[str, int, str]], wanted: dict[str, tuple[int, int]]) -> Iterator[list[Any]]:
    leaves = [merkle.leaf(*head) for head in heads]
    for index, (stream, seq, entry) in enumerate(heads):
        first, last = wanted.get(stream, (1, 0))
        if first <= seq <= last:
            yield [stream, seq, entry, merkle.path(leaves, index)]


def published_key() -> str:
    """The public key that the newest checkpoint names, in hex; empty before the first."""
    return _key_of(_newest())


def _newest() -> Checkpoint | None:
    return Checkpoint.objects.order_by("-number").first()


def _key_of(checkpoint: Checkpoint | None) -> str:
    return str(json.loads(checkpoint.text)["key"]) if checkpoint else ""


def exports_page(person: User) -> ExportsPage:
    """The newest exports of everybody; for auditors."""
    require_auditor(person)
    found = Export.objects.select_related("asked_by", "incident").order_by("-asked_at")[:SHOWN]
    rows = tuple(_row(each) for each in found)
    newest = _newest()
    return ExportsPage(
        rows=rows,
        moving=any(row.moving for row in rows),
        key=_key_of(newest),
        checkpoint=newest.number if newest else 0,
        checkpoint_at=newest.at if newest else None,
    )


def _row(export: Export) -> ExportRow:
    state = ExportState(export.state)
    return ExportRow(
        id=export.pk,
        what=_what(export),
        form=FORM_WORDS[ExportForm(export.form)],
        by=export.asked_by.username,
        asked_at=export.asked_at,
        badge=BADGES[state],
        rows=export.rows,
        total=export.total,
        moving=state in UNDER_WAY,
        file_name=export.file_name if state is ExportState.READY else "",
        size=export.size,
        sha256=export.sha256,
        expires_at=export.expires_at if state is ExportState.READY else None,
        words=export.words,
    )


def _what(export: Export) -> str:
    if export.incident:
        return export.incident.number
    if not (export.since or export.until):
        return "The whole record"
    since = f"From {export.since:%Y-%m-%d %H:%M}" if export.since else "From the first entry"
    until = f"to {export.until:%Y-%m-%d %H:%M}" if export.until else "to now"
    return f"{since} {until} UTC"


def downloadable(person: User, export_id: Any) -> Export:
    """An export whose file is there; raises `Export.DoesNotExist`, or `NotPermitted` for who is no auditor."""
    require_auditor(person)
    return Export.objects.select_related("incident").get(pk=export_id, state=ExportState.READY)
