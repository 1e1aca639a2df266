"""Pages cost a fixed number of queries, however old an incident and however many services; odd input is borne."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm

from incidents.models import Alert, Change, Incident, Plan, SeriesSample, Service, Step
from incidents.queries.lists import health_of
from incidents.services.clock import database_now
from incidents.services.recording import record

AtMost = Callable[[int], AbstractContextManager[Any]]


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def grow(plan: Plan, now: datetime) -> None:
    """Many entries, words, suspects, alerts and samples more."""
    incident = plan.incident
    for number in range(60):
        with transaction.atomic():
            record(incident, "incident.declared", at=now, title=str(number))
        Step.objects.create(
            incident=incident, kind="announce", rule="S4", state="blocked", asked_at=now, asked_by=incident.lead,
            parameters={"said": str(number)},
        )  # fmt: skip
    for number in range(10):
        change = Change.objects.create(
            service=incident.service, sha=f"{number:040d}", title="x", merged_at=now, commits=[f"{number:040d}"]
        )
        incident.suspects.create(change=change, named_at=now)
        Alert.objects.create(
            source="a", fingerprint=str(number), name="n", state="resolved", service=incident.service,
            incident=incident, started_at=now, ended_at=now,
        )  # fmt: skip
    SeriesSample.objects.bulk_create(
        SeriesSample(service=incident.service, at=now + timedelta(seconds=n), value=0.01) for n in range(200)
    )


@pytest.mark.parametrize("part", ["detail", "panels", "controls", "timeline"])
def test_the_room_costs_the_same_however_long_the_incident_lasts(
    client: Client, executed: Plan, oncall: User, now: datetime, part: str
) -> None:
    client.force_login(oncall)
    address = reverse(f"incidents:{part}", args=[executed.incident.number])
    young = queries(client, address)
    grow(executed, now)
    assert queries(client, address) <= young
    assert young <= 60


def more_services(oncall: User, now: datetime) -> None:
    for number in range(8):
        service = Service.objects.create(
            slug=f"s{number}", name=f"S{number}", repository=f"acme/s{number}", alert_name="A", alert_query="q",
            alert_threshold=1,
        )  # fmt: skip
        assign_perm("respond_service", oncall, service)
        change = Change.objects.create(service=service, sha="f" * 40, title="x", merged_at=now)
        Incident.objects.create(
            number=f"INC-2026-9{number}", service=service, title="x", trigger="U2", onset_at=now, declared_at=now,
            lead=oncall,
        ).suspects.create(change=change, named_at=now, chosen=True)  # fmt: skip


@pytest.mark.parametrize("name", ["dashboard", "dashboard-panels", "list", "changes", "catalogue", "people"])
def test_a_list_costs_the_same_however_many_services_there_are(
    client: Client, incident: Incident, oncall: User, now: datetime, name: str
) -> None:
    client.force_login(oncall)
    address = reverse(f"incidents:{name}")
    few = queries(client, address)
    more_services(oncall, now)
    assert queries(client, address) <= few


@pytest.mark.parametrize(
    ("value", "above", "firing", "tone"),
    [
        (0.01, True, False, "ok"),
        (0.09, True, False, "warn"),
        (0.09, False, False, "ok"),
        (0.01, False, False, "warn"),
        (None, True, False, "wait"),
        (0.01, True, True, "danger"),
    ],
)
def test_a_services_health_is_what_its_own_alert_says(
    service: Service, value: float | None, above: bool, firing: bool, tone: str
) -> None:
    now = database_now()
    service.alert_above = above
    if value is not None:
        SeriesSample.objects.create(service=service, at=now, value=value)
    if firing:
        Alert.objects.create(source="a", fingerprint="f", name="n", state="firing", service=service, started_at=now)
    assert health_of([service], now)[0].tone == tone


def test_an_old_sample_is_silence_and_silence_is_not_health(service: Service) -> None:
    now = database_now()
    SeriesSample.objects.create(service=service, at=now - timedelta(seconds=61), value=0.01)
    assert health_of([service], now)[0].words == "no data: silence is not health"


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("list", "before=2026-01-01T00:00:00%2B00:00~not-a-key"),
        ("list", "before=2026-01-01T00:00:00"),
        ("list", "before=yesterday"),
        ("list", "q=%00"),
        ("list", "state=%00&service=%00&severity=%C2%B2"),
        ("changes", "before=2026-01-01T00:00:00"),
        ("changes", "q=%00%25_"),
    ],
)
def test_what_makes_no_sense_in_an_address_narrows_nothing(
    client: Client, incident: Incident, oncall: User, name: str, query: str
) -> None:
    client.force_login(oncall)
    assert client.get(f"{reverse(f'incidents:{name}')}?{query}").status_code == 200


@pytest.mark.parametrize("before", ["²", "x", "9" * 30, "-1", ""])
def test_a_timeline_from_nowhere_is_the_timeline(client: Client, incident: Incident, oncall: User, before: str) -> None:
    client.force_login(oncall)
    address = reverse("incidents:timeline", args=[incident.number])
    assert client.get(address, {"before": before}).status_code == 200


def test_the_keyset_pages_hold_every_incident_once(
    client: Client, service: Service, oncall: User, now: datetime
) -> None:
    for number in range(60):
        Incident.objects.create(
            number=f"INC-2026-{number:04d}", service=service, title="x", trigger="U2", onset_at=now, declared_at=now
        )
    client.force_login(oncall)
    seen: list[str] = []
    cursor = ""
    for _ in range(4):
        answer = client.get(reverse("incidents:list"), {"before": cursor} if cursor else {})
        seen += [row.number for row in answer.context["rows"]]
        cursor = answer.context["next_cursor"]
        if not cursor:
            break
    assert sorted(seen) == [f"INC-2026-{number:04d}" for number in range(60)]


def declare(client: Client, suspect: str) -> Any:
    form = {"title": "Slow", "service": "shop", "severity": "2", "trigger": "U2", "suspect": suspect}
    return client.post(reverse("incidents:declare"), form)


def test_u2_a_regression_is_declared_by_form_and_says_so(client: Client, service: Service, oncall: User) -> None:
    client.force_login(oncall)
    assert declare(client, "").status_code == 302
    incident = Incident.objects.get()
    assert (incident.trigger, incident.declared_by, incident.lead) == ("U2", oncall, oncall)
    assert incident.entries.get(kind="incident.declared").rule == "U2"


@pytest.mark.parametrize("suspect", ["the last one", "abc", "z" * 40, "a" * 65])
def test_declaring_with_what_is_no_commit_keeps_the_form(
    client: Client, change: Change, oncall: User, suspect: str
) -> None:
    client.force_login(oncall)
    assert (declare(client, suspect).status_code, Incident.objects.count()) == (422, 0)


def test_a_commit_nobody_knows_is_looked_up_instead_of_guessed(client: Client, change: Change, oncall: User) -> None:
    client.force_login(oncall)
    assert declare(client, "9" * 40).status_code == 302
    incident = Incident.objects.get()
    assert not incident.suspects.exists()
    assert incident.entries.filter(kind="suspect.asked").exists()


def test_a_known_commit_becomes_the_suspect(client: Client, change: Change, oncall: User) -> None:
    client.force_login(oncall)
    assert declare(client, f" {change.sha[:8].upper()} ").status_code == 302
    assert Incident.objects.get().suspects.get(chosen=True).change == change
