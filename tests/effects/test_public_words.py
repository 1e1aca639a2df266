"""Public words on real parts (P1, P2): posted once as approved; in doubt a person looks and says."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django.fixtures import Settings

from approvals.models import ApprovalRequest
from approvals.quorum import Answer
from approvals.services.voting import vote
from incidents.effects import performing, wiring
from incidents.models import Incident, Service, StatusUpdate, Step, Trigger
from incidents.services.clock import database_now
from incidents.services.declaring import declare_incident
from incidents.services.drafting import Draft
from incidents.services.publishing import write_words
from incidents.services.steering import Asked, record_by_hand, retry_step
from sandbox import secrets
from sandbox.testing import Sandbox, running_sandbox
from tests.effects.conftest import Drill

Tell = Callable[..., StatusUpdate]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("world")) as running:
        yield running


@pytest.fixture
def telling(
    world: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, transactional_db: None
) -> Iterator[Drill]:
    """A console that knows an outside status page; calls that were lost are over after a second."""
    settings.GITHUB_TOKEN, settings.SLACK_TOKEN = secrets.GITHUB_TOKEN, secrets.SLACK_TOKEN
    settings.SLACK_API_URL = f"{world.url}/slack/api"
    settings.BETTER_STACK_URL = settings.BETTER_STACK_STATUS_URL = f"{world.url}/betterstack"
    settings.BETTER_STACK_TOKEN = secrets.BETTER_STACK_TOKEN
    settings.BETTER_STACK_STATUS_PAGE = secrets.STATUS_PAGE
    settings.STATUS_FOLDER = str(tmp_path / "status")
    monkeypatch.setattr(performing, "CALL_LASTS", timedelta(seconds=1))
    wiring.world.cache_clear()
    call_command("seed_demo", verbosity=0)
    world.journal.clear()
    yield Drill(world, Service.objects.get(slug="shop"), User.objects.get(username="oncall"))
    world.faults.clear()
    wiring.world.cache_clear()


@pytest.fixture
def incident(telling: Drill) -> Incident:
    return declare_incident(
        service_id=telling.service.pk, trigger=Trigger.REGRESSION, title="Checkout answers 500", now=database_now(),
        actor=telling.oncall,
    )  # fmt: skip


@pytest.fixture
def tell(telling: Drill, incident: Incident) -> Tell:
    """The lead asks, and the CTO approves."""

    def told(
        message: str, phase: str = "investigating", health: str = "down", component: str = "Checkout", **other: Any
    ) -> StatusUpdate:
        draft = Draft(
            phase=phase, title="Disruption of Checkout", message=message, components={component: health}, **other
        )
        update = write_words(incident_id=incident.pk, draft=draft, ask=True, actor=telling.oncall, now=database_now())
        asked = ApprovalRequest.objects.get(subject_id=str(update.pk))
        vote(
            request_id=asked.pk, actor=User.objects.get(username="cto"), seat="cto", answer=Answer.APPROVE,
            reason="", digest=asked.digest, version=asked.version, now=database_now(),
        )  # fmt: skip
        return update

    return told


def outside(update: StatusUpdate) -> Step:
    return Step.objects.get(kind="post_status", parameters__update=str(update.pk))


def settled(drill: Drill, update: StatusUpdate) -> Step:
    """The outside posting after the workers have come to an end with it, and with the console's own page."""

    def ended() -> bool:
        states = Step.objects.filter(parameters__update=str(update.pk)).values_list("state", flat=True)
        return all(state in ("done", "failed", "unknown") for state in states)

    drill.work_until(ended, "the words are posted, or wait for a person", within=30)
    return outside(update)


def say(drill: Drill, step: Step) -> Asked:
    return Asked(incident_id=step.incident_id, step_id=step.pk, actor=drill.oncall, now=database_now(), seen=step.state)


