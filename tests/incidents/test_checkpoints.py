"""Checkpoints vouch for every stream at once, are linked and signed, and leave the machine (trust.md §3)."""

import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection, transaction

from incidents.effects.exporting.verify import climb
from incidents.effects.keeping import pin
from incidents.effects.wiring import World
from incidents.integrations.errors import IntegrationError
from incidents.integrations.pinning import AddressSink, FileSink, Sink, StoreSink
from incidents.models import Checkpoint, CheckpointHead, CheckpointSink, Incident, LedgerEntry, LedgerStream, merkle
from incidents.models.ledger import append_entry, digest, stream_of
from incidents.queries.record import questions_about_the_record
from incidents.queries.staffing import Gap
from incidents.queries.timeline import timeline_of
from incidents.services.checkpointing import LedgerWentBack, all_heads, make_checkpoint
from incidents.services.verifying import streams_due, verify_stream, verify_streams
from tests.incidents.forging import as_owner

pytestmark = pytest.mark.django_db


def append(now: datetime, stream: str = "procedure") -> LedgerEntry:
    with transaction.atomic():
        return append_entry(stream=stream, kind="noted", at=now)


def checkpoint(now: datetime) -> Checkpoint:
    found = make_checkpoint(now=now)
    assert found is not None
    return found


def test_a_checkpoint_is_signed_linked_and_over_the_heads_of_all_streams(now: datetime) -> None:
    append(now)
    first = checkpoint(now)
    append(now, "catalogue")
    second = checkpoint(now)
    told = json.loads(second.text)
    heads = [(head.stream, head.seq, head.hash) for head in all_heads()]
    assert [stream for stream, _, _ in heads] == ["catalogue", "procedure"]
    assert (told["previous"], told["streams"], told["entries"]) == (first.hash, 2, 2)
    assert told["root"] == merkle.root([merkle.leaf(*head) for head in heads])
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(told["key"]))
    key.verify(bytes.fromhex(second.signature), second.text.encode())


def test_nothing_new_makes_no_checkpoint_and_only_what_moved_is_told(now: datetime) -> None:
    append(now)
    append(now, "catalogue")
    checkpoint(now)
    assert make_checkpoint(now=now) is None
    append(now)
    told = CheckpointHead.objects.filter(checkpoint=checkpoint(now))
    assert list(told.values_list("stream", "seq")) == [("procedure", 2)]


@pytest.mark.parametrize("count", range(1, 10))
def test_each_head_is_proved_by_its_path_and_no_other_is(count: int) -> None:
    leaves = [merkle.leaf("s", number, "0" * 64) for number in range(count)]
    for index, each in enumerate(leaves):
        path = merkle.path(leaves, index)
        assert climb(each, path) == merkle.root(leaves)
        assert climb(merkle.leaf("other", index, "0" * 64), path) != merkle.root(leaves)


WENT_BACK = {
    "set back": "UPDATE incidents_ledgerstream SET seq = 1, head = (SELECT hash FROM incidents_ledgerentry"
    " WHERE seq = 1 AND stream_id = 'procedure')",
    "head changed": "UPDATE incidents_ledgerstream SET seq = 3, head = repeat('0', 64)",
    "gone": "UPDATE incidents_ledgerstream SET seq = 0",
}


@pytest.mark.parametrize("how", sorted(WENT_BACK))
def test_nothing_is_signed_over_a_ledger_that_went_back(now: datetime, how: str) -> None:
    append(now)
    append(now)
    checkpoint(now)
    as_owner((WENT_BACK[how], []))
    with pytest.raises(LedgerWentBack):
        make_checkpoint(now=now)
    assert Checkpoint.objects.count() == 1


def test_nothing_is_signed_over_new_entries_that_do_not_hold(now: datetime) -> None:
    append(now)
    as_owner(("UPDATE incidents_ledgerentry SET kind = 'other'", []))
    with pytest.raises(LedgerWentBack):
        make_checkpoint(now=now)


@pytest.fixture
def application(transactional_db: None) -> Iterator[psycopg.Connection]:
    name = connection.settings_dict["NAME"]
    with psycopg.connect(os.environ["TEST_APP_DATABASE_URL"], dbname=name, autocommit=True) as found:
        yield found


