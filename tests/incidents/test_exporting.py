"""The auditor's exports: asked for, made by a worker, downloaded and resumed, removed; each of it in the record."""

import csv
import json
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from incidents.effects.exporting import forms, making, rows
from incidents.effects.exporting.copying import Range, portions
from incidents.models import CheckpointHead, Export, Incident, LedgerEntry, LedgerStream
from incidents.models.ledger import canonical, stream_of
from incidents.queries.duty import NotPermitted
from incidents.queries.exporting import checkpoints_of
from incidents.services import exporting
from incidents.services.clock import database_now
from tests.incidents.forging import checkpoint_after, exported, judged, pinned, write

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.EXPORT_FOLDER = str(tmp_path / "exports")
    return tmp_path / "exports"


def made(auditor: User, form: str, **what: Any) -> Export:
    asked = exporting.ask_export(form=form, actor=auditor, now=database_now(), **what)
    making.make_export(asked.pk)
    return Export.objects.select_related("incident").get(pk=asked.pk)


def kinds() -> list[str]:
    found = LedgerEntry.objects.filter(kind__startswith="export.").order_by("seq")
    return list(found.values_list("kind", flat=True))


def test_only_an_auditor_exports(oncall: User, administrator: User, now: datetime) -> None:
    for person in (oncall, administrator):
        with pytest.raises(NotPermitted):
            exporting.ask_export(form="csv", actor=person, now=now)


def test_lines_of_json_are_the_stored_bytes_in_order_with_their_clear_texts(incident: Incident, auditor: User) -> None:
    export = made(auditor, "jsonl", incident=incident.number)
    lines = export.path.read_text().splitlines()
    entries = list(LedgerEntry.objects.filter(stream_id=stream_of(incident)).order_by("seq"))
    assert [canonical(json.loads(line)["entry"]) for line in lines] == [entry.text for entry in entries]
    assert [json.loads(line)["hash"] for line in lines] == [entry.hash for entry in entries]
    assert [json.loads(line)["personal"] or {} for line in lines] == [entry.clear for entry in entries]
    assert (export.rows, export.words) == (len(entries), "")


def test_a_table_for_a_spreadsheet_has_who_what_and_when_in_words(incident: Incident, auditor: User) -> None:
    with made(auditor, "csv", incident=incident.number).path.open(encoding="utf-8-sig") as file:
        (first, *_) = csv.DictReader(file)
    assert (first["actor"], first["action"], first["rule"]) == ("oncall", "Declared: Checkout answers 500", "U2")
    assert first["clock"] == "database"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_spreadsheet_runs_nothing_that_somebody_typed(cell: str) -> None:
    assert rows.harmless(cell) == f"'{cell}"


def test_a_period_holds_what_was_recorded_in_it_without_a_gap(engineer: User, auditor: User, now: datetime) -> None:
    write(40, actor=engineer, now=now)
    since, until = now + timedelta(seconds=10), now + timedelta(seconds=20)
    lines = made(auditor, "jsonl", since=since, until=until).path.read_text().splitlines()
    moments = [json.loads(line)["entry"]["at"] for line in lines]
    assert len(moments) == 10
    assert min(moments) >= since.isoformat()
    assert max(moments) < until.isoformat()


def test_a_bundle_of_a_period_is_intact(engineer: User, auditor: User, now: datetime) -> None:
    write(40, actor=engineer, now=now)
    bundle = exported(auditor, now, since=now + timedelta(seconds=10), until=now + timedelta(seconds=20))
    assert judged(bundle, pinned()).code == 0