def bodies(drill: Drill) -> list[str]:
    """What the public can read outside, in the order it was posted."""
    return [entry.detail["message"] for entry in drill.sandbox.journal.entries() if entry.effect in EFFECTS]


EFFECTS = ("status.report_posted", "status.update_posted")


def test_p1_the_first_update_opens_the_report_and_later_ones_stand_under_it_to_the_letter(
    telling: Drill, tell: Tell
) -> None:
    first = tell("Some orders fail.\nWe are on it.", notify=True)
    opened = settled(telling, first)
    second = tell("It is over.", "resolved", "operational")
    assert settled(telling, second).evidence["report"] == opened.evidence["report"]
    assert bodies(telling) == ["Some orders fail.\nWe are on it.", "It is over."]
    page = wiring.world().status_page
    assert page is not None
    (report,) = [each for each in page.reports(since=first.drafted_at) if each.id == opened.evidence["report"]]
    assert report.title == "Disruption of Checkout"
    told = [entry for entry in telling.sandbox.journal.entries() if entry.effect in EFFECTS]
    assert [entry.detail["notified"] for entry in told] == [True, False]
    assert [each.state for each in StatusUpdate.objects.order_by("drafted_at")] == ["posted", "posted"]


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
def test_p1_a_lost_answer_leaves_a_doubt_that_a_person_settles_and_nothing_is_posted_twice(
    telling: Drill, tell: Tell, kind: str
) -> None:
    telling.sandbox.faults.arm(kind, part="betterstack", method="POST", path="*status-reports*")
    update = tell("Some orders fail.")
    step = settled(telling, update)
    assert step.state == "unknown"
    assert "look there, then say" in step.sentence
    for _ in range(3):
        telling.work()
    assert len(bodies(telling)) == (1 if kind == "drop_after" else 0)
    retry_step(say(telling, step))
    step = settled(telling, update)
    assert step.state == "done"
    assert bodies(telling) == ["Some orders fail."]


def test_p1_posted_says_a_person_with_a_link_and_the_next_finds_its_report(telling: Drill, tell: Tell) -> None:
    telling.sandbox.faults.arm("drop_after", part="betterstack", method="POST", path="*status-reports*")
    step = settled(telling, tell("Some orders fail."))
    record_by_hand(say(telling, step), evidence="https://status.example/reports/1")
    following = settled(telling, tell("It is over.", "resolved", "operational"))
    assert following.state == "done"
    assert bodies(telling) == ["Some orders fail.", "It is over."]


def test_p1_later_words_wait_for_the_doubt_about_earlier_ones(telling: Drill, tell: Tell) -> None:
    telling.sandbox.faults.arm("drop_after", part="betterstack", method="POST", path="*status-reports*")
    first = settled(telling, tell("Some orders fail."))
    later = tell("It is over.", "resolved", "operational")
    telling.work_until(lambda: outside(later).state == "blocked", "the later words wait", within=30)
    assert len(bodies(telling)) == 1
    record_by_hand(say(telling, first), evidence="https://status.example/reports/1")
    assert settled(telling, later).state == "done"


def test_p1_a_worker_that_died_in_the_middle_leaves_a_doubt_and_never_a_second_post(telling: Drill, tell: Tell) -> None:
    update = tell("Some orders fail.")
    Step.objects.filter(pk=outside(update).pk).update(
        state="running", lease=1, due_at=database_now(), call_ends_at=database_now() - timedelta(seconds=1)
    )
    step = settled(telling, update)
    assert step.state == "unknown"
    assert "A worker ended in the middle of it." in step.sentence
    assert bodies(telling) == []


def test_p1_a_component_that_the_page_does_not_show_is_said_and_nothing_is_posted(telling: Drill, tell: Tell) -> None:
    Service.objects.update(status_components=["Ledger"])
    step = settled(telling, tell("Some entries fail.", component="Ledger"))
    assert step.state == "failed"
    assert "shows no Ledger" in step.sentence
    assert bodies(telling) == []
