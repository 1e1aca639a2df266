"""Stop the bleed on real parts (S1, S2, S3, E22): every effect once, whatever is lost on the way."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django.fixtures import Settings

from incidents.effects import performing, wiring
from incidents.integrations.haproxy import HAProxy
from incidents.models import Incident, Service, Step, Trigger
from incidents.services.bleeding import UnderWay, drain, page_on_call, turn_flag_off, turn_flag_on, undrain
from incidents.services.clock import database_now
from incidents.services.declaring import declare_incident
from sandbox import secrets
from sandbox.runtime_socket import socket_of
from sandbox.testing import Sandbox, await_true, running_sandbox
from tests.effects.conftest import Drill

Press = Callable[..., Step]
FLAG, FIRST, SECOND = "loyalty-points", "eu-1", "eu-2"
ERRORS = "shop:http_error_ratio:rate10s"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One world for all: each test puts back what it turned off."""
    with running_sandbox(tmp_path_factory.mktemp("world")) as running:
        await_true(lambda: answering(running) == {FIRST, SECOND}, "the shop is open", within=60)
        yield running


@pytest.fixture
def bleeding(
    world: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> Iterator[Drill]:
    """A console that knows its pager, its flags and its balancer; calls that were lost are over after a second."""
    settings.GITHUB_TOKEN, settings.SLACK_TOKEN = secrets.GITHUB_TOKEN, secrets.SLACK_TOKEN
    settings.PROMETHEUS_URL = f"{world.url}/prometheus"
    settings.BETTER_STACK_URL = f"{world.url}/betterstack"
    settings.BETTER_STACK_TOKEN = secrets.BETTER_STACK_TOKEN
    settings.UNLEASH_URL = f"{world.url}/unleash"
    settings.UNLEASH_TOKEN = secrets.UNLEASH_TOKEN
    settings.HAPROXY_ADDRESS = str(socket_of(world.world.state_folder))
    monkeypatch.setattr(performing, "CALL_LASTS", timedelta(seconds=1))
    wiring.world.cache_clear()
    call_command("seed_demo", verbosity=0)
    world.journal.clear()
    yield Drill(world, Service.objects.get(slug="shop"), User.objects.get(username="oncall"))
    world.faults.clear()
    _put_everything_back(world)
    wiring.world.cache_clear()


def _put_everything_back(world: Sandbox) -> None:
    HAProxy(str(socket_of(world.world.state_folder))).put_back(FIRST, key="")
    HAProxy(str(socket_of(world.world.state_folder))).put_back(SECOND, key="")
    address = f"/unleash/api/admin/projects/default/features/{FLAG}/environments/production/on"
    world.client.post(address, headers={"Authorization": secrets.UNLEASH_TOKEN}).raise_for_status()


@pytest.fixture
def incident(bleeding: Drill) -> Incident:
    now = database_now()
    return declare_incident(
        service_id=bleeding.service.pk, trigger=Trigger.REGRESSION, title="Checkout answers 500", now=now,
        actor=bleeding.oncall,
    )  # fmt: skip


@pytest.fixture
def press(bleeding: Drill, incident: Incident) -> Press:
    def pressed(act: Callable[..., Step], **facts: Any) -> Step:
        return act(incident_id=incident.pk, actor=bleeding.oncall, now=database_now(), **facts)

    return pressed


def answering(world: Sandbox) -> set[str]:
    """The instances that customers meet."""
    found = [world.client.get("/shop/health") for _ in range(8)]
    return {answer.json()["instance"] for answer in found if answer.status_code == 200}


def settled(drill: Drill, step: Step) -> Step:
    """The step after the workers have come to an end with it."""

    def ended() -> bool:
        step.refresh_from_db()
        return step.state in ("done", "failed", "unknown")

    drill.work_until(ended, f"{step.kind} has come to an end", within=30)
    return step


def error_ratio(drill: Drill) -> float:
    found = wiring.world().metrics.value(ERRORS)
    return found.value or 0.0 if found else 0.0


# ── S1 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_s1_the_page_names_the_incident_and_is_sent_once(bleeding: Drill, press: Press, incident: Incident) -> None:
    step = settled(bleeding, press(page_on_call, emergency=True))
    (page,) = bleeding.effects("page.opened")
    assert (step.state, page.key) == ("done", str(step.key))
    assert incident.number in page.detail["summary"]


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "502"])
def test_s1_a_lost_answer_wakes_nobody_twice(bleeding: Drill, press: Press, kind: str) -> None:
    bleeding.sandbox.faults.arm(kind, part="betterstack", method="POST")
    step = press(page_on_call, emergency=True)
    bleeding.work()
    step.refresh_from_db()
    assert step.state == "ready"
    assert "looked up before anything is repeated" in step.sentence
    assert settled(bleeding, step).state == "done"
    assert [page.key for page in bleeding.effects("page.opened")] == [str(step.key)]


def test_s1_a_page_found_twice_is_shown(bleeding: Drill, press: Press) -> None:
    step = press(page_on_call, emergency=True)
    for _ in range(2):
        body = {"requester_email": "a@b.example", "summary": "x", "metadata": {"rollback_console_id": str(step.key)}}
        bleeding.sandbox.client.post(
            "/betterstack/api/v3/incidents",
            json=body,
            headers={"Authorization": f"Bearer {secrets.BETTER_STACK_TOKEN}"},
        )
    assert "sent 2 times" in settled(bleeding, step).sentence


