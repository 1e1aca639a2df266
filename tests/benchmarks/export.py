"""Measures exports, the verifier and appends: `python -m tests.benchmarks.export [--entries 1000000] [--seconds 10]`.

One line a figure, with its goal; exit 1 where one is missed. The export is compared with psql's \\copy of the same rows
in the same run, appends with plain inserts: only such ratios travel from one machine to another.
"""

import argparse
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django
import psycopg

from incidents.effects.exporting.copying import COPY, Range
from tests.live.machine import Machine, machine

VERIFIER = Path("incidents/effects/exporting/verify.py")
A_STREAM = 1_000
WRITERS = 16
OTHER_WORK = 0.005
STARTED = datetime(2026, 1, 1, tzinfo=UTC)
GENESIS = "0" * 64


@dataclass(frozen=True)
class Figure:
    """One measured value and its goal; `least` says that more is better."""

    name: str
    value: float
    goal: float
    unit: str
    least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.goal if self.least else self.value <= self.goal

    def __str__(self) -> str:
        sign, verdict = ("≥" if self.least else "≤"), ("met" if self.met else "MISSED")
        return f"{self.name:44} {self.value:12,.2f} {self.unit:14} goal {sign} {self.goal:10,.2f}  {verdict}"


# ── a ledger ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def entries(count: int) -> Iterator[tuple[str, int, datetime, str, str, str]]:
    """Entries as the console writes them, chained: stream, number, time, text, hash, clear texts."""
    previous, stream = GENESIS, ""
    for number in range(count):
        seq = number % A_STREAM + 1
        if seq == 1:
            stream, previous = f"incident:{number // A_STREAM:08}", GENESIS
        salt, words = f"{number:032x}", f"Looked at “{number}” again: C:\\deploy\\{seq} is watched."
        sealed = hashlib.sha256(bytes.fromhex(salt) + words.encode()).hexdigest()
        text = (
            f'{{"actor":null,"address":"","application":"1.0","at":"2026-01-01T00:00:00+00:00","authentication":null,'
            f'"clock":"database","data":{{"step":"0198c9a2-0000-7000-8000-{number:012}","step_kind":"deploy","url":'
            f'"https://code.example/acme/shop/runs/{number}","words":{{"sealed":"{sealed}"}}}},"incident":"INC-2026-0042",'
            f'"kind":"step.watching","name":"","previous":"{previous}","procedure":"1.0","request":"","role":"",'
            f'"rule":"R4","seq":{seq},"stream":"{stream}","v":2}}'
        )
        previous = hashlib.sha256(text.encode()).hexdigest()
        clear = json.dumps({sealed: [salt, words]}, ensure_ascii=False)
        yield stream, seq, STARTED + timedelta(seconds=number), text, previous, clear


def fill(address: str, count: int) -> list[Range]:
    """A ledger of so many entries; the ranges of its streams."""
    with psycopg.connect(address) as connection, connection.cursor() as cursor:
        columns = "stream text, seq bigint, at timestamptz, text text, hash text, clear jsonb"
        cursor.execute(f"CREATE TEMPORARY TABLE fresh ({columns})")
        with cursor.copy("COPY fresh FROM STDIN") as copy:
            for row in entries(count):
                copy.write_row(row)
        cursor.execute("INSERT INTO incidents_ledgerstream SELECT stream, max(seq), '' FROM fresh GROUP BY stream")
        cursor.execute(
            "INSERT INTO incidents_ledgerentry (stream_id, seq, at, kind, rule, actor_name, text, hash)"
            " SELECT stream, seq, at, 'step.watching', 'R4', '', text, hash FROM fresh"
        )
        cursor.execute(
            "INSERT INTO incidents_ledgerpersonal SELECT entry.id, clear FROM fresh"
            " JOIN incidents_ledgerentry entry ON entry.stream_id = fresh.stream AND entry.seq = fresh.seq"
        )
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE incidents_ledgerentry, incidents_ledgerpersonal, incidents_ledgerstream")
        found = connection.execute("SELECT name, 1, seq FROM incidents_ledgerstream ORDER BY name").fetchall()
    return [Range(*each) for each in found]


