"""The search of the record: every filter, keyset pages, the whole of an entry, and who may read it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.models import Incident, LedgerEntry, Service
from incidents.models.ledger import append_entry
from incidents.queries import audit
from incidents.queries.audit import RecordFilter, kinds_recorded, search_record
from incidents.services.recording import record, record_in

Write = Callable[..., LedgerEntry]


@pytest.fixture
def write(incident: Incident, now: datetime) -> Write:
    """An entry of the incident, so many minutes after its declaring."""

    def written(minute: int, kind: str = "noted", **other: Any) -> LedgerEntry:
        return record(incident, kind, at=now + timedelta(minutes=minute), **other)

    return written


@pytest.fixture
def reader(auditor: User) -> Client:
    client = Client()
    client.force_login(auditor)
    return client


def found(**wanted: Any) -> list[str]:
    return [row.kind for row in search_record(RecordFilter(**wanted)).rows]


def test_the_newest_comes_first(write: Write) -> None:
    write(1, "first")
    write(2, "second")
    assert found()[:2] == ["second", "first"]


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        ({"person": "engineer"}, True),
        ({"person": "auditor"}, False),
        ({"person": "nobody-of-that-name"}, False),
        ({"person": "console"}, False),
        ({"service": "shop"}, True),
        ({"service": "search"}, False),
        ({"incident": "INC-2026-0001"}, True),
        ({"incident": "INC-1999-0001"}, False),
        ({"rule": "M3"}, True),
        ({"rule": "P2"}, False),
        ({"kind": "noted"}, True),
        ({"kind": "not"}, False),
    ],
)
def test_each_filter_finds_what_it_names_and_nothing_else(
    write: Write, engineer: User, auditor: User, wanted: dict[str, str], matches: bool
) -> None:
    write(1, actor=engineer, rule="M3")
    assert ("noted" in found(**wanted)) is matches


def test_filters_hold_together(write: Write, engineer: User) -> None:
    write(1, actor=engineer, rule="M3")
    assert found(person="engineer", rule="M3", kind="noted", service="shop") == ["noted"]
    assert found(person="engineer", rule="P2") == []


def test_a_span_begins_with_its_first_moment_and_ends_before_its_last(write: Write, now: datetime) -> None:
    for minute in (1, 2, 3):
        write(minute, f"noted.{minute}")
    assert found(since=now + timedelta(minutes=1), until=now + timedelta(minutes=3)) == ["noted.2", "noted.1"]


def test_what_the_console_did_by_itself_is_found_as_such(write: Write) -> None:
    write(1, "by.itself")
    assert "by.itself" in found(person="console")


def test_a_person_is_found_under_the_name_of_today(write: Write, engineer: User) -> None:
    write(1, actor=engineer)
    User.objects.filter(pk=engineer.pk).update(username="renamed")
    assert found(person="renamed") == ["noted"]


def test_a_change_of_a_service_is_found_by_it(service: Service, now: datetime) -> None:
    with transaction.atomic():
        record_in("catalogue", "service.changed", at=now, about=service, service=service.slug, changed={})
    assert found(service="shop") == ["service.changed"]


def test_every_kind_that_was_recorded_can_be_chosen(write: Write) -> None:
    for kind in ("zebra.seen", "approval.asked", "approval.approved", "zebra.seen"):
        write(1, kind)
    kinds = kinds_recorded()
    assert {"approval.approved", "approval.asked", "zebra.seen"} <= set(kinds)
    assert kinds == sorted(set(kinds))


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(audit, "PAGE", 3)
    return 3


def test_pages_follow_one_another_without_gap_or_repeat_even_within_one_moment(write: Write, small_pages: int) -> None:
    for number in range(10):
        write(1 + number // 5, f"n.{number}")
    seen, before = [], ""
    while True:
        page = search_record(RecordFilter(), before=before)
        seen += [row.id for row in page.rows]
        if not page.older:
            break
        before = page.older
    assert seen == list(LedgerEntry.objects.order_by("-at", "-pk").values_list("pk", flat=True))


@pytest.mark.parametrize("cursor", ["", "nonsense", "2026-05-08T12:00:00+00:00", "2026-05-08T12:00:00+00:00~x", "~1"])
def test_a_cursor_that_makes_no_sense_begins_at_the_newest(write: Write, cursor: str) -> None:
    write(1)
    assert search_record(RecordFilter(), before=cursor).rows[0].kind == "noted"


def test_the_page_says_who_as_what_did_what_about_what_when_and_under_which_rule(
    reader: Client, write: Write, engineer: User
) -> None:
    write(1, actor=engineer, role="on-call engineer", rule="D6")
    page = reader.get("/audit/").content.decode()
    row = page[page.index("<b>engineer</b>") - 400 :]
    for said in ("12:01:00", "as on-call engineer", "noted", "INC-2026-0001", "Shop", "D6"):
        assert said in row


def test_an_entry_unfolds_to_the_whole_of_it(reader: Client, write: Write) -> None:
    entry = write(1, said="Checkout <b>answers</b> 500")
    page = reader.get("/audit/").content.decode()
    assert entry.hash in page
    assert "&quot;said&quot;: &quot;Checkout &lt;b&gt;answers&lt;/b&gt; 500&quot;" in page


def test_a_long_entry_is_cut_on_the_list_and_whole_on_its_own_page(reader: Client, write: Write) -> None:
    entry = write(1, said="x" * 50_000)
    assert len(reader.get("/audit/?kind=noted").content) < 40_000
    assert "x" * 50_000 in reader.get(f"/audit/{entry.pk}/").content.decode()


def test_the_page_of_an_entry_says_whether_its_text_is_what_was_hashed(reader: Client, write: Write) -> None:
    entry = write(1)
    assert "its text is what was hashed" in reader.get(f"/audit/{entry.pk}/").content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE incidents_ledgerentry DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE incidents_ledgerentry SET text = replace(text, 'noted', 'other') WHERE id = %s", [entry.pk]
        )
    assert "its text is not what was hashed" in reader.get(f"/audit/{entry.pk}/").content.decode()


@pytest.mark.parametrize("text", ["not JSON at all", "[]", '{"data": {}}', '{"data": null}'])
def test_an_entry_that_was_tampered_with_is_shown_all_the_same(reader: Client, write: Write, text: str) -> None:
    entry = write(1, "incident.declared", title="It burns")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE incidents_ledgerentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE incidents_ledgerentry SET text = %s WHERE id = %s", [text, entry.pk])
    assert "incident.declared" in reader.get("/audit/").content.decode()
    assert "its text is not what was hashed" in reader.get(f"/audit/{entry.pk}/").content.decode()


def test_an_entry_that_does_not_exist_is_not_found(reader: Client, incident: Incident) -> None:
    assert reader.get("/audit/999999/").status_code == 404


def test_the_filters_stand_in_the_address_and_stay_in_the_form(reader: Client, write: Write, small_pages: int) -> None:
    for minute in range(5):
        write(minute, "noted", rule="M3")
    page = reader.get("/audit/?rule=M3&person=console&since=2026-05-08T11:00").content.decode()
    assert '<option value="M3" selected>' in page
    assert 'value="console"' in page
    assert 'value="2026-05-08T11:00"' in page
    older = page[page.index('href="?') :].partition('"')[2].partition('"')[0]
    assert [name for name in ("rule=M3", "person=console", "before=") if name not in older] == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=yesterday", "Enter a valid date/time."),
        ("incident=42", "An incident’s number looks like INC-2026-0042."),
        ("rule=Z9", "Select a valid choice."),
        ("kind=nothing.like.it", "Select a valid choice."),
    ],
)
def test_a_filter_that_makes_no_sense_is_said_and_finds_nothing(
    reader: Client, write: Write, query: str, words: str
) -> None:
    write(1)
    page = reader.get(f"/audit/?{query}").content.decode()
    assert words in page
    assert "This search makes no sense yet" in page
    assert '<ol class="record">' not in page


def test_nothing_found_is_said(reader: Client, write: Write) -> None:
    write(1)
    assert "Nothing was recorded that matches" in reader.get("/audit/?incident=inc-1999-1").content.decode()


def test_the_search_costs_as_much_for_one_entry_as_for_many(reader: Client, write: Write, now: datetime) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            reader.get("/audit/")
        return len(captured)

    write(1)
    few = asked()
    with transaction.atomic():
        for number in range(60):
            append_entry(stream=f"s{number % 7}", kind=f"kind.{number}", at=now + timedelta(seconds=number))
    assert asked() == few


@pytest.mark.parametrize(("name", "shown"), [("auditor", True), ("engineer", False)])
def test_the_way_to_the_record_is_shown_to_whom_it_is_open(
    request: pytest.FixtureRequest, name: str, shown: bool
) -> None:
    client = Client()
    client.force_login(request.getfixturevalue(name))
    assert ('href="/audit/"' in client.get("/procedure/").content.decode()) is shown