# ── S2 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_s2_the_surface_goes_quiet_when_its_flag_is_off_and_burns_again_when_it_is_on(
    bleeding: Drill, press: Press
) -> None:
    bleeding.sandbox.control("break", scenario="errors")
    await_true(lambda: error_ratio(bleeding) > 0.05, "the shop burns", within=30)
    step = settled(bleeding, press(turn_flag_off, flag=FLAG))
    assert (step.state, step.evidence["on"], step.evidence["undo"]) == ("done", False, "on")
    await_true(lambda: error_ratio(bleeding) == 0, "the shop is quiet", within=30)
    assert settled(bleeding, press(turn_flag_on, flag=FLAG)).state == "done"
    await_true(lambda: error_ratio(bleeding) > 0.05, "the shop burns again", within=30)
    assert [entry.effect for entry in bleeding.sandbox.journal.entries(part="unleash")] == [
        "flag.turned_off",
        "flag.turned_on",
    ]


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "502", "429"])
def test_s2_a_lost_answer_is_read_back(bleeding: Drill, press: Press, kind: str) -> None:
    bleeding.sandbox.faults.arm(kind, part="unleash", method="POST")
    step = settled(bleeding, press(turn_flag_off, flag=FLAG))
    assert (step.state, step.evidence["on"]) == ("done", False)
    assert len(bleeding.effects("flag.turned_off")) == 1


def test_s2_a_flag_that_does_not_read_off_is_not_called_off(
    bleeding: Drill, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = wiring.world().flags
    assert flags is not None
    monkeypatch.setattr(flags, "turn", lambda name, **_: None)
    step = press(turn_flag_off, flag=FLAG)
    bleeding.work()
    step.refresh_from_db()
    assert (step.state, step.sentence) == ("watching", f"{FLAG} was turned off; waits to read it back.")
    Step.objects.filter(pk=step.pk).update(started_at=database_now() - timedelta(minutes=1))
    assert "does not read so after 30 s" in settled(bleeding, step).sentence


# ── S3 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_s3_a_drained_target_gets_nothing_new_and_comes_back(bleeding: Drill, press: Press) -> None:
    step = settled(bleeding, press(drain, target=FIRST))
    assert (step.state, step.evidence["left"], step.evidence["undo"]) == ("done", 1, "put_back")
    assert answering(bleeding.sandbox) == {SECOND}
    assert settled(bleeding, press(undrain, target=FIRST)).state == "done"
    assert answering(bleeding.sandbox) == {FIRST, SECOND}


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
@pytest.mark.parametrize(("act", "effect"), [(drain, "server.drained"), (undrain, "server.put_back")])
def test_s3_a_lost_answer_is_read_back(
    bleeding: Drill, press: Press, act: Callable[..., Step], effect: str, kind: str
) -> None:
    if act is undrain:
        settled(bleeding, press(drain, target=FIRST))
    bleeding.sandbox.faults.arm(kind, part="haproxy", method="SET")
    assert settled(bleeding, press(act, target=FIRST)).state == "done"
    assert [entry.key for entry in bleeding.effects(effect)] == [FIRST]


def test_e22_the_last_healthy_target_is_not_drained_without_a_reason(bleeding: Drill, press: Press) -> None:
    settled(bleeding, press(drain, target=FIRST))
    refused = settled(bleeding, press(drain, target=SECOND))
    assert (refused.state, refused.evidence["refused"]) == ("failed", "E22")
    assert "no healthy server" in refused.sentence
    assert [entry.key for entry in bleeding.effects("server.drained")] == [FIRST]
    assert settled(bleeding, press(drain, target=SECOND, override="The region is flooded.")).state == "done"
    refused.refresh_from_db()
    assert refused.state == "cancelled"


def test_s3_put_back_by_somebody_else_is_told(bleeding: Drill, press: Press) -> None:
    step = press(drain, target=FIRST)
    Step.objects.filter(pk=step.pk).update(state="watching", evidence={"undo": "put_back"})
    assert "put back in service by somebody else" in settled(bleeding, step).sentence


# ── without a tool ───────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("act", "facts", "words"),
    [
        (page_on_call, {"emergency": True}, "Ring whoever is on call"),
        (turn_flag_off, {"flag": FLAG}, f"Turn {FLAG} off by hand"),
        (drain, {"target": FIRST}, f"Drain {FIRST} there by hand"),
    ],
)
def test_without_a_tool_the_step_says_what_to_do_by_hand(
    bleeding: Drill, press: Press, settings: Settings, act: Callable[..., Step], facts: dict[str, Any], words: str
) -> None:
    settings.BETTER_STACK_TOKEN = settings.UNLEASH_URL = settings.HAPROXY_ADDRESS = ""
    wiring.world.cache_clear()
    step = settled(bleeding, press(act, **facts))
    assert step.state == "failed"
    assert words in step.sentence
    with pytest.raises(UnderWay, match="by hand"):
        press(act, **facts)