# ── the export ───────────────────────────────────────────────────────────────────────────────────────────────────────
def measure_export(found: Machine, folder: Path, ranges: list[Range]) -> Iterator[Figure]:
    ranges_file, target = folder / "ranges.json", folder / "entries.jsonl"
    ranges_file.write_text(json.dumps(ranges))
    command = [sys.executable, "-m", "tests.benchmarks.export_copy", found.database, str(ranges_file), str(target)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert told["bad"] == []
    assert told["rows"] == sum(each.last for each in ranges)
    plainly = by_psql(found, folder, ranges)
    yield Figure("export, wall time against psql's \\copy", told["wall"] / plainly, 1.5, "×")
    yield Figure("export, hashes verified on the way", told["rows"] / told["cpu"], 100_000, "rows/CPU s", least=True)
    yield Figure("export, peak memory of the process", told["megabytes"], 64, "MB")


def by_psql(found: Machine, folder: Path, ranges: list[Range]) -> float:
    """The seconds that psql takes for the same rows, in the same form; what the export is compared with."""
    names = ",".join(f"'{each.stream}'" for each in ranges)
    firsts, lasts = (",".join(str(getattr(each, name)) for each in ranges) for name in ("first", "last"))
    query = COPY % (f"ARRAY[{names}]", f"ARRAY[{firsts}]", f"ARRAY[{lasts}]")
    target = folder / "psql"
    psql = shutil.which("psql")
    if psql is None:
        raise SystemExit("psql is needed for the comparison: apt install postgresql-client.")
    statement = " ".join(query.replace("TO STDOUT", f"TO '{target}'").split()).replace("COPY", "\\copy", 1)
    script = folder / "copy.sql"
    script.write_text(statement)
    begun = time.perf_counter()
    subprocess.run([psql, "-q", "-d", found.database, "-f", str(script)], check=True)
    return time.perf_counter() - begun


# ── the verifier ─────────────────────────────────────────────────────────────────────────────────────────────────────
def measure_verifier(folder: Path, ranges: list[Range]) -> Iterator[Figure]:
    """The very file that auditors run, on a bundle of everything."""
    from incidents.services.signing import public_key, sign

    bundle, lines = folder / "bundle.zip", folder / "entries.jsonl"
    with lines.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    manifest = json.dumps(
        {"of": "everything", "key": public_key(), "streams": ranges, "entries_sha256": digest}
    ).encode()
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(lines, "entries.jsonl")
        archive.writestr("checkpoints.jsonl", "")
        archive.writestr("manifest.json", manifest)
        archive.writestr("manifest.sig", sign(manifest))
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-I", str(VERIFIER), str(bundle)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ended.returncode == 3, ended.stdout + ended.stderr
    millions = sum(each.last for each in ranges) / 1_000_000
    print(f"the verifier took {wall / millions:.1f} s of wall time a million")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    yield Figure("verifier, a million entries", cpu / millions, 10, "CPU s")


# ── appends ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def appended(write: Callable[[int, int], None], seconds: float) -> float:
    """How many transactions a second 16 writers bring about, each with other work in it."""
    from django.db import connection, transaction

    done, until = [0] * WRITERS, time.monotonic() + seconds

    def work(writer: int) -> None:
        while time.monotonic() < until:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(%s)", [OTHER_WORK])
                write(writer, done[writer])
            done[writer] += 1
        connection.close()

    threads = [threading.Thread(target=work, args=[writer]) for writer in range(WRITERS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return sum(done) / seconds


def measure_appends(seconds: float) -> Iterator[Figure]:
    from django.db import connection

    from incidents.models.ledger import LedgerStream, append_entry

    facts = {"step_kind": "deploy", "words": "The deploy is watched.", "url": "https://code.example/acme/shop/runs/1"}

    def append(writer: int, number: int) -> None:
        stream = f"benchmark:{(writer * 7919 + number * 104_729) % 200}"
        append_entry(stream=stream, kind="noted", at=STARTED, data=facts)

    def insert(writer: int, number: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO incidents_ledgerentry (stream_id, seq, at, kind, rule, actor_name, text, hash)"
                " VALUES (%s, %s, %s, 'noted', '', '', %s, '')",
                ["benchmark:plain", 1 + writer * 10_000_000 + number, STARTED, json.dumps(facts)],
            )

    LedgerStream.objects.get_or_create(name="benchmark:plain")
    plain, chained = appended(insert, seconds), appended(append, seconds)
    print(f"appends: {chained:.0f} a second, plain inserts: {plain:.0f}")
    yield Figure("appends against plain inserts, 16 writers", 100 * chained / plain, 70, "%", least=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args(arguments)
    return measure(asked.entries, asked.seconds)


def measure(count: int, seconds: float) -> int:
    """Measure everything, print the table, and say by the exit code whether all goals are met."""
    with machine() as found, tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_console.settings")
        django.setup()
        ranges = fill(found.database, count)
        figures = [
            *measure_export(found, Path(folder), ranges),
            *measure_verifier(Path(folder), ranges),
            *measure_appends(seconds),
        ]
    print(f"{count:,} entries of {len(ranges):,} streams, one clear text each")
    for figure in figures:
        print(figure)
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
