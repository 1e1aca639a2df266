"""Buttons in Slack from end to end (P2, E15): asked, pressed in the sandbox, signed, answered, and put right after."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from approvals.models import ApprovalRequest, Vote
from approvals.services.asking import Content
from approvals.services.consuming import expire_due
from incidents.effects import linking, reading, wiring
from incidents.models import Delivery, Identity, Incident, Service, Step, Trigger
from incidents.procedure.steps import StepKind
from incidents.queries.grants import subject_of
from incidents.services.clock import database_now
from incidents.services.declaring import declare_incident
from incidents.services.drafting import Draft
from incidents.services.linking import claim_login, prove_by_code
from incidents.services.publishing import write_words
from incidents.services.questions import put_question
from sandbox import secrets
from sandbox.app import make_part
from sandbox.slack import direct_id, user_id
from sandbox.testing import await_true, running_sandbox
from tests.effects.conftest import Drill

CHAT = StepKind.WAKE_BY_CHAT


@pytest.fixture
def console(tmp_path: Path, settings: Settings, transactional_db: None, live_server: LiveServer) -> Iterator[Drill]:
    """A console with an open door beside a Slack that presses; the CTO's identity there is verified, no other's is."""
    parts = [make_part("sandbox.slack")]
    with running_sandbox(tmp_path / "world", console=live_server.url, parts=parts) as world:
        settings.GITHUB_TOKEN, settings.SLACK_TOKEN = secrets.GITHUB_TOKEN, secrets.SLACK_TOKEN
        settings.SLACK_API_URL = f"{world.url}/slack/api"
        settings.SLACK_SIGNING_SECRET = secrets.SLACK_SIGNING_SECRET
        settings.STATUS_FOLDER = str(tmp_path / "status")
        wiring.world.cache_clear()
        call_command("seed_demo", verbosity=0)
        Identity.objects.filter(place="slack").delete()
        cto = User.objects.get(username="cto")
        Identity.objects.create(person=cto, place="slack", login=user_id("cto"), verified_at=database_now())
        yield Drill(world, Service.objects.get(slug="shop"), User.objects.get(username="oncall"))
        wiring.world.cache_clear()


@pytest.fixture
def asked(console: Drill) -> ApprovalRequest:
    """Public words wait, and everybody was written to."""
    incident = declare_incident(
        service_id=console.service.pk, trigger=Trigger.REGRESSION, title="Checkout answers 500", now=database_now(),
        actor=console.oncall,
    )  # fmt: skip
    say(incident, console)
    console.work_until(lambda: not chats().filter(state="ready").exists(), "everybody is written to", within=30)
    return ApprovalRequest.objects.get()


def say(incident: Incident, console: Drill, message: str = "Some orders fail.", **other: Any) -> None:
    draft = Draft(phase="investigating", title="Disruption", message=message, **other)
    write_words(incident_id=incident.pk, draft=draft, ask=True, actor=console.oncall, now=database_now())


def chats() -> Any:
    return Step.objects.filter(kind=CHAT)


def messages(console: Drill, to: str) -> list[Any]:
    """What stands in the conversation with that person, oldest first."""
    shown = console.sandbox.client.get("/control/state").json()["slack"]["messages"]
    return [message for message in shown if message["to"] == to]


def press(console: Drill, message: Any, *, by: str) -> None:
    """That person presses the first button, and a worker reads what comes of it."""
    before = Delivery.objects.count()
    button = message["buttons"][0]["action_id"]
    console.sandbox.control("slack/press", channel=message["channel"], ts=message["ts"], action_id=button, person=by)
    await_true(lambda: Delivery.objects.count() > before, "the press has come")
    reading.read(Delivery.objects.latest("received_at").pk)


def test_p2_the_message_holds_what_is_approved_to_the_letter_with_a_button_for_whom_the_console_knows(
    console: Drill, asked: ApprovalRequest
) -> None:
    (message,) = messages(console, "cto")
    assert asked.exactly in message["text"]
    assert [button["action_id"] for button in message["buttons"]] == ["approve-question", "open-question"]
    assert [each["buttons"] for each in messages(console, "ciso")] == [[]]
    assert set(chats().values_list("parameters__name", "state")) == {("cto", "watching"), ("ciso", "done")}


def test_p2_a_press_in_slack_approves_and_the_message_says_who_did_and_when(
    console: Drill, asked: ApprovalRequest
) -> None:
    press(console, messages(console, "cto")[0], by="cto")
    assert Vote.objects.get().authentication_method == "slack"
    console.work_until(lambda: not messages(console, "cto")[0]["buttons"], "the message is put right", within=30)
    (message,) = messages(console, "cto")
    assert "cto approved as CTO at" in message["text"]


def test_p2_a_message_is_put_right_where_it_stands_though_its_reader_has_left_the_chat(
    console: Drill, asked: ApprovalRequest
) -> None:
    press(console, messages(console, "cto")[0], by="cto")
    written = chats().get(parameters__name="cto")
    chats().filter(pk=written.pk).update(parameters={**written.parameters, "to": "U0NOBODY000"})
    console.work_until(lambda: not messages(console, "cto")[0]["buttons"], "the message is put right", within=30)
    posted = console.sandbox.journal.entries(effect="message.posted", key=str(written.key))
    assert [entry.detail["channel"] for entry in posted] == [direct_id("cto")]


def test_p2_whom_the_console_does_not_know_presses_in_vain_and_is_told(console: Drill, asked: ApprovalRequest) -> None:
    press(console, messages(console, "cto")[0], by="ciso")
    assert not Vote.objects.exists()
    assert messages(console, "ciso")[-1]["text"].startswith("Not counted. The console does not know you here.")
    assert messages(console, "cto")[0]["buttons"]


def test_e13_words_that_change_take_the_old_buttons_away_and_ask_anew(console: Drill, asked: ApprovalRequest) -> None:
    incident = Incident.objects.get()
    update = incident.status_updates.get()
    say(incident, console, "We know why.", update_id=update.pk, version=update.version)
    console.work_until(lambda: len(messages(console, "cto")) == 2 and quiet(), "both messages stand", within=30)
    old, new = messages(console, "cto")
    assert (old["buttons"], "is asked anew" in old["text"]) == ([], True)
    assert "We know why." in new["text"]
    assert new["buttons"]


def quiet() -> bool:
    return chats().filter(parameters__name="cto", state="watching").count() == 1


def test_p2_a_question_that_expires_takes_its_buttons_along(console: Drill, asked: ApprovalRequest) -> None:
    expire_due(now=database_now() + timedelta(days=1))
    console.work_until(lambda: not messages(console, "cto")[0]["buttons"], "its buttons are gone", within=30)
    assert messages(console, "cto")[0]["text"].endswith("Nobody answered in time.")


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "502"])
def test_p2_a_lost_answer_to_the_revision_is_made_good(console: Drill, asked: ApprovalRequest, kind: str) -> None:
    console.sandbox.faults.arm(kind, part="slack", path="*chat.update")
    press(console, messages(console, "cto")[0], by="cto")
    console.work_until(lambda: not messages(console, "cto")[0]["buttons"], "its buttons are gone", within=30)
    assert len(messages(console, "cto")) == 1


def test_m3_is_written_to_with_a_link_alone(console: Drill, asked: ApprovalRequest) -> None:
    incident = Incident.objects.get()
    content = Content(
        content_digest="0" * 64, label="M3", question="May Shop be rolled back?", summary="Errors.", exactly="Patch 1."
    )
    with transaction.atomic():
        put_question(
            incident, rule="M3", subject=subject_of(incident), content=content, asked_by=console.oncall,
            now=database_now(),
        )  # fmt: skip
    console.work_until(lambda: len(messages(console, "cto")) == 2, "the CTO is written to again", within=30)
    told = messages(console, "cto")[-1]
    assert (told["buttons"], "May Shop be rolled back?" in told["text"], "/approvals/" in told["text"]) == (
        [], True, True,
    )  # fmt: skip


def test_p2_a_person_links_their_slack_identity_by_the_code_that_stands_there(console: Drill) -> None:
    ciso = User.objects.get(username="ciso")
    claimed = claim_login(place="slack", login="", actor=ciso, now=database_now())
    linking.send_code(claimed.pk, wiring.world())
    code = messages(console, "ciso")[-1]["text"][:7]
    assert prove_by_code(place="slack", code=code, actor=ciso, now=database_now()).login == user_id("ciso")
