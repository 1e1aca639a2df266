"""S1 to S3 by an organisation's own tools: the runner repeats an order under its key, and each takes effect once."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django.fixtures import Settings

from incidents.effects import performing, wiring
from incidents.effects.performing import perform
from incidents.models import Incident, Service, Step, Trigger
from incidents.services.bleeding import drain, page_on_call, turn_flag_off
from incidents.services.clock import database_now
from incidents.services.declaring import declare_incident
from sandbox.testing import await_true
from tests.effects.receiver import SECRET, Receiver, running_receiver

ACTS = [
    (page_on_call, {"emergency": True}, "page.open"),
    (turn_flag_off, {"flag": "loyalty-points"}, "flag.turn_off"),
    (drain, {"target": "eu-1"}, "target.drain"),
]


@pytest.fixture
def tools(settings: Settings, monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[Receiver]:
    """The only tools that the console knows."""
    with running_receiver() as receiver:
        settings.BETTER_STACK_TOKEN = settings.UNLEASH_URL = settings.HAPROXY_ADDRESS = ""
        settings.GITHUB_TOKEN, settings.PROMETHEUS_URL = "a-token-of-the-tests", "http://metrics.example"
        settings.SIGNED_WEBHOOK_URL, settings.SIGNED_WEBHOOK_SECRET = receiver.url, SECRET
        monkeypatch.setattr(performing, "CALL_LASTS", timedelta(seconds=1))
        wiring.world.cache_clear()
        call_command("seed_demo", verbosity=0)
        yield receiver
        wiring.world.cache_clear()


@pytest.fixture
def incident(tools: Receiver) -> Incident:
    return declare_incident(
        service_id=Service.objects.get(slug="shop").pk, trigger=Trigger.REGRESSION, title="Checkout answers 500",
        now=database_now(), actor=User.objects.get(username="oncall"),
    )  # fmt: skip


def settled(step: Step) -> Step:
    """The step after the workers have come to an end with it."""

    def ended() -> bool:
        perform(step.pk, wiring.world())
        step.refresh_from_db()
        return step.state in ("done", "failed", "unknown")

    await_true(ended, f"{step.kind} has come to an end", within=30)
    return step


@pytest.mark.parametrize(("act", "facts", "order"), ACTS)
@pytest.mark.parametrize("loses", ["", "before", "after"])
def test_an_order_takes_effect_once_whatever_is_lost(
    tools: Receiver, incident: Incident, act: Callable[..., Step], facts: dict[str, Any], order: str, loses: str
) -> None:
    tools.loses = loses
    actor = User.objects.get(username="oncall")
    step = settled(act(incident_id=incident.pk, actor=actor, now=database_now(), **facts))
    assert step.state == "done"
    assert tools.done == {str(step.key): order}
    assert set(tools.orders) == {(order, str(step.key))}
    assert len(tools.orders) == (2 if loses == "before" else 1)
