"""Waking on real parts (E15): one page, one message, one mail a person, whatever is lost; over is over."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.db import transaction
from pytest_django.fixtures import Settings

from incidents.effects import performing, wiring
from incidents.models import Incident, Service, Step, Trigger
from incidents.procedure.steps import StepKind
from incidents.services.clock import database_now
from incidents.services.concluding import close_as_false_alarm
from incidents.services.declaring import declare_incident
from incidents.services.waking import let_rest, wake
from sandbox import secrets
from sandbox.testing import Sandbox, running_sandbox
from tests.effects.conftest import Drill
from tests.effects.mail_servers import Silent

QUESTION = "/approvals/1/"
PHONE, CHAT, MAIL = StepKind.WAKE_BY_PHONE, StepKind.WAKE_BY_CHAT, StepKind.WAKE_BY_MAIL


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("world")) as running:
        yield running


@pytest.fixture
def waking(
    world: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> Iterator[Drill]:
    """A console that knows its pager, its chat and a mail server; calls that were lost are over after a second."""
    settings.GITHUB_TOKEN, settings.SLACK_TOKEN = secrets.GITHUB_TOKEN, secrets.SLACK_TOKEN
    settings.SLACK_API_URL = f"{world.url}/slack/api"
    settings.BETTER_STACK_URL = f"{world.url}/betterstack"
    settings.BETTER_STACK_TOKEN = secrets.BETTER_STACK_TOKEN
    settings.WAKE_POLICIES = {"cto": "1021"}
    settings.POLL_SECONDS = 0.1
    monkeypatch.setattr(performing, "CALL_LASTS", timedelta(seconds=1))
    monkeypatch.setattr("incidents.effects.wake_by_phone.HEARD_SECONDS", 0.1)
    wiring.world.cache_clear()
    call_command("seed_demo", verbosity=0)
    world.journal.clear()
    yield Drill(world, Service.objects.get(slug="shop"), User.objects.get(username="oncall"))
    world.faults.clear()
    wiring.world.cache_clear()


@pytest.fixture
def incident(waking: Drill) -> Incident:
    return declare_incident(
        service_id=waking.service.pk, trigger=Trigger.REGRESSION, title="Checkout answers 500", now=database_now(),
        actor=waking.oncall,
    )  # fmt: skip


@pytest.fixture
def woken(waking: Drill, incident: Incident) -> dict[str, Step]:
    """The CTO, being woken by every way."""
    with transaction.atomic():
        steps = wake(
            incident, roles=["cto"], rule="M3", words="May Shop be rolled back?", url=QUESTION, now=database_now(),
            actor=waking.oncall,
        )  # fmt: skip
    return {step.kind: step for step in steps}


def reaches(drill: Drill, step: Step, state: str, words: str = "") -> Step:
    """The step once the workers have brought it there."""

    def there() -> bool:
        step.refresh_from_db()
        return step.state == state and words in step.sentence

    drill.work_until(there, f"{step.kind} is {state}: {words}", within=30)
    return step


def at_the_pager(drill: Drill, step: Step, word: str = "") -> Any:
    """The page as the pager tells it, or once somebody has pressed `acknowledge` or `resolve` on their phone."""
    address = f"/betterstack/api/v3/incidents/{step.evidence['pages'][0]}{f'/{word}' if word else ''}"
    headers = {"Authorization": f"Bearer {secrets.BETTER_STACK_TOKEN}"}
    pressed = {"json": {f"{word}d_by": "cto"}} if word else {}
    answer = drill.sandbox.client.request("POST" if word else "GET", address, headers=headers, **pressed)
    return answer.raise_for_status().json()["data"]["attributes"]


def rest(incident: Incident) -> None:
    with transaction.atomic():
        let_rest(incident, now=database_now(), url=QUESTION)


# ── by phone ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_e15_the_page_rings_the_roles_policy_and_names_the_question(waking: Drill, woken: dict[str, Step]) -> None:
    step = reaches(waking, woken[PHONE], "watching", "nobody has acknowledged yet")
    (page,) = waking.effects("page.opened")
    assert page.key == str(step.key)
    assert page.detail["summary"] == f"May Shop be rolled back? http://localhost:8000{QUESTION}"
    assert at_the_pager(waking, step)["escalation_policy_id"] == "1021"


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "502", "429"])
def test_e15_a_lost_answer_rings_nobody_twice(
    waking: Drill, incident: Incident, woken: dict[str, Step], kind: str
) -> None:
    waking.sandbox.faults.arm(kind, part="betterstack", method="POST")
    step = reaches(waking, woken[PHONE], "watching")
    assert [page.key for page in waking.effects("page.opened")] == [str(step.key)]


def test_e15_an_acknowledged_page_says_by_whom(waking: Drill, woken: dict[str, Step]) -> None:
    step = reaches(waking, woken[PHONE], "watching")
    at_the_pager(waking, step, "acknowledge")
    assert reaches(waking, step, "watching", "cto has acknowledged").evidence["acknowledged_by"] == "cto"


def test_e15_a_page_resolved_outside_is_done(waking: Drill, woken: dict[str, Step]) -> None:
    at_the_pager(waking, reaches(waking, woken[PHONE], "watching"), "resolve")
    assert reaches(waking, woken[PHONE], "done").evidence["pages"]


def test_e15_once_the_question_is_answered_the_open_page_is_resolved(
    waking: Drill, incident: Incident, woken: dict[str, Step]
) -> None:
    reaches(waking, woken[PHONE], "watching")
    rest(incident)
    assert "the page is resolved" in reaches(waking, woken[PHONE], "done").sentence
    assert len(waking.effects("page.resolved")) == 1


@pytest.mark.parametrize("kind", ["drop_after", "502"])
def test_e15_a_lost_answer_to_the_resolving_is_looked_up(
    waking: Drill, incident: Incident, woken: dict[str, Step], kind: str
) -> None:
    reaches(waking, woken[PHONE], "watching")
    waking.sandbox.faults.arm(kind, part="betterstack", method="POST")
    rest(incident)
    reaches(waking, woken[PHONE], "done")
    assert len(waking.effects("page.resolved")) == 1


def test_e15_a_question_that_was_over_before_rings_nobody(
    waking: Drill, incident: Incident, woken: dict[str, Step]
) -> None:
    rest(incident)
    waking.work()
    assert set(Step.objects.filter(parameters__url__endswith=QUESTION).values_list("state", flat=True)) == {"cancelled"}
    assert waking.effects("page.opened") == []


def test_e15_a_page_that_may_have_been_sent_before_is_found_and_resolved(
    waking: Drill, incident: Incident, woken: dict[str, Step]
) -> None:
    waking.sandbox.faults.arm("drop_after", part="betterstack", method="POST")
    reaches(waking, woken[PHONE], "ready", "looked up before anything is repeated")
    rest(incident)
    reaches(waking, woken[PHONE], "done")
    assert (len(waking.effects("page.opened")), len(waking.effects("page.resolved"))) == (1, 1)


def test_e15_no_phone_rings_on_after_the_incident(waking: Drill, incident: Incident, woken: dict[str, Step]) -> None:
    reaches(waking, woken[PHONE], "watching")
    incident.refresh_from_db()
    close_as_false_alarm(
        incident_id=incident.pk, actor=waking.oncall, now=database_now(), version=incident.version, reason="a test"
    )
    reaches(waking, woken[PHONE], "done")
    assert len(waking.effects("page.resolved")) == 1


# ── by chat ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("kind", ["", "drop_after", "drop_before", "502"])
def test_e15_the_message_names_the_person_and_is_posted_once(waking: Drill, woken: dict[str, Step], kind: str) -> None:
    if kind:
        waking.sandbox.faults.arm(kind, part="slack", path="*chat.postMessage")
    step = reaches(waking, woken[CHAT], "done")
    (message,) = waking.effects("message.posted")
    assert (message.key, step.evidence["text"].count(QUESTION)) == (str(step.key), 1)


def test_e15_whom_the_chat_knows_is_spoken_to_alone(waking: Drill, woken: dict[str, Step]) -> None:
    person = wiring.world().chat.person_by_email("cto@acme.example")
    assert person is not None
    step = reaches(waking, woken[CHAT], "done")
    assert step.evidence["channel"] == wiring.world().chat.direct(person)


def test_e15_whom_the_chat_does_not_know_is_named_in_the_channel(waking: Drill, woken: dict[str, Step]) -> None:
    step = woken[CHAT]
    Step.objects.filter(pk=step.pk).update(parameters=step.parameters | {"to": "cto@elsewhere.example"})
    assert reaches(waking, step, "done").evidence["text"].startswith("cto May Shop be rolled back?")
    assert step.evidence["channel"] == waking.service.channel_id


# ── by mail ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_e15_the_mail_carries_the_question_and_an_id_made_of_the_steps_key(
    waking: Drill, incident: Incident, woken: dict[str, Step], mailoutbox: list[EmailMessage]
) -> None:
    step = reaches(waking, woken[MAIL], "done")
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["cto@acme.example"], f"[{incident.number}] May Shop be rolled back?")
    assert f"http://localhost:8000{QUESTION}" in mail.body
    assert mail.message()["Message-ID"] == f"<{step.key}@localhost>" == step.evidence["message_id"]


def test_e15_a_repeated_mail_is_the_same_mail(waking: Drill, woken: dict[str, Step], settings: Settings) -> None:
    settings.EMAIL_BACKEND = "tests.effects.mail_servers.Silent"
    Silent.taken.clear()
    reaches(waking, woken[MAIL], "done", "at try 2: the same mail may lie there twice")
    assert len({mail.message()["Message-ID"] for mail in Silent.taken}) == 1
    assert len(Silent.taken) == 2


def test_e15_a_wake_that_was_tried_and_called_off_says_that_it_may_have_been_sent(
    waking: Drill, incident: Incident, woken: dict[str, Step], settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "tests.effects.mail_servers.Busy"
    reaches(waking, woken[MAIL], "ready", "450 4.2.1")
    rest(incident)
    woken[MAIL].refresh_from_db()
    assert (woken[MAIL].state, woken[MAIL].sentence) == ("cancelled", "The question is over. It may have been sent.")


@pytest.mark.parametrize(
    ("server", "state", "words"),
    [("Busy", "ready", "450 4.2.1 mailbox busy"), ("Refusing", "failed", "554 5.7.1 no relaying. Tell them by hand.")],
)
def test_e15_a_refused_mail_says_so_and_holds_nothing_up(
    waking: Drill, woken: dict[str, Step], settings: Settings, server: str, state: str, words: str
) -> None:
    settings.EMAIL_BACKEND = f"tests.effects.mail_servers.{server}"
    assert words in reaches(waking, woken[MAIL], state, words).sentence
    reaches(waking, woken[CHAT], "done")
