"""The three forms of an export: lines of JSON, a table for a spreadsheet, and the signed bundle with its verifier."""

import csv
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.template.loader import render_to_string

from incidents.effects.exporting import rows
from incidents.models.export import Export
from incidents.models.ledger import LedgerEntry, canonical
from incidents.procedure.rules import PROCEDURE_VERSION
from incidents.queries.exporting import checkpoints_of
from incidents.queries.timeline import said_of
from incidents.services.signing import public_key, sign

VERSION: Final = 1
VERIFIER: Final = Path(__file__).with_name("verify.py")
MOST_REPORTED: Final = 5_000
"""Entries that the report tells one by one; of more it gives the number, and entries.jsonl has them all."""

Lines = Iterable[bytes]


@dataclass(slots=True)
class Contents:
    """What is exported: its lines, which may be asked for once, and the ranges of the streams that they are from."""

    export: Export
    lines: Lines
    ranges: list[tuple[str, int, int]]
    now: datetime


def write_jsonl(contents: Contents, path: Path) -> None:
    """One entry a line, as it was hashed."""
    with path.open("wb") as file:
        for line in contents.lines:
            file.write(line + b"\n")


def write_csv(contents: Contents, path: Path) -> None:
    """One entry a row, with a head; UTF-8 with the mark that spreadsheets look for."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(rows.COLUMNS)
        for line in contents.lines:
            table.writerow(rows.cells(rows.entry_of(line)))


def write_bundle(contents: Contents, path: Path) -> None:
    """A zip: entries, checkpoints, key, signed manifest, a report for people, and the verifier."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        told: list[bytes] = []
        digest = _write_entries(archive, contents, told)
        checkpoints = _write_checkpoints(archive, contents)
        manifest = _manifest(contents, digest, checkpoints).encode()
        archive.writestr("manifest.json", manifest)
        archive.writestr("manifest.sig", sign(manifest) + "\n")
        archive.writestr("public-key.txt", public_key() + "\n")
        archive.writestr("report.html", _report(contents, told, checkpoints))
        archive.write(VERIFIER, "verify.py")


def _write_entries(archive: zipfile.ZipFile, contents: Contents, told: list[bytes]) -> str:
    digest = hashlib.sha256()
    few = sum(last - first + 1 for _, first, last in contents.ranges) <= MOST_REPORTED
    with archive.open("entries.jsonl", "w", force_zip64=True) as file:
        for line in contents.lines:
            whole = line + b"\n"
            digest.update(whole)
            file.write(whole)
            if few:
                told.append(line)
    return digest.hexdigest()


def _write_checkpoints(archive: zipfile.ZipFile, contents: Contents) -> list[int]:
    """The numbers of the first and the last checkpoint that was written."""
    numbers: list[int] = []
    with archive.open("checkpoints.jsonl", "w", force_zip64=True) as file:
        for checkpoint in checkpoints_of(contents.ranges):
            numbers = [*numbers[:1], int(json.loads(checkpoint["text"])["number"])]
            file.write(canonical(checkpoint).encode() + b"\n")
    return numbers


def _manifest(contents: Contents, digest: str, checkpoints: list[int]) -> str:
    export = contents.export
    return canonical(
        {
            "v": VERSION,
            "of": "incident" if export.incident else "period" if export.since or export.until else "everything",
            "incident": export.incident.number if export.incident else None,
            "since": export.since,
            "until": export.until,
            "made_at": contents.now,
            "application": settings.APPLICATION_VERSION,
            "procedure": PROCEDURE_VERSION,
            "key": public_key(),
            "streams": contents.ranges,
            "checkpoints": checkpoints,
            "entries_sha256": digest,
        }
    )


def _report(contents: Contents, told: list[bytes], checkpoints: list[int]) -> str:
    count = sum(last - first + 1 for _, first, last in contents.ranges)
    return render_to_string(
        "exports/report.html",
        {
            "export": contents.export,
            "now": contents.now,
            "count": count,
            "streams": len(contents.ranges),
            "checkpoints": checkpoints,
            "key": public_key(),
            "procedure": PROCEDURE_VERSION,
            "entries": [reported(rows.entry_of(line)) for line in told],
        },
    )


def reported(entry: LedgerEntry) -> dict[str, object]:
    """An entry as the report shows it."""
    return {"entry": entry, "told": entry.told, "action": said_of(entry), "facts": rows.plain(entry.told["data"])}


WRITERS: Final[dict[str, Callable[[Contents, Path], None]]] = {
    "jsonl": write_jsonl,
    "csv": write_csv,
    "bundle": write_bundle,
}