@pytest.mark.parametrize("table", ["incidents_checkpoint", "incidents_checkpointhead"])
@pytest.mark.parametrize("change", ["UPDATE {} SET hash = hash", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_applications_role_cannot_change_a_checkpoint(
    application: psycopg.Connection, now: datetime, table: str, change: str
) -> None:
    append(now)
    checkpoint(now)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(change.format(table))


class Elsewhere:
    """A place that takes checkpoints while it is well."""

    name = "elsewhere"

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.well = True

    def pin(self, number: int, line: str) -> None:
        if not self.well:
            raise IntegrationError("It is away.", retryable=True)
        assert json.loads(json.loads(line)["text"])["number"] == number
        self.taken.append(number)


def pin_to(*sinks: Sink) -> None:
    pin(World(*[None] * 4, sinks=sinks))  # type: ignore[arg-type]


def test_every_checkpoint_is_pinned_once_in_order_and_none_is_lost_while_the_place_is_away(now: datetime) -> None:
    sick, well = Elsewhere(), Elsewhere()
    sick.name, sick.well = "sick", False
    for _ in range(3):
        append(now)
        checkpoint(now)
        pin_to(sick, well)
    assert (sick.taken, well.taken) == ([], [1, 2, 3])
    assert CheckpointSink.objects.get(name="sick").failing_since is not None
    sick.well = True
    pin_to(sick, well)
    pin_to(sick, well)
    assert (sick.taken, well.taken) == ([1, 2, 3], [1, 2, 3])
    assert CheckpointSink.objects.get(name="sick").failing_since is None


def gaps(sinks: tuple[str, ...], now: datetime) -> dict[str, Gap]:
    return {each.name: each.gap for each in questions_about_the_record(sinks, now)}


def test_readiness_says_what_is_not_pinned(now: datetime) -> None:
    assert gaps((), now)["record.pinned"] is Gap.MISSING
    append(now)
    checkpoint(now)
    assert gaps(("elsewhere",), now)["record.pinned:elsewhere"] is Gap.NONE
    assert gaps(("elsewhere",), now + timedelta(minutes=11))["record.pinned:elsewhere"] is Gap.MISSING
    sink = Elsewhere()
    pin_to(sink)
    assert gaps(("elsewhere",), now + timedelta(minutes=11))["record.pinned:elsewhere"] is Gap.NONE
    sink.well = False
    append(now)
    checkpoint(now)
    pin_to(sink)
    assert gaps(("elsewhere",), now)["record.pinned:elsewhere"] is Gap.MISSING


def test_the_file_only_grows_and_a_line_cut_off_by_a_crash_is_ended(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "checkpoints.jsonl"
    sink = FileSink(file)
    sink.pin(1, "{}")
    with file.open("a") as torn:
        torn.write('{"te')
    sink.pin(2, '{"a":1}')
    assert file.read_text() == '{}\n{"te\n{"a":1}\n'


def test_a_file_that_cannot_be_written_is_a_failure_of_the_outside(tmp_path: Path) -> None:
    with pytest.raises(IntegrationError, match="CHECKPOINT_FILE"):
        FileSink(tmp_path).pin(1, "{}")


def test_the_address_is_sent_each_checkpoint_signed_and_the_store_each_as_an_object() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=b"{}")

    transport = httpx.MockTransport(answer)
    AddressSink("https://elsewhere.example/pins", "hush", transport=transport).pin(7, '{"text":"t"}')
    StoreSink("https://store.example/bucket/", "token", transport=transport).pin(7, '{"text":"t"}')
    posted, put = asked
    assert posted.headers["Idempotency-Key"] == "checkpoint-7"
    assert posted.headers["X-Rollback-Console-Signature"].startswith("t=")
    assert json.loads(posted.content)["pinned"] == {"text": "t"}
    assert (put.method, str(put.url)) == ("PUT", "https://store.example/bucket/checkpoint-0000000007.json")
    assert put.headers["Authorization"] == "Bearer token"


def test_a_worker_says_how_far_a_stream_is_intact_and_reads_on_from_there(incident: Incident, now: datetime) -> None:
    assert timeline_of(incident).intact.at is None
    verify_streams(now=now)
    stream = stream_of(incident)
    shown = timeline_of(incident).intact
    assert (shown.seq, shown.at, shown.broken) == (LedgerStream.objects.get(name=stream).seq, now, None)
    assert not streams_due(now).exists()
    append(now, stream)
    assert [each.name for each in streams_due(now)] == [stream]
    verify_streams(now=now + timedelta(minutes=1))
    assert timeline_of(incident).intact.seq == shown.seq + 1


BREAKS = {
    "changed": ("UPDATE incidents_ledgerentry SET rule = 'M3' WHERE seq = 2", 2),
    "head moved": ("UPDATE incidents_ledgerstream SET head = repeat('0', 64)", 3),
    "cut off": ("UPDATE incidents_ledgerentry SET seq = 9 WHERE seq = 3", 3),
}


@pytest.mark.parametrize("how", sorted(BREAKS))
def test_what_is_not_intact_is_said_recorded_once_and_seen_in_readiness(now: datetime, how: str) -> None:
    for _ in range(3):
        append(now)
    statement, first = BREAKS[how]
    as_owner((statement, []))
    later = now + timedelta(days=2)
    assert verify_stream(stream=LedgerStream.objects.get(name="procedure"), now=now).broken == first
    kept = LedgerStream.objects.select_related("check_made").get(name="procedure")
    assert verify_stream(stream=kept, now=later).broken == first
    assert LedgerEntry.objects.get(kind="record.not_intact").data == {"of": "procedure", "entry": first}
    assert gaps((), now)["record.intact"] is Gap.MISSING


def test_a_stream_rewritten_with_new_hashes_is_unlike_its_checkpoints(now: datetime) -> None:
    append(now)
    append(now)
    checkpoint(now)
    forged = LedgerEntry.objects.get(stream_id="procedure", seq=2)
    text = forged.text.replace("noted", "other")
    as_owner(
        ("UPDATE incidents_ledgerentry SET text = %s, kind = 'other', hash = %s WHERE seq = 2", [text, digest(text)]),
        ("UPDATE incidents_ledgerstream SET head = %s", [digest(text)]),
    )
    assert verify_stream(stream=LedgerStream.objects.get(name="procedure"), now=now).broken == 2
