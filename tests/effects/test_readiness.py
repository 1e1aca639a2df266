"""Readiness: every integration is tried for real before it is needed, and what is missing is named."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django.fixtures import Settings

from incidents.effects import wiring
from incidents.effects.rehearsing import checks, rehearsal
from incidents.integrations.errors import IntegrationError
from incidents.models import Identity, LedgerEntry, Rehearsal, Service, Shift
from incidents.services.clock import database_now
from incidents.services.rehearsing import ask_rehearsal
from sandbox import secrets
from sandbox.runtime_socket import socket_of
from sandbox.testing import Sandbox, await_true, running_sandbox


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One world for all: rehearsals leave nothing in it."""
    with running_sandbox(tmp_path_factory.mktemp("world")) as running:
        await_true(lambda: running.client.get("/shop/health").status_code == 200, "the shop is open", within=60)
        yield running


@pytest.fixture
def console(
    outside: Sandbox, settings: Settings, tmp_path_factory: pytest.TempPathFactory, transactional_db: None
) -> Iterator[Sandbox]:
    """A console that knows every tool."""
    settings.GITHUB_API_URL = f"{outside.url}/github/api"
    settings.GITHUB_GIT_URL = f"{outside.url}/github/git"
    settings.GITHUB_APP_ID = ""
    settings.GITHUB_TOKEN = secrets.GITHUB_TOKEN
    settings.SLACK_API_URL = f"{outside.url}/slack/api"
    settings.SLACK_TOKEN = secrets.SLACK_TOKEN
    settings.PROMETHEUS_URL = f"{outside.url}/prometheus"
    settings.BETTER_STACK_URL = f"{outside.url}/betterstack"
    settings.BETTER_STACK_TOKEN = secrets.BETTER_STACK_TOKEN
    settings.BETTER_STACK_STATUS_PAGE, settings.BETTER_STACK_STATUS_URL = secrets.STATUS_PAGE, settings.BETTER_STACK_URL
    settings.VAULT_URL, settings.VAULT_TOKEN = f"{outside.url}/vault", secrets.VAULT_TOKEN
    settings.UNLEASH_URL = f"{outside.url}/unleash"
    settings.UNLEASH_TOKEN = secrets.UNLEASH_TOKEN
    settings.HAPROXY_ADDRESS = str(socket_of(outside.world.state_folder))
    settings.MIRROR_FOLDER = str(tmp_path_factory.mktemp("mirrors"))
    wiring.world.cache_clear()
    call_command("seed_demo", verbosity=0)
    yield outside
    outside.faults.clear()
    wiring.world.cache_clear()


def rehearse() -> dict[str, Rehearsal]:
    rehearsal.rehearse(wiring.world())
    return {row.check_name: row for row in Rehearsal.objects.all()}


def verdicts() -> dict[str, str]:
    return {name: row.verdict for name, row in rehearse().items()}


WORKS = (
    "code_host.branch:shop", "code_host.push:shop", "code_host.pull_request:shop", "code_host.deploy:shop",
    "metrics.series:shop",
    "chat.channel:shop", "flags.read:shop", "drains.read:shop", "pager.read", "people.on_call:shop", "people.roles",
    "secrets.metadata", "status_page.read:shop",
)  # fmt: skip


def test_whatever_is_there_is_tried_for_real_and_leaves_nothing_behind(console: Sandbox) -> None:
    before = len(console.journal.entries())
    found = rehearse()
    assert {name: found[name].verdict for name in WORKS} == dict.fromkeys(WORKS, "ready"), [
        (row.check_name, row.words) for row in found.values()
    ]
    effects = {entry.effect for entry in console.journal.entries()[before:]}
    assert not effects & {"pull_request.opened", "slack.posted", "better_stack.paged", "flag.changed"}


def test_r1_what_a_rehearsal_writes_is_in_the_ledger_first_and_is_removed(console: Sandbox) -> None:
    rehearse()
    entry = LedgerEntry.objects.get(kind="rehearsal.writes")
    assert "refs/rollback-console/rehearsal-shop" in entry.data["words"]
    listed = console.client.get("/github/git/acme/shop.git/info/refs", params={"service": "git-upload-pack"},
                                auth=("x-access-token", secrets.GITHUB_TOKEN))  # fmt: skip
    assert b"refs/heads/master" in listed.content
    assert b"rehearsal" not in listed.content


def test_r3_says_beforehand_which_way_the_branch_rules_leave(console: Sandbox) -> None:
    told = rehearse()["code_host.review:shop"]
    assert told.words.startswith("GitHub asks for one review, and the pull request will be the token's account's own")


