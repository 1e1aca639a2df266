"""The room in every state of its life renders for everybody who may see it, with nothing missing."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from incidents.models import Incident
from incidents.services.deciding import decide
from incidents.services.executing import execute_plan

Fill = Callable[..., dict[str, str]]


def page(client: Client, incident: Incident, part: str = "detail") -> str:
    answer = client.get(reverse(f"incidents:{part}", args=[incident.number]))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("part", ["detail", "panels", "controls", "timeline"])
def test_a_declared_incident_renders(client: Client, incident: Incident, oncall: User, part: str) -> None:
    client.force_login(oncall)
    page(client, incident, part)


def test_the_on_call_engineer_sees_the_decision_form_and_others_see_why_not(
    client: Client, incident: Incident, oncall: User, engineer: User
) -> None:
    client.force_login(oncall)
    assert 'id="decide"' in page(client, incident)
    client.force_login(engineer)
    assert "The on-call engineer owns the decision" in page(client, incident)


def test_an_executing_plan_renders(
    client: Client, incident: Incident, oncall: User, answers: Fill, now: datetime
) -> None:
    decide(incident_id=incident.pk, actor=oncall, now=now, version=1, answers=answers(), path="rollback")
    incident.refresh_from_db()
    client.force_login(oncall)
    assert "Execute the plan" in page(client, incident)
    plan = incident.plans.get()
    execute_plan(incident_id=incident.pk, actor=oncall, now=now, version=incident.version, digest=plan.instance_digest)
    assert "Stop before the next step" in page(client, incident)


@pytest.mark.parametrize(
    "name", ["dashboard", "list", "declare", "changes", "people", "catalogue", "procedure", "styleguide"]
)
def test_every_page_renders(client: Client, incident: Incident, oncall: User, name: str) -> None:
    client.force_login(oncall)
    assert client.get(reverse(f"incidents:{name}")).status_code == 200
