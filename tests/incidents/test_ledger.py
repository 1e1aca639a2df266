"""The ledger only grows: gapless, chained, and closed to change from whichever side (trust.md §3)."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction

from incidents.models import Incident, LedgerEntry, LedgerStream
from incidents.models.circumstances import Circumstances, act_as, under
from incidents.models.ledger import append_entry, first_broken_entry, stream_of
from incidents.procedure.rules import PROCEDURE_VERSION
from tests.incidents.forging import as_owner

STREAM = "procedure"
TABLES = ("incidents_ledgerentry", "incidents_ledgerstream")


@pytest.fixture
def application(transactional_db: None) -> Iterator[psycopg.Connection]:
    """The very role that runs the console, in the database of the tests."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(os.environ["TEST_APP_DATABASE_URL"], dbname=name, autocommit=True) as found:
        yield found


def append(now: datetime, kind: str = "noted") -> LedgerEntry:
    with transaction.atomic():
        return append_entry(stream=STREAM, kind=kind, at=now, data={"noise": "ä"})


def test_an_entry_is_refused_outside_the_transaction_that_it_records(transactional_db: None, now: datetime) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        append_entry(stream=STREAM, kind="noted", at=now)


REMOVALS = [change.format(table) for table in TABLES for change in ("DELETE FROM {}", "TRUNCATE {} CASCADE")]


@pytest.mark.parametrize("change", ["UPDATE incidents_ledgerentry SET seq = seq", *REMOVALS])
def test_the_applications_role_cannot_change_what_was_written(
    application: psycopg.Connection, now: datetime, change: str
) -> None:
    append(now)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(change)


def test_the_applications_role_cannot_lift_the_locks(application: psycopg.Connection) -> None:
    for attempt in ("ALTER TABLE incidents_ledgerentry DISABLE TRIGGER ALL", "SET session_replication_role = replica"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(attempt)


def test_the_applications_role_may_write_and_read(application: psycopg.Connection, now: datetime) -> None:
    append(now)
    assert application.execute("SELECT count(*) FROM incidents_ledgerentry").fetchone() == (1,)
    application.execute("UPDATE incidents_ledgerstream SET seq = seq")


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["UPDATE incidents_ledgerentry SET seq = seq", *REMOVALS])
def test_the_triggers_refuse_the_owner_too(now: datetime, change: str) -> None:
    append(now)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="the ledger only grows"), transaction.atomic():
            cursor.execute(change)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE incidents_ledgerentry SET text = replace(text, 'noted', 'other') WHERE seq = %s",
        "UPDATE incidents_ledgerentry SET kind = 'other' WHERE seq = %s",
        "UPDATE incidents_ledgerentry SET rule = 'M3' WHERE seq = %s",
        "UPDATE incidents_ledgerentry SET at = at + interval '1 second' WHERE seq = %s",
        "UPDATE incidents_ledgerentry SET hash = repeat('0', 64) WHERE seq = %s",
    ],
)
def test_a_changed_entry_is_found_by_its_hash(now: datetime, tampering: str) -> None:
    for _ in range(4):
        append(now)
    assert first_broken_entry(STREAM) is None
    as_owner((tampering, [2]))
    broken = first_broken_entry(STREAM)
    assert broken is not None
    assert broken.seq == 2


@pytest.mark.django_db
def test_a_removed_entry_is_found_by_the_gap(now: datetime) -> None:
    for _ in range(4):
        append(now)
    as_owner(("DELETE FROM incidents_ledgerentry WHERE seq = %s", [2]))
    broken = first_broken_entry(STREAM)
    assert broken is not None
    assert broken.seq == 3


@pytest.mark.django_db
def test_another_actor_in_the_column_is_found(incident: Incident, engineer: User) -> None:
    as_owner(("UPDATE incidents_ledgerentry SET actor_id = %s WHERE seq = 1", [engineer.pk]))
    assert first_broken_entry(stream_of(incident)) is not None


