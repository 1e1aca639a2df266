"""The ledger only grows: gapless, chained, and closed to change from whichever side (trust.md §3)."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction

from incidents.models import Incident, LedgerEntry, LedgerStream
from incidents.models.ledger import append_entry, first_broken_entry, stream_of

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
        return append_entry(stream=STREAM, kind=kind, at=now, data={"words": "ä"})


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


def without_triggers(statement: str, values: list[object]) -> None:
    """What an owner can do who disables the triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE incidents_ledgerentry DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        cursor.execute("ALTER TABLE incidents_ledgerentry ENABLE TRIGGER USER")


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
    without_triggers(tampering, [2])
    broken = first_broken_entry(STREAM)
    assert broken is not None
    assert broken.seq == 2


@pytest.mark.django_db
def test_a_removed_entry_is_found_by_the_gap(now: datetime) -> None:
    for _ in range(4):
        append(now)
    without_triggers("DELETE FROM incidents_ledgerentry WHERE seq = %s", [2])
    broken = first_broken_entry(STREAM)
    assert broken is not None
    assert broken.seq == 3


@pytest.mark.django_db
def test_another_actor_in_the_column_is_found(incident: Incident, engineer: User) -> None:
    without_triggers("UPDATE incidents_ledgerentry SET actor_id = %s WHERE seq = 1", [engineer.pk])
    assert first_broken_entry(stream_of(incident)) is not None


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
