"""Who may open which door: the whole URL configuration, every method, every kind of person."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from guardian.shortcuts import assign_perm

from approvals.models import ApprovalRequest
from incidents.models import Change, Drill, Incident, LedgerEntry, Plan, Reversion, Service, Step, Trigger
from incidents.services.clock import database_now
from incidents.services.deciding import decide
from incidents.services.declaring import declare_incident
from incidents.services.executing import stop_plan
from incidents.services.retrospectives import open_retrospective
from tests.incidents.doors import ACCOUNTS, ADMIN, APPROVALS, INCIDENTS, OTHERS, PEOPLE, addresses, fill, known

READERS = ("anonymous", "stranger", "elsewhere", "auditor", "reviewer")
SITUATIONS: Mapping[str, str] = {
    "decide": "declared", "merge": "declared", "advice": "declared", "execute": "decided", "stop": "executing",
    "ask-anew": "decided", "break-glass": "decided", "adopt": "executing", "resume": "stopped",
    "step": "failed", "no-help": "executing", "close": "recovered",
    "fix": "decided", "confirm": "decided", "decide-again": "decided",
    "history": "learning", "save-section": "learning", "settle-section": "learning", "add-follow-up": "learning",
    "register-retrospective": "learning", "complete-retrospective": "learning", "follow-up": "learning",
    "reapply": "recovered", "accept-return": "recovered",
}  # fmt: skip
JSON = ("live-ticket", "live-ticket-dashboard")
FOR_ALL = tuple(name for name in INCIDENTS if name.startswith(("hook", "status")))
"""Doors without sign-in: machines bring a token, and the public page knows nobody."""


@pytest.fixture
def elsewhere(db: None) -> User:
    """An engineer of another service."""
    person = User.objects.create_user("elsewhere", password="a-password-of-the-tests")
    assign_perm("respond_service", person, Service.objects.create(slug="search", name="S", repository="acme/search"))
    return person


@pytest.fixture
def clients(
    stranger: User, elsewhere: User, auditor: User, engineer: User, reviewer: User, oncall: User
) -> dict[str, Client]:
    """A browser for everybody, signed in where they have an account."""
    people = (None, stranger, elsewhere, auditor, engineer, reviewer, oncall)
    found = {name: Client(raise_request_exception=False) for name in PEOPLE}
    for name, person in zip(PEOPLE, people, strict=True):
        if person:
            found[name].force_login(person)
    return found


@pytest.fixture
def other(service: Service, incident: Incident, now: datetime) -> Incident:
    """A second incident of the service."""
    return declare_incident(service_id=service.pk, trigger=Trigger.ALERT, title="Again", now=now)


@pytest.fixture
def bring(request: pytest.FixtureRequest, oncall: User, now: datetime) -> Callable[[str], None]:
    """Bring the incident to where an act is lawful for the one who may do it."""

    def brought(situation: str) -> None:
        if situation == "declared":
            return
        plan: Plan = request.getfixturevalue("plan" if situation == "decided" else "executed")
        if situation == "stopped":
            version = Incident.objects.get(pk=plan.incident_id).version
            stop_plan(incident_id=plan.incident_id, actor=oncall, now=now, version=version)
        if situation == "failed":
            Step.objects.filter(kind="push_revert").update(state="failed", due_at=None)
        if situation == "learning":
            open_retrospective(plan.incident, now)
        if situation == "recovered":
            Incident.objects.filter(pk=plan.incident_id).update(state="recovered", recovered_at=now)
            Reversion.objects.create(
                change=plan.decision.change, incident=plan.incident, revert_sha="e" * 40, reverted_at=now,
                back_sha="f" * 40,
            )  # fmt: skip

    return brought


@pytest.fixture
def form(
    incident: Incident, other: Incident, engineer: User, answers: Callable[..., dict[str, str]]
) -> Callable[[], Any]:
    """One form that holds what each act asks for."""

    def filled() -> dict[str, Any]:
        plan = Plan.objects.filter(incident=incident).first()
        return answers() | {
            "version": Incident.objects.get(pk=incident.pk).version, "text": "Checkout answers 500.", "sha": "b" * 40,
            "to": engineer.pk, "other": other.number, "reason": "tried in staging", "path": "rollback",
            "digest": plan.instance_digest if plan else "", "what": "my-branch", "seen": "failed", "title": "Slow",
            "service": "shop", "severity": "2", "trigger": "U2", "fix": "12", "valid": "yes",
            "checked": "it signs in", "choice": "mine", "kind": "runbook", "words": "Name it.", "reference": "ECR-7",
            "none_because": "it is tested", "asked": "the key holder",
        }  # fmt: skip

    return filled


@pytest.fixture
def address(incident: Incident, change: Change) -> Callable[[str], str]:
    routes = addresses()
    drill = Drill.objects.create(
        service=incident.service, scenario="clean_revert", started_by_id=incident.lead_id, started_at=incident.onset_at
    )

    def found(name: str) -> str:
        step = Step.objects.filter(kind="push_revert").first()
        step_id, question = step.pk if step else incident.pk, ApprovalRequest.objects.first()
        values = {
            "number": incident.number, "step_id": step_id, "what": "retry", "word": "off", "role": "cto",
            "update_id": incident.pk, "export_id": incident.pk, "place": "slack", "section": "trigger",
            "follow_up_id": incident.pk,
            "slug": "shop", "sha": change.sha, "object_id": "1", "pk": 1, "key": "x", "uidb36": "x",
            "table": "stages", "entry_id": LedgerEntry.objects.latest("pk").pk, "provider_id": "x",
            "drill_id": drill.pk,
            "request_id": question.pk if question else step_id,
            "id": "1", "app_label": "auth", "url": "x", "content_type_id": "1",
        }  # fmt: skip
        return fill(routes[name], values)

    return found


def ask(client: Client, method: str, address: str, form: Any = None, **headers: str) -> int:
    """The status; whatever the request did is undone, and the session is kept."""
    cookies, point = client.cookies.copy(), transaction.savepoint()
    if method == "POST":
        answer = client.post(address, form or {}, headers=headers)
    else:
        answer = client.generic(method, address, headers=headers)
    client.cookies = cookies
    if answer.status_code >= 400:
        assert LedgerEntry.objects.count() == ask.entries, "a refused request wrote to the ledger"
    transaction.savepoint_rollback(point)
    return answer.status_code


def statuses(clients: Mapping[str, Client], method: str, address: str, form: Any = None) -> str:
    ask.entries = LedgerEntry.objects.count()
    return " ".join(str(ask(client, method, address, form)) for client in clients.values())


def test_every_address_of_the_configuration_stands_in_the_table() -> None:
    assert addresses().keys() == known()


@pytest.mark.parametrize("name", INCIDENTS)
def test_the_console_answers_everybody_as_the_table_says(
    clients: dict[str, Client], bring: Callable[[str], None], address: Callable[[str], str],
    form: Callable[[], Any], name: str,
) -> None:  # fmt: skip
    bring(SITUATIONS.get(name, "declared"))
    found = {
        method: statuses(clients, method, address(f"incidents:{name}"), form() if method == "POST" else None)
        for method in ("GET", "POST")
    }
    assert found == INCIDENTS[name]
    most = {who: clients[who] for who in ("anonymous", "oncall")}
    assert {statuses(most, method, address(f"incidents:{name}")) for method in ("PUT", "DELETE")} == {"405 405"}


@pytest.fixture
def asked(incident: Incident, oncall: User, answers: Callable[..., dict[str, str]]) -> None:
    """A decided rollback that waits for the CTO and the DBA."""
    given = answers(migration="yes", customer_data="yes", incompatible="no")
    decide(incident_id=incident.pk, actor=oncall, now=database_now(), version=1, answers=given, path="rollback")


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("name", APPROVALS)
def test_the_approvers_pages_answer_everybody_as_the_table_says(
    clients: dict[str, Client], address: Callable[[str], str], name: str
) -> None:
    found = {method: statuses(clients, method, address(f"approvals:{name}")) for method in ("GET", "POST")}
    assert found == APPROVALS[name]


@pytest.mark.parametrize("name", [name for name, answers in INCIDENTS.items() if "405" not in answers["POST"]])
def test_whoever_only_reads_changes_nothing_in_the_database(
    clients: dict[str, Client], bring: Callable[[str], None], address: Callable[[str], str],
    form: Callable[[], Any], name: str,
) -> None:  # fmt: skip
    bring(SITUATIONS.get(name, "declared"))
    before, answers = everything(), dict(zip(PEOPLE, INCIDENTS[name]["POST"].split(), strict=True))
    for reader in READERS:
        if reader != "anonymous" and answers[reader] == "302":
            continue  # theirs to do: an engineer of another service may rehearse
        clients[reader].post(address(f"incidents:{name}"), form())
    assert everything() == before


def everything() -> list[Any]:
    """All that an act could change."""
    tables = (Incident, Plan, Step)
    return [list(table.objects.order_by("pk").values()) for table in tables] + [LedgerEntry.objects.count()]


@pytest.mark.parametrize("name", [name for name in INCIDENTS if name not in (*FOR_ALL, *JSON)])
def test_a_fragment_takes_the_whole_page_to_the_door(address: Callable[[str], str], name: str) -> None:
    method = "get" if INCIDENTS[name]["POST"].startswith("405") else "post"
    answer = getattr(Client(), method)(address(f"incidents:{name}"), headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (200, "/accounts/login/")


@pytest.mark.parametrize("name", [name for name in INCIDENTS if name not in FOR_ALL])
def test_somebody_who_was_deactivated_is_anonymous_at_once(
    clients: dict[str, Client], oncall: User, address: Callable[[str], str], name: str
) -> None:
    User.objects.filter(pk=oncall.pk).update(is_active=False)
    method = "get" if INCIDENTS[name]["POST"].startswith("405") else "post"
    answer = getattr(clients["oncall"], method)(address(f"incidents:{name}"))
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/accounts/login/")


@pytest.mark.parametrize("name", OTHERS)
def test_the_machines_doors_answer_as_the_table_says(
    clients: dict[str, Client], address: Callable[[str], str], name: str
) -> None:
    assert {method: statuses(clients, method, address(name)) for method in ("GET", "POST")} == OTHERS[name]


def test_the_pages_of_ones_own_account_answer_as_the_table_says(
    clients: dict[str, Client], address: Callable[[str], str]
) -> None:
    pair = {name: clients[name] for name in ("anonymous", "stranger")}
    found = {name: {method: statuses(pair, method, address(name)) for method in ("GET", "POST")} for name in ACCOUNTS}
    assert found == ACCOUNTS


def test_nobody_but_administrators_comes_into_the_administration(
    clients: dict[str, Client], address: Callable[[str], str]
) -> None:
    pair = {name: clients[name] for name in ("anonymous", "oncall")}
    found = {(name, statuses(pair, method, address(name))) for name in ADMIN for method in ("GET", "POST")}
    assert found == {(name, "302 403" if name == "admin:login" else "302 302") for name in ADMIN}


@pytest.mark.parametrize("who", PEOPLE)
def test_the_administration_sends_everybody_else_to_its_door(
    clients: dict[str, Client], address: Callable[[str], str], who: str
) -> None:
    answer = clients[who].get(address("admin:index"))
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/admin/login/")
