"""The doors of S1 to S3: they work, refuse the wrong method, strangers and readers, and offer what may be pressed."""

from datetime import datetime

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client

from incidents.models import Incident, Service, Step
from incidents.queries.bleeding import bleed_controls
from incidents.queries.duty import roles_of

DOORS = [
    ("page-on-call", {"emergency": "yes"}, "page_on_call"),
    ("flags/off", {"target": "loyalty-points"}, "flag_off"),
    ("drain", {"target": "eu-1"}, "drain"),
]


@pytest.fixture
def service(service: Service) -> Service:
    service.flags, service.drain_targets = ["loyalty-points"], ["eu-1", "eu-2"]
    service.save()
    return service


def post(client: Client, person: User, incident: Incident, door: str, **form: str) -> int:
    client.force_login(person)
    return client.post(f"/incidents/{incident.number}/{door}", form, headers={"HX-Request": "true"}).status_code


@pytest.mark.parametrize(("door", "form", "kind"), DOORS)
def test_one_press_asks_for_one_step(
    client: Client, incident: Incident, engineer: User, door: str, form: dict[str, str], kind: str
) -> None:
    assert post(client, engineer, incident, door, **form) == 204
    assert Step.objects.filter(incident=incident, kind=kind).count() == 1


@pytest.mark.parametrize(("door", "form", "kind"), DOORS)
def test_a_second_press_is_told_so(
    client: Client, incident: Incident, engineer: User, door: str, form: dict[str, str], kind: str
) -> None:
    post(client, engineer, incident, door, **form)
    assert post(client, engineer, incident, door, **form) == 409
    assert Step.objects.filter(incident=incident, kind=kind).count() == 1


@pytest.mark.parametrize(("door", "form", "kind"), DOORS)
@pytest.mark.parametrize("who", ["stranger", "auditor"])
def test_strangers_and_readers_are_refused(
    client: Client, incident: Incident, request: pytest.FixtureRequest, door: str, form: dict[str, str], kind: str,
    who: str,
) -> None:  # fmt: skip
    assert post(client, request.getfixturevalue(who), incident, door, **form) == 403
    assert not Step.objects.filter(kind=kind).exists()


@pytest.mark.parametrize("door", ["page-on-call", "flags/off", "flags/on", "drain", "undrain"])
def test_looking_changes_nothing(client: Client, incident: Incident, oncall: User, door: str) -> None:
    client.force_login(oncall)
    assert client.get(f"/incidents/{incident.number}/{door}").status_code == 405


def test_e4_a_page_without_the_answer_is_refused(client: Client, incident: Incident, oncall: User) -> None:
    assert post(client, oncall, incident, "page-on-call") == 409


def test_a_flag_is_turned_off_or_on_and_nothing_else(client: Client, incident: Incident, oncall: User) -> None:
    assert post(client, oncall, incident, "flags/sideways", target="loyalty-points") == 404


@pytest.mark.parametrize("what", ["flags/on", "undrain"])
def test_nothing_is_taken_back_that_was_not_done(client: Client, incident: Incident, oncall: User, what: str) -> None:
    assert post(client, oncall, incident, what, target="eu-1") == 409


def fragment(incident: Incident, person: User, now: datetime) -> str:
    roles = roles_of(person, incident.service, now=now, incident=incident)
    found = bleed_controls(incident, roles, Step.objects.filter(incident=incident))
    return render_to_string("incidents/controls/_bleed_acts.html", {"bleed_acts": found, "number": incident.number})


def test_the_fragment_offers_each_act_by_its_own_form(incident: Incident, oncall: User, now: datetime) -> None:
    shown = fragment(incident, oncall, now)
    assert shown.count("<form") == 4
    assert "Is this a production emergency?" in shown
    assert "hx-on" not in shown


def test_the_fragment_asks_for_the_reason_and_offers_the_retry(
    client: Client, incident: Incident, oncall: User, now: datetime
) -> None:
    for door, form, _ in DOORS:
        post(client, oncall, incident, door, **form)
    Step.objects.update(state="failed", due_at=None, evidence={})
    Step.objects.filter(kind="drain").update(evidence={"refused": "E22"})
    shown = fragment(incident, oncall, now)
    assert shown.count("Try again") == 2
    assert 'name="reason"' in shown
    assert "Drain it all the same" in shown


def test_the_fragment_tells_a_reader_why_not(incident: Incident, auditor: User, now: datetime) -> None:
    shown = fragment(incident, auditor, now)
    assert "<form" not in shown
    assert "Engineers of the service stop the bleed." in shown
