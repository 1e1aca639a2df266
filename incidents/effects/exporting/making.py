"""A worker makes an export: the record is copied in portions, verified as it passes, and put in the form asked for."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import structlog
from django.db import connection

from incidents.effects.exporting.copying import Passing, Range, lines_of, portions
from incidents.effects.exporting.forms import WRITERS, Contents
from incidents.effects.keeping import vouch
from incidents.models.export import Export
from incidents.queries.exporting import ranges_of
from incidents.services.clock import database_now
from incidents.services.exporting import (
    claim_export,
    due_exports,
    expire_export,
    expired_exports,
    fail_export,
    finish_export,
    note_progress,
)

log = structlog.get_logger(__name__)


def make_export(export_id: UUID) -> None:
    """Make one export; nothing where it is being made, or was."""
    export = claim_export(export_id=export_id, now=database_now())
    if export is None:
        return
    try:
        _make(export)
    except OSError as failure:
        log.exception("export_failed", export=str(export.pk))
        words = f"The file could not be written: {failure.strerror or failure}."
        fail_export(export=export, words=words, now=database_now())


def mind_exports() -> list[UUID]:
    """Remove what has expired, and say what nobody is making."""
    now = database_now()
    for export_id in expired_exports(now):
        over = expire_export(export_id=export_id, now=now)
        if over is not None:
            over.path.unlink(missing_ok=True)
    return due_exports(now)


def _make(export: Export) -> None:
    vouch()  # over a broken record nothing is signed, and the verifier will say where
    wanted = ranges_of(export)
    ranges = [Range(*each) for each in wanted]
    passing, target = Passing(), export.path
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    contents = Contents(export, _lines(export, ranges, passing), wanted, database_now())
    WRITERS[export.form](contents, part)
    part.replace(target)
    finish_export(
        export=export, rows=passing.rows, size=target.stat().st_size, sha256=_digest(target),
        words=_where_broken(passing), now=database_now(),
    )  # fmt: skip


def _lines(export: Export, ranges: list[Range], passing: Passing) -> Iterator[bytes]:
    total = sum(wanted.last - wanted.first + 1 for wanted in ranges)
    note_progress(export=export, rows=0, total=total, now=database_now())
    for portion in portions(ranges):
        with connection.cursor() as cursor:
            yield from lines_of(cursor, portion, passing)
        note_progress(export=export, rows=passing.rows, total=total, now=database_now())


def _where_broken(passing: Passing) -> str:
    if not passing.bad:
        return ""
    stream, seq = passing.bad[0]
    return f"Not intact at entry {seq} of {stream}; the verifier says what is wrong."


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