@pytest.mark.parametrize(
    ("tool", "check", "rule"),
    [
        ("pager", "pager.read", "S1"),
        ("flags", "flags.read:shop", "S2"),
        ("drains", "drains.read:shop", "S3"),
        ("secrets", "secrets.metadata", "C1"),
    ],
)
def test_a_tool_that_is_absent_is_named_with_what_is_done_by_hand(
    console: Sandbox, tool: str, check: str, rule: str
) -> None:
    lacking: dict[str, Any] = {tool: None}
    rehearsal.rehearse(replace(wiring.world(), **lacking))
    row = Rehearsal.objects.get(check_name=check)
    assert row.verdict == "warning"
    assert row.words.startswith(f"Not configured: {rule} is ")


@pytest.mark.parametrize(
    ("field", "value", "check", "told"),
    [
        ("branch", "gone", "code_host.branch:shop", "has no branch gone"),
        ("workflow", ".github/workflows/none.yml", "code_host.deploy:shop", "is not on master"),
        ("alert_query", "nothing_is_called_so", "metrics.series:shop", ""),
        ("channel_id", "", "chat.channel:shop", "names no channel"),
        ("channel_id", "C0NOTTHERE0", "chat.channel:shop", "channel_not_found"),
        ("flags", ["loyalty-points", "no-such-flag"], "flags.read:shop", "no-such-flag"),
        ("drain_targets", ["eu-1", "eu-9"], "drains.read:shop", "eu-9"),
    ],
)
def test_what_is_wrong_in_the_catalogue_is_said_before_it_is_needed(
    console: Sandbox, field: str, value: object, check: str, told: str
) -> None:
    Service.objects.update(**{field: value})
    row = rehearse()[check]
    assert row.verdict == "missing"
    assert told in row.words


def test_a_drain_that_e22_would_refuse_is_a_caveat(console: Sandbox) -> None:
    Service.objects.update(minimum_healthy=2)
    row = rehearse()["drains.read:shop"]
    assert (row.verdict, "E22" in row.words) == ("warning", True)


def test_a_wrong_token_is_told_with_its_remedy(console: Sandbox, settings: Settings) -> None:
    settings.GITHUB_TOKEN = "wrong"
    wiring.world.cache_clear()
    row = rehearse()["code_host.branch:shop"]
    assert (row.verdict, "credentials are wrong" in row.words) == ("missing", True)


