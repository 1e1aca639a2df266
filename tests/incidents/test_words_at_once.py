"""Eight press at once, on connections of their own: one wins, seven are told who (P1, P2)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import close_old_connections, connection
from django.test import Client
from pytest_django.fixtures import Settings

from approvals.models import ApprovalRequest, Vote
from approvals.quorum import Answer
from approvals.refusals import Refusal as ApprovalRefusal
from approvals.services.voting import vote
from incidents.models import Incident, LedgerEntry, StatusUpdate, Step
from incidents.services.clock import database_now
from incidents.services.drafting import Draft
from incidents.services.publishing import approval_heard, write_words

EIGHT = 8
FORM = {"phase": "investigating", "title": "Disruption of the shop", "message": "Some orders fail.", "what": "ask"}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> None:
    settings.STATUS_FOLDER = str(tmp_path / "status")


def at_once(act: Callable[[int], Any], many: int = EIGHT) -> list[Any]:
    """Everybody acts at the same moment, each on a connection of their own."""
    gate = Barrier(many)

    def press(number: int) -> Any:
        close_old_connections()
        try:
            gate.wait(timeout=20)
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(many) as crowd:
        return list(crowd.map(press, range(many)))


@pytest.fixture
def browsers(oncall: User) -> list[Client]:
    """The lead in eight windows, all signed in before."""
    found = [Client() for _ in range(EIGHT)]
    for browser in found:
        browser.force_login(oncall)
    return found


def pressed(browsers: list[Client], address: str, form: dict[str, str]) -> tuple[list[int], list[str]]:
    """The statuses, sorted, and what the losers were told."""
    answers = at_once(lambda number: browsers[number].post(address, form, headers={"HX-Request": "true"}))
    told = [answer.content.decode() for answer in answers if answer.status_code == 409]
    return sorted(answer.status_code for answer in answers), told


def asked(incident: Incident, oncall: User) -> StatusUpdate:
    draft = Draft(**{name: word for name, word in FORM.items() if name != "what"})
    return write_words(incident_id=incident.pk, draft=draft, ask=True, actor=oncall, now=database_now())


def say(person: User, seat: str) -> Vote:
    request = ApprovalRequest.objects.get()
    return vote(
        request_id=request.pk, actor=person, seat=seat, answer=Answer.APPROVE, reason="", digest=request.digest,
        version=request.version, now=database_now(),
    )  # fmt: skip


def test_p1_eight_presses_of_ask_ask_once(incident: Incident, browsers: list[Client], cto: User) -> None:
    statuses, told = pressed(browsers, f"/incidents/{incident.number}/words", FORM)
    assert statuses == [204, *[409] * 7]
    assert all("oncall" in words for words in told)
    assert (StatusUpdate.objects.count(), ApprovalRequest.objects.count()) == (1, 1)


def test_p2_eight_presses_of_post_post_once(
    incident: Incident, browsers: list[Client], oncall: User, cto: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = asked(incident, oncall)
    monkeypatch.setattr("incidents.receivers.approval_heard", lambda **_: None)
    say(cto, "cto")
    door = f"/incidents/{incident.number}/words/{update.pk}/post"
    statuses, told = pressed(browsers, door, {"version": str(update.version)})
    assert statuses == [204, *[409] * 7]
    assert all("Meanwhile oncall" in words for words in told)
    assert Step.objects.filter(kind="publish_status").count() == 1
    assert ApprovalRequest.objects.get().state == "consumed"


def test_p2_two_approvers_at_once_post_once(incident: Incident, oncall: User, cto: User, ciso: User) -> None:
    asked(incident, oncall)

    def press(number: int) -> Vote | ApprovalRefusal:
        try:
            return say(*[(cto, "cto"), (ciso, "ciso")][number])
        except ApprovalRefusal as refusal:
            return refusal

    results = at_once(press, 2)
    assert sum(isinstance(each, Vote) for each in results) == 1
    assert Step.objects.filter(kind="publish_status").count() == 1
    assert LedgerEntry.objects.filter(kind="approval.consumed").count() == 1


def test_p2_eight_wakings_post_once(
    incident: Incident, oncall: User, cto: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = asked(incident, oncall)
    with monkeypatch.context() as deaf:
        deaf.setattr("incidents.receivers.approval_heard", lambda **_: None)
        say(cto, "cto")
    at_once(lambda _: approval_heard(update_id=update.pk, now=database_now()))
    assert Step.objects.filter(kind="publish_status").count() == 1
    assert StatusUpdate.objects.get().state == "approved"