@pytest.mark.django_db
def test_a_name_in_the_column_is_not_shown_for_the_one_that_was_hashed(engineer: User, now: datetime) -> None:
    entry = said_by(engineer, now)
    as_owner(("UPDATE incidents_ledgerentry SET actor_name = 'cto' WHERE id = %s", [entry.pk]))
    assert LedgerEntry.objects.get(pk=entry.pk).who == "engineer"


def in_threads(count: int, write: Callable[[int], None]) -> None:
    def closing(number: int) -> None:
        try:
            write(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(closing, range(count)))


def test_parallel_writers_leave_no_gap_though_some_roll_back(transactional_db: None, now: datetime) -> None:
    def write(number: int) -> None:
        for turn in range(5):
            with transaction.atomic():
                append_entry(stream=STREAM, kind="noted", at=now, data={"by": number, "turn": turn})
                transaction.set_rollback((number + turn) % 3 == 0)

    in_threads(6, write)
    seqs = list(LedgerEntry.objects.filter(stream_id=STREAM).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, 21))
    assert LedgerStream.objects.get(name=STREAM).seq == 20
    assert first_broken_entry(STREAM) is None


PERSONAL = "incidents_ledgerpersonal"


def said_by(person: User, now: datetime) -> LedgerEntry:
    with transaction.atomic():
        append_entry(stream=STREAM, kind="noted", at=now, actor=person, data={"woken": [{"person": "cto", "id": 7}]})
    return LedgerEntry.objects.get(stream_id=STREAM, seq=1)


def redact_everything() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {PERSONAL} SET clear = (SELECT jsonb_object_agg(key, null) FROM jsonb_each(clear))")


@pytest.mark.django_db
def test_what_names_somebody_is_hashed_as_a_commitment_and_read_back(engineer: User, now: datetime) -> None:
    entry = said_by(engineer, now)
    assert "engineer" not in entry.text
    assert '"cto"' not in entry.text
    assert (entry.who, entry.data) == ("engineer", {"woken": [{"person": "cto", "id": 7}]})


@pytest.mark.django_db
def test_a_redacted_entry_still_verifies_and_says_that_it_was_redacted(engineer: User, now: datetime) -> None:
    said_by(engineer, now)
    redact_everything()
    entry = LedgerEntry.objects.get(stream_id=STREAM)
    assert (entry.who, entry.data) == ("redacted", {"woken": [{"person": "redacted", "id": 7}]})
    assert first_broken_entry(STREAM) is None


@pytest.mark.django_db
def test_another_name_than_the_one_committed_to_is_found(engineer: User, now: datetime) -> None:
    said_by(engineer, now)
    as_owner((f"UPDATE {PERSONAL} SET clear = replace(clear::text, %s, %s)::jsonb", ['"engineer"', '"cto"']))
    assert first_broken_entry(STREAM) is not None


CHANGES = (
    f"UPDATE {PERSONAL} SET clear = replace(clear::text, 'cto', 'ciso')::jsonb",
    f"UPDATE {PERSONAL} SET clear = '{{}}'",
    f"DELETE FROM {PERSONAL}",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_clear_text_is_redacted_by_the_applications_role_but_never_changed(
    application: psycopg.Connection, engineer: User, now: datetime, change: str
) -> None:
    entry = said_by(engineer, now)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(change)
    application.execute(f"UPDATE {PERSONAL} SET clear = (SELECT jsonb_object_agg(key, null) FROM jsonb_each(clear))")
    entry = LedgerEntry.objects.get(pk=entry.pk)
    assert entry.who == "redacted"


@pytest.mark.django_db
def test_an_entry_says_from_where_and_how_the_person_had_proved_who_they_are(engineer: User, now: datetime) -> None:
    proved = Circumstances("192.0.2.7", "totp", now - timedelta(minutes=3), "r-1")
    with under(lambda: proved), transaction.atomic():
        act_as(engineer.pk, "on_call")
        told = append_entry(stream=STREAM, kind="noted", at=now, actor=engineer).told
    assert (told["address"], told["request"], told["role"]) == ("192.0.2.7", "r-1", "on_call")
    assert told["authentication"] == {"method": "totp", "age_seconds": 180}
    assert (told["clock"], told["procedure"], told["v"]) == ("database", PROCEDURE_VERSION, 2)