def test_the_mail_server_is_asked_to_greet_and_no_mail_is_sent(console: Sandbox, settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.EMAIL_PORT, said = listening.getsockname()[1], []

        def greet() -> None:
            taken, _ = listening.accept()
            with taken, taken.makefile("rb") as lines:
                taken.sendall(b"220 here\r\n")
                for line in lines:
                    said.append(line.split()[0].upper())
                    taken.sendall(b"250 fine\r\n")

        server = threading.Thread(target=greet, daemon=True)
        server.start()
        row = rehearse()["mail.greets"]
        server.join(timeout=10)
    assert row.verdict == "ready", row.words
    assert b"MAIL" not in said


def test_a_mail_server_that_is_away_is_missing(console: Sandbox, settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        settings.EMAIL_PORT = closed.getsockname()[1]
    assert rehearse()["mail.greets"].verdict == "missing"


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch, db: None) -> threading.Event:
    """Three checks: one that hangs until the event, one that stumbles, one that works."""
    go_on = threading.Event()

    def hangs() -> checks.Finding:
        go_on.wait(30)
        return checks.ready("late")

    def stumbles() -> checks.Finding:
        raise ZeroDivisionError

    def found(*_: object) -> Iterator[checks.Check]:
        for name, attempt in {"a": hangs, "b": stumbles, "c": lambda: checks.ready("fine")}.items():
            yield checks.Check(f"chat.{name}", name, "S4", attempt)

    monkeypatch.setattr(rehearsal, "OF", (found,))
    return go_on


def test_a_check_that_hangs_or_stumbles_stops_no_other(three: threading.Event) -> None:
    rehearsal.rehearse(wiring.World(*[None] * 4), within=0.5)
    three.set()
    rows = {row.check_name: (row.verdict, row.words.split(";")[0]) for row in Rehearsal.objects.all()}
    assert rows == {
        "chat.a": ("missing", "No answer within 0 s."),
        "chat.b": ("missing", "The console itself stumbled (ZeroDivisionError)"),
        "chat.c": ("ready", "fine"),
    }


def test_asked_too_often_is_unknown_and_never_green(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    def limited() -> checks.Finding:
        raise IntegrationError("Again in 60 s.", retryable=True, retry_after=60)

    found = [checks.Check("chat.a", "a", "S4", limited)]
    monkeypatch.setattr(rehearsal, "OF", (lambda *_: iter(found),))
    rehearsal.rehearse(wiring.World(*[None] * 4))
    assert Rehearsal.objects.get().verdict == "unknown"


def test_everything_is_tried_once_a_day_and_what_is_missing_hourly(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    tries: list[str] = []

    def noted(name: str) -> checks.Finding:
        tries.append(name)
        return checks.ready("fine") if name == "good" else checks.missing("gone")

    def found(*_: object) -> Iterator[checks.Check]:
        yield checks.Check("chat.good", "good", "S4", lambda: noted("good"))
        yield checks.Check("chat.bad", "bad", "S4", lambda: noted("bad"))

    monkeypatch.setattr(rehearsal, "OF", (found,))
    nowhere = wiring.World(*[None] * 4)
    for age, expected in ((0, {"good", "bad"}), (59, set()), (61, {"bad"}), (24 * 60 + 1, {"good", "bad"})):
        Rehearsal.objects.update(tried_at=database_now() - timedelta(minutes=age))
        tries.clear()
        rehearsal.rehearse(nowhere)
        assert set(tries) == expected, age


def test_try_now_makes_everything_due_even_where_the_nudge_is_lost(console: Sandbox) -> None:
    rehearse()
    tried = Rehearsal.objects.get(check_name="pager.read").tried_at
    rehearse()
    assert Rehearsal.objects.get(check_name="pager.read").tried_at == tried
    ask_rehearsal(actor=User.objects.get(username="engineer"), now=database_now())
    rehearse()
    assert Rehearsal.objects.get(check_name="pager.read").tried_at > tried


def test_another_verdict_is_an_entry_and_the_same_one_is_none(console: Sandbox) -> None:
    rehearse()
    entries = LedgerEntry.objects.filter(kind="rehearsal.changed")
    before = entries.count()
    Rehearsal.objects.update(tried_at=None)
    rehearse()
    assert entries.count() == before
    Service.objects.update(channel_id="")
    Rehearsal.objects.update(tried_at=None)
    rehearse()
    assert entries.latest("seq").data["check"] == "chat.channel:shop"


def test_what_left_the_catalogue_is_tried_and_shown_no_longer(console: Sandbox) -> None:
    rehearse()
    Service.objects.update(flags=[])
    assert "flags.read:shop" not in rehearse()


@pytest.fixture
def asked_people(console: Sandbox) -> None:
    for name in ("cto", "ciso", "dba"):
        person = User.objects.get(username=name)
        for place in ("phone", "slack"):
            Identity.objects.create(person=person, place=place, login=f"{place}-{name}", verified_at=database_now())


def test_e15_names_the_approver_who_has_not_linked(asked_people: None) -> None:
    Identity.objects.filter(place="slack", person__username="ciso").delete()
    User.objects.filter(username="ciso").update(email="")
    found = rehearse()
    assert found["people.chat"].verdict == "warning"
    assert found["people.chat"].words.startswith("ciso cannot be woken that way")


def test_e16_names_whoever_could_not_step_up_for_m3(console: Sandbox) -> None:
    for person in User.objects.filter(username__in=["cto", "dba"]):
        person.set_unusable_password()
        person.save()
    row = rehearse()["people.factors"]
    assert (row.verdict, row.words.partition(" cannot")[0]) == ("missing", "cto and dba")


def test_e5_a_gap_in_the_next_day_is_said_today(console: Sandbox) -> None:
    Shift.objects.filter(seat="oncall").update(ends_at=database_now() + timedelta(hours=3))
    row = rehearse()["people.on_call:shop"]
    assert (row.verdict, row.words.startswith("Nobody is on call from")) == ("missing", True)


def test_m3_without_a_dba_on_call_is_missing(console: Sandbox) -> None:
    Shift.objects.filter(seat="dba").delete()
    assert verdicts()["people.dba"] == "missing"


def test_p2_and_x2_need_a_ciso(console: Sandbox) -> None:
    User.objects.filter(username="ciso").update(is_active=False)
    row = rehearse()["people.roles"]
    assert (row.verdict, "CISO" in row.words) == ("missing", True)


def test_r3_a_reviewer_without_a_linked_login_is_named(console: Sandbox) -> None:
    Identity.objects.filter(person__username="reviewer").delete()
    row = rehearse()["people.reviewers:shop"]
    assert (row.verdict, row.words.startswith("reviewer approve in vain")) == ("warning", True)
