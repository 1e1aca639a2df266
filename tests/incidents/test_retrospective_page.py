"""The retrospective's page: what each reader sees, saves answered by versions, scripts that stay words (T1, T2)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from incidents.models import FollowUp, Incident, LedgerEntry, Retrospective, RetrospectiveSection, SectionDraft
from incidents.services.clock import database_now
from incidents.services.learning import add_follow_up
from incidents.services.retrospectives import open_retrospective

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
HTMX = {"HX-Request": "true"}
Post = Callable[..., "object"]


@pytest.fixture
def opened(incident: Incident) -> Incident:
    with transaction.atomic():
        open_retrospective(incident, database_now())
    return incident


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def url(name: str, incident: Incident, *more: object) -> str:
    return reverse(f"incidents:{name}", args=[incident.number, *more])


def page(person: User, incident: Incident) -> str:
    return browser(person).get(url("retrospective", incident)).content.decode()


def save(person: User, incident: Incident, text: str, version: int, section: str = "trigger") -> object:
    form = {"text": text, "version": version, "sitting": f"page of {person.username}"}
    return browser(person).post(url("save-section", incident, section), form, headers=HTMX)


def test_before_it_opens_the_page_says_when_it_will(incident: Incident, engineer: User) -> None:
    assert "Not open yet" in page(engineer, incident)


def test_t2_the_page_holds_every_section_filled_in_beside_the_record(opened: Incident, engineer: User) -> None:
    shown = page(engineer, opened)
    assert shown.count('class="card retro-section"') == 4
    assert shown.count("from the record") == 4
    assert "Loyalty points" in shown


def test_t2_who_only_reads_has_no_form(opened: Incident, auditor: User) -> None:
    shown = page(auditor, opened)
    assert "<textarea" not in shown
    assert "Engineers of the service write it" in shown


def test_t2_a_save_answers_with_its_version_and_never_with_the_field(opened: Incident, engineer: User) -> None:
    answer = save(engineer, opened, "It was **the cache**.", 0)
    words = answer.content.decode()
    assert answer.status_code == 200
    assert "version 1." in words
    assert "<strong>the cache</strong>" in words
    assert "<textarea" not in words


def test_t2_two_who_write_at_once_see_both_versions_and_choose(opened: Incident, engineer: User, oncall: User) -> None:
    save(oncall, opened, "The cache.", 0)
    answer = save(engineer, opened, "The queue.", 0)
    words = answer.content.decode()
    assert (answer.status_code, answer["HX-Reswap"]) == (409, "none")
    assert "The cache." in words
    assert "The queue." in words
    assert "Keep both" in page(engineer, opened)  # also in another browser
    form = {"choice": "both", "text": "The queue.", "version": 1}
    browser(engineer).post(url("settle-section", opened, "trigger"), form, headers=HTMX)
    assert RetrospectiveSection.objects.get(name="trigger").text == "The cache.\nThe queue."
    assert not SectionDraft.objects.exists()


@pytest.mark.parametrize("act", ["save-section", "settle-section"])
def test_t2_a_form_that_brings_no_text_empties_nothing(
    opened: Incident, engineer: User, oncall: User, act: str
) -> None:
    save(oncall, opened, "The cache.", 0)
    form = {"choice": "mine", "version": 1}
    assert browser(engineer).post(url(act, opened, "trigger"), form, headers=HTMX).status_code == 400
    assert RetrospectiveSection.objects.get(name="trigger").text == "The cache."


def test_t2_the_history_tells_who_wrote_what_and_when(opened: Incident, engineer: User, oncall: User) -> None:
    save(oncall, opened, "The cache.", 0)
    save(engineer, opened, "The cache, at noon.", 1)
    shown = browser(engineer).get(url("history", opened, "trigger")).content.decode()
    places = [shown.index(each) for each in ("engineer", "oncall", "the record")]
    assert places == sorted(places)
    assert 'data-side="gone"' in shown


def test_a_text_that_is_too_long_is_refused_with_clear_words(opened: Incident, engineer: User) -> None:
    answer = save(engineer, opened, "x" * 100_001, 0)
    assert answer.status_code == 413
    assert "100,001 characters; a section holds 100,000" in answer.content.decode()


def test_twenty_megabytes_are_refused_and_change_nothing(opened: Incident, engineer: User) -> None:
    answer = save(engineer, opened, "x" * 20_000_000, 0)
    assert (answer.status_code, answer.content[:42]) == (413, b"That is too long: 20.0 MB were sent, and a")
    assert RetrospectiveSection.objects.get(name="trigger").version == 0
    assert not LedgerEntry.objects.filter(kind="retrospective.edited").exists()


@pytest.mark.parametrize("section", ["timeline", "blast_radius", "trigger", "action"])
def test_a_script_in_a_section_is_shown_as_words(opened: Incident, engineer: User, section: str) -> None:
    answer = save(engineer, opened, SCRIPT, 0, section).content.decode()
    for shown in (
        answer,
        page(engineer, opened),
        browser(engineer).get(url("history", opened, section)).content.decode(),
    ):
        assert "<script>alert" not in shown
        assert "<img" not in shown


@pytest.mark.usefixtures("retro_intake")
def test_a_script_in_any_other_field_is_shown_as_words(opened: Incident, oncall: User) -> None:
    client = browser(oncall)
    client.post(url("add-follow-up", opened), {"kind": "runbook", "words": SCRIPT})
    added = FollowUp.objects.get()
    client.post(url("follow-up", opened, added.pk, "give-up"), {"version": 1, "reason": SCRIPT})
    client.post(url("register-retrospective", opened), {"reference": SCRIPT})
    client.post(url("complete-retrospective", opened), {"version": 1, "none_because": SCRIPT})
    assert Retrospective.objects.get().none_because == SCRIPT
    for address in (url("retrospective", opened), url("detail", opened), reverse("incidents:follow-ups")):
        shown = client.get(address).content.decode()
        assert "<script>alert" not in shown
        assert "<img" not in shown


@pytest.fixture
def retro_intake(settings: object) -> None:
    settings.DOCUMENT_RETRO_INTAKE = "https://intake.example/retros"  # type: ignore[attr-defined]


def test_t2_follow_ups_are_listed_by_owner_and_the_overdue_first(
    opened: Incident, engineer: User, oncall: User
) -> None:
    now = database_now()
    for owner, days in ((oncall, 3), (engineer, -2)):
        add_follow_up(
            incident_id=opened.pk, kind=FollowUp.Kind.TEST_GAP, words=f"Of {owner.username}.", actor=oncall, now=now,
            owner_id=owner.pk, due_on=(now + timedelta(days=days)).date(),
        )  # fmt: skip
    shown = browser(engineer).get(reverse("incidents:follow-ups")).content.decode()
    assert shown.index("Of engineer.") < shown.index("Of oncall.")
    assert "1 overdue" in shown
    assert "Of oncall." not in browser(engineer).get("/follow-ups/?mine").content.decode()


def test_t2_a_stranger_sees_no_follow_up(opened: Incident, engineer: User, stranger: User) -> None:
    browser(engineer).post(url("add-follow-up", opened), {"kind": "runbook", "words": "Name the switch."})
    assert "Name the switch." not in browser(stranger).get(reverse("incidents:follow-ups")).content.decode()


def test_t2_a_follow_up_of_another_incident_is_not_there(opened: Incident, engineer: User) -> None:
    browser(engineer).post(url("add-follow-up", opened), {"kind": "runbook", "words": "Name the switch."})
    other = Incident.objects.create(
        number="INC-2026-0099", service=opened.service, title="x", trigger="U2", onset_at=opened.onset_at,
        declared_at=opened.declared_at,
    )  # fmt: skip
    address = url("follow-up", other, FollowUp.objects.get().pk, "done")
    assert browser(engineer).post(address, {"version": 1}).status_code == 404


def test_t2_the_page_reads_in_a_fixed_number_of_queries(
    opened: Incident, engineer: User, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    client = browser(engineer)
    client.get(url("retrospective", opened))
    with django_assert_max_num_queries(40):
        client.get(url("retrospective", opened))