def test_the_heads_of_many_checkpoints_are_read_at_once(
    engineer: User, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(6):
        checkpoint_after(2, actor=engineer, now=now, seed=number)
    ranges = [(each.name, 1, each.seq) for each in LedgerStream.objects.all()]
    with django_assert_max_num_queries(3):
        told = list(checkpoints_of(ranges))
    assert sum(len(each["heads"]) for each in told) == CheckpointHead.objects.count()


def test_a_bundle_of_an_incident_is_intact_and_tells_it(incident: Incident, auditor: User, now: datetime) -> None:
    write(20, actor=auditor, now=now)
    bundle = exported(auditor, now, incident=incident.number)
    assert judged(bundle, pinned()).code == 0
    with zipfile.ZipFile(bundle) as archive:
        report = archive.read("report.html").decode()
        assert set(archive.namelist()) == {
            "entries.jsonl", "checkpoints.jsonl", "manifest.json", "manifest.sig", "public-key.txt", "report.html",
            "verify.py",
        }  # fmt: skip
    assert "Declared: Checkout answers 500" in report
    assert "<script" not in report


def test_what_somebody_typed_is_harmless_in_the_report(engineer: User, auditor: User, now: datetime) -> None:
    entry = LedgerEntry(stream_id="s", seq=1, at=now, kind="noted", rule="", hash="0" * 64)
    entry.told = {"data": {"reason": "<script>alert(1)</script>"}, "name": "<b>", "role": "", "address": ""}
    context = {
        "export": Export(asked_by=auditor),
        "now": now,
        "streams": 1,
        "count": 1,
        "entries": [forms.reported(entry)],
    }
    assert "<script>" not in render_to_string("exports/report.html", context)


def test_asked_made_downloaded_and_removed_stand_in_the_record(
    auditor: User, client: Client, now: datetime, settings: Settings
) -> None:
    export = made(auditor, "bundle")
    client.force_login(auditor)
    answer = client.get(f"/audit/exports/{export.pk}/")
    content = b"".join(answer)
    assert content == export.path.read_bytes()
    assert answer["Content-Disposition"] == f'attachment; filename="{export.file_name}"'
    Export.objects.update(expires_at=now)
    making.mind_exports()
    assert not export.path.exists()
    assert client.get(f"/audit/exports/{export.pk}/").status_code == 404
    assert kinds() == ["export.asked", "export.made", "export.downloaded", "export.expired"]


RANGES = {
    "bytes=10-19": (206, 10, 20), "bytes=10-": (206, 10, None), "bytes=-7": (206, -7, None),
    "bytes=0-99999999": (200, 0, None), "lines=1-2": (200, 0, None), "bytes=1-2,4-5": (200, 0, None),
    "bytes=-": (200, 0, None), "bytes=9-3": (200, 0, None),
}  # fmt: skip


@pytest.mark.parametrize("asked", sorted(RANGES))
def test_a_download_that_broke_off_goes_on_where_it_was(auditor: User, client: Client, asked: str) -> None:
    export = made(auditor, "jsonl")
    whole = export.path.read_bytes()
    client.force_login(auditor)
    answer = client.get(f"/audit/exports/{export.pk}/", headers={"range": asked})
    status, first, last = RANGES[asked]
    assert (answer.status_code, b"".join(answer)) == (status, whole[first:last])


def test_beyond_the_end_nothing_can_be_had_and_of_another_file_nothing_goes_on(auditor: User, client: Client) -> None:
    export = made(auditor, "jsonl")
    client.force_login(auditor)
    address = f"/audit/exports/{export.pk}/"
    assert client.get(address, headers={"range": "bytes=99999999-"}).status_code == 416
    assert client.get(address, headers={"range": "bytes=10-", "if-range": '"other"'}).status_code == 200
    assert client.get(address, headers={"range": "bytes=10-", "if-range": f'"{export.sha256}"'}).status_code == 206


def test_what_a_dead_worker_let_go_of_is_made_by_another_and_only_once(auditor: User, now: datetime) -> None:
    asked = exporting.ask_export(form="jsonl", actor=auditor, now=now)
    assert exporting.claim_export(export_id=asked.pk, now=now) is not None
    assert exporting.claim_export(export_id=asked.pk, now=now) is None
    later = now + timedelta(minutes=2)
    assert exporting.due_exports(later) == [asked.pk]
    assert exporting.claim_export(export_id=asked.pk, now=later) is not None


def test_what_no_worker_finishes_in_hours_is_given_up_and_recorded(auditor: User, now: datetime) -> None:
    asked = exporting.ask_export(form="jsonl", actor=auditor, now=now)
    later = now + exporting.GIVEN_UP_AFTER
    assert exporting.claim_export(export_id=asked.pk, now=later) is not None
    later += timedelta(minutes=2)
    assert exporting.claim_export(export_id=asked.pk, now=later) is None
    assert Export.objects.get(pk=asked.pk).state == "failed"
    assert kinds() == ["export.asked", "export.failed"]
    assert exporting.due_exports(later + timedelta(minutes=2)) == []


def test_a_full_disk_fails_the_export_in_words(auditor: User, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    settings.EXPORT_FOLDER = str(tmp_path / "taken")
    export = made(auditor, "csv")
    assert export.state == "failed"
    assert "could not be written" in export.words


def test_an_auditor_asks_for_no_more_than_three_at_once(auditor: User, now: datetime) -> None:
    for _ in range(3):
        exporting.ask_export(form="csv", actor=auditor, now=now)
    with pytest.raises(exporting.ExportRefused):
        exporting.ask_export(form="csv", actor=auditor, now=now)


def test_the_page_asks_and_brings_back_what_makes_no_sense(incident: Incident, auditor: User, client: Client) -> None:
    client.force_login(auditor)
    page = client.get(f"/audit/exports/?incident={incident.number}").content.decode()
    assert f'value="{incident.number}"' in page
    bad = client.post("/audit/exports/ask", {"incident": incident.number, "since": "2026-01-01T00:00", "form": "csv"})
    assert bad.status_code == 422
    assert "exported whole" in bad.content.decode()
    client.post("/audit/exports/ask", {"incident": incident.number, "form": "bundle"})
    assert "waits for a worker" in client.get("/audit/exports/rows").content.decode()


@pytest.mark.parametrize("most", [1, 3, 7, 100])
def test_portions_hold_every_entry_once_and_none_is_too_large(most: int) -> None:
    ranges = [Range("a", 1, 5), Range("b", 3, 3), Range("c", 1, 12)]
    cut = list(portions(ranges, most))
    entries = [(each.stream, seq) for portion in cut for each in portion for seq in range(each.first, each.last + 1)]
    assert entries == [(each.stream, seq) for each in ranges for seq in range(each.first, each.last + 1)]
    assert all(sum(each.last - each.first + 1 for each in portion) <= most for portion in cut)
