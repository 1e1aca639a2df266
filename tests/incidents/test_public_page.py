"""The public page: approved words only, without sign-in, from its last rendering while the database is away."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from pytest_django.fixtures import Settings

from incidents.models import Incident, Service, StatusUpdate
from incidents.queries.public import audiences, left_standing, public_page
from incidents.services.rendering import PAGE, kept_file, write_public_page

Tell = Callable[..., StatusUpdate]
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.STATUS_FOLDER = str(tmp_path / "status")
    return tmp_path / "status"


@pytest.fixture
def service(service: Service) -> Service:
    service.status_components = ["Storefront", "Checkout"]
    service.save()
    return service


@pytest.fixture
def tell(incident: Incident, now: datetime) -> Tell:
    """The public was told so many minutes after the start."""

    def told(minute: int, phase: str, message: str = "Orders fail.", **other: object) -> StatusUpdate:
        at = now + timedelta(minutes=minute)
        values = {"components": [{"name": "Checkout", "state": "down"}], "title": "Disruption of Checkout"} | other
        state = str(values.pop("state", "posted"))
        return StatusUpdate.objects.create(
            incident=incident, phase=phase, state=state, posted_at=at if state == "posted" else None, message=message,
            drafted_by=incident.lead, drafted_at=at, **values,
        )  # fmt: skip

    return told


def look(now: datetime, address: str = "/status/") -> str:
    write_public_page(now=now)
    answer = Client().get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_everybody_reads_it_without_signing_in_and_without_javascript(service: Service, now: datetime) -> None:
    shown = look(now)
    assert "Everything works" in shown
    assert "Storefront" in shown
    assert "<script" not in shown
    assert "Nothing was reported" in shown


def test_updates_stand_in_the_order_of_time_and_components_as_the_newest_says(tell: Tell, now: datetime) -> None:
    tell(1, "investigating", "First.")
    tell(9, "identified", "Second.", components=[{"name": "Checkout", "state": "degraded"}])
    page = public_page(now + timedelta(minutes=10))
    (report,) = page.open_reports
    assert [update.message for update in report.updates] == ["Second.", "First."]
    assert page.summary.words == "Some things are degraded"
    states = {each.name: each.badge.words for each in page.services[0].components}
    assert states == {"Storefront": "operational", "Checkout": "degraded"}


def test_a_resolved_report_moves_to_the_past_and_leaves_in_time(tell: Tell, now: datetime) -> None:
    tell(1, "investigating")
    tell(2, "resolved", "Over.", components=[{"name": "Checkout", "state": "operational"}])
    page = public_page(now + timedelta(minutes=3))
    assert (page.open_reports, len(page.recent_reports), page.summary.words) == ((), 1, "Everything works")
    assert public_page(now + timedelta(days=40)).recent_reports == ()


def test_nothing_is_forgotten_at_investigating_however_old(tell: Tell, incident: Incident, now: datetime) -> None:
    tell(1, "investigating")
    assert len(public_page(now + timedelta(days=400)).open_reports) == 1
    assert left_standing(incident) == "investigating"
    tell(2, "resolved")
    assert left_standing(incident) is None


@pytest.mark.parametrize("state", ["draft", "asked", "approved", "refused", "withdrawn"])
def test_p2_no_word_appears_that_was_not_posted(tell: Tell, now: datetime, state: str) -> None:
    tell(1, "investigating", "Secret.", state=state, title="Hidden")
    shown = look(now) + look(now, "/status/feed.atom")
    assert "Secret" not in shown
    assert "Hidden" not in shown
    assert "down" not in shown


def test_the_public_learns_neither_numbers_nor_names_nor_inner_words(
    tell: Tell, incident: Incident, now: datetime
) -> None:
    tell(1, "investigating")
    shown = look(now) + look(now, "/status/feed.atom")
    assert "Orders fail." in shown
    for inner in (incident.number, incident.title, str(incident.pk), "oncall", "acme/shop"):
        assert inner not in shown


def test_a_correction_says_so_and_marks_what_it_corrects(tell: Tell, now: datetime) -> None:
    wrong = tell(1, "investigating", "All is down.")
    tell(4, "investigating", "Only orders fail.", corrects=wrong)
    newest, corrected = public_page(now + timedelta(minutes=5)).open_reports[0].updates
    assert newest.corrects
    assert corrected.corrected_at == now + timedelta(minutes=4)
    assert "Correction" in look(now)


def test_words_are_escaped(tell: Tell, now: datetime) -> None:
    tell(1, "investigating", "<b>Orders</b> & more")
    assert "&lt;b&gt;Orders&lt;/b&gt; &amp; more" in look(now)


def test_the_feed_is_atom_with_an_entry_a_message(tell: Tell, now: datetime, settings: Settings) -> None:
    first, second = tell(1, "investigating", "First <1>."), tell(2, "identified", "Second.")
    feed = ET.fromstring(look(now, "/status/feed.atom"))
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}id") for entry in entries] == [f"urn:uuid:{each.pk}" for each in (second, first)]
    assert entries[1].findtext(f"{ATOM}content") == "First <1>."
    assert feed.findtext(f"{ATOM}updated") == (now + timedelta(minutes=2)).isoformat()
    assert feed.findtext(f"{ATOM}id") == f"{settings.PUBLIC_URL}/status/"


def test_it_is_cached_and_answers_304_until_it_changes(tell: Tell, now: datetime) -> None:
    write_public_page(now=now)
    first = Client().get("/status/")
    assert "max-age=15" in first["Cache-Control"]
    assert "Cookie" not in first.get("Vary", "")
    assert Client().get("/status/", headers={"If-None-Match": first["ETag"]}).status_code == 304
    tell(1, "investigating")
    write_public_page(now=now)
    assert Client().get("/status/", headers={"If-None-Match": first["ETag"]}).status_code == 200
    assert Client().head("/status/").status_code == 200


@pytest.mark.parametrize("address", ["/status/", "/status/feed.atom"])
def test_nothing_is_sent_to_it(address: str, db: None) -> None:
    assert Client().post(address).status_code == 405


def test_it_survives_the_database_being_away_even_for_who_is_signed_in(
    tell: Tell, client: Client, oncall: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(1, "investigating")
    write_public_page(now=now)
    client.force_login(oncall)
    assert client.get("/").status_code == 200

    def away(*_: object) -> None:
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patched:
        patched.setattr(BaseDatabaseWrapper, "cursor", away)
        answer = client.get("/status/")
        with pytest.raises(OperationalError, match="lost"):
            client.get("/")
    assert answer.status_code == 200
    assert "Orders fail." in answer.content.decode()


def test_before_the_first_writing_it_is_made_from_the_database(tell: Tell, now: datetime) -> None:
    tell(1, "investigating")
    assert "Orders fail." in Client().get("/status/").content.decode()


def test_a_file_is_replaced_whole_and_left_alone_where_nothing_changed(tell: Tell, folder: Path, now: datetime) -> None:
    write_public_page(now=now)
    written = (folder / PAGE).stat()
    write_public_page(now=now + timedelta(minutes=1))
    assert (folder / PAGE).stat().st_ino == written.st_ino
    tell(1, "investigating")
    write_public_page(now=now)
    assert (folder / PAGE).stat().st_ino != written.st_ino
    assert sorted(path.name for path in folder.iterdir()) == ["feed.atom", "page.html"]


def test_a_disk_that_is_full_leaves_the_old_page(
    tell: Tell, folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_public_page(now=now)
    before = kept_file(PAGE)
    tell(1, "investigating")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("No space left on device")))
    with pytest.raises(OSError, match="No space"):
        write_public_page(now=now)
    assert kept_file(PAGE) == before
    assert sorted(path.name for path in folder.iterdir()) == ["feed.atom", "page.html"]


def test_services_that_customers_do_not_meet_are_not_shown(service: Service, now: datetime) -> None:
    Service.objects.filter(pk=service.pk).update(customer_facing=False)
    assert public_page(now).services == ()


def test_the_page_holds_no_inline_style_or_handler(tell: Tell, now: datetime) -> None:
    tell(1, "investigating")
    assert not re.search(r"\sstyle=|\son\w+=|<style", look(now))


@pytest.mark.parametrize(
    ("configured", "pages"),
    [
        ({}, ["console"]),
        ({"BETTER_STACK_TOKEN": "x"}, ["console"]),
        ({"BETTER_STACK_TOKEN": "x", "BETTER_STACK_STATUS_PAGE": "1"}, ["console", "outside"]),
        ({"SIGNED_WEBHOOK_URL": "https://x", "SIGNED_WEBHOOK_SECRET": "y"}, ["console", "outside"]),
    ],
)
def test_an_update_is_posted_where_settings_say(
    settings: Settings, configured: dict[str, str], pages: list[str]
) -> None:
    for name in ("BETTER_STACK_TOKEN", "BETTER_STACK_STATUS_PAGE", "SIGNED_WEBHOOK_URL", "SIGNED_WEBHOOK_SECRET"):
        setattr(settings, name, configured.get(name, ""))
    assert [str(page) for page in audiences()] == pages
