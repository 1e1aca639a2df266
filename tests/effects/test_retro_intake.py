"""T1: the retrospective is registered with an organisation's own intake, once, whatever answer is lost."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from pytest_django.fixtures import Settings

from incidents.effects import performing, wiring
from incidents.effects.performing import perform
from incidents.models import Incident, Retrospective, Service, Step, Trigger
from incidents.services.clock import database_now
from incidents.services.declaring import declare_incident
from incidents.services.retrospectives import open_retrospective
from sandbox.testing import await_true
from tests.effects.receiver import SECRET, Receiver, running_receiver


@pytest.fixture
def intake(settings: Settings, monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[Receiver]:
    with running_receiver() as receiver:
        settings.GITHUB_TOKEN, settings.PROMETHEUS_URL = "a-token-of-the-tests", "http://metrics.example"
        settings.SLACK_TOKEN = "a-token-of-the-tests"
        settings.RETRO_INTAKE_WEBHOOK_URL, settings.RETRO_INTAKE_WEBHOOK_SECRET = receiver.url, SECRET
        monkeypatch.setattr(performing, "CALL_LASTS", timedelta(seconds=1))
        wiring.world.cache_clear()
        call_command("seed_demo", verbosity=0)
        yield receiver
        wiring.world.cache_clear()


@pytest.fixture
def asked(intake: Receiver) -> Step:
    incident = declare_incident(
        service_id=Service.objects.get(slug="shop").pk, trigger=Trigger.REGRESSION, title="Checkout answers 500",
        now=database_now(), actor=User.objects.get(username="oncall"),
    )  # fmt: skip
    with transaction.atomic():
        open_retrospective(Incident.objects.get(pk=incident.pk), database_now())
    return Step.objects.get(kind="register_retro")


@pytest.mark.parametrize("loses", ["", "before", "after"])
def test_t1_the_intake_has_it_once_whatever_is_lost(intake: Receiver, asked: Step, loses: str) -> None:
    intake.loses = loses

    def done() -> bool:
        perform(asked.pk, wiring.world())
        return Retrospective.objects.get().registered_at is not None

    await_true(done, "the retrospective is registered", within=30)
    assert intake.done == {str(asked.key): "retrospective.register"}
