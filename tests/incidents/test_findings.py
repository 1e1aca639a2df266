"""What the console reads in a change answers the form's questions; a person confirms or overrules (M1–M3, C1, E9)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from approvals.models import ApprovalRequest
from approvals.quorum import Answer as Vote
from approvals.services.voting import Authentication, vote
from incidents.assessment.confined_reading import unread_as_json
from incidents.models import Assessment, Change, Incident
from incidents.procedure.answers import Answer
from incidents.procedure.overruling import OverrulingNeedsReason
from incidents.queries.findings import found_in, reading_of, schema_badge
from incidents.services.approving import void_outdated
from incidents.services.deciding import decide
from incidents.services.executing import execute_plan
from tests.incidents.conftest import NOW

Fill = Callable[..., dict[str, str]]
pytestmark = pytest.mark.django_db(transaction=True)

DROP = {
    "rule": "drop-column", "verdict": "B", "path": "migrations/0007.sql", "line": 3,
    "text": "ALTER TABLE orders DROP note", "why": "The old code reads orders.note.", "do": "Roll forward.",
    "caution": "",
}  # fmt: skip
LOOK = {**DROP, "verdict": "H", "rule": "add-unique", "why": "Unknown.", "do": "Does the old code write duplicates?"}
NOTHING: Mapping[str, Any] = {
    "migrations": [], "findings": [], "customer": {"touched": "no", "tables": [], "unlisted": []},
    "credentials": {"verdict": "none", "evidence": []}, "flags": {"verdict": "none", "keys": [], "evidence": []},
}  # fmt: skip
KEY = {"path": "settings.py", "line": 8, "name": "PAYMENT_KEY", "signal": "environment"}


def read(change: Change, schema: str = "", **parts: Any) -> Assessment:
    assessment = Assessment.objects.get(change=change)
    assessment.schema, assessment.engine, assessment.read = schema, "1", {**NOTHING, **parts}
    assessment.save()
    return assessment


def migrated(change: Change, schema: str, finding: Mapping[str, Any], **customer: Any) -> Assessment:
    touched = {"touched": "no", "tables": [], "unlisted": [], **customer}
    return read(change, schema, migrations=["migrations/0007.sql"], findings=[finding], customer=touched)


def answers_of(assessment: Assessment) -> dict[str, Answer]:
    return {field: found.answer for field, found in found_in(assessment).items()}


def test_what_was_not_read_yet_answers_nothing(incident: Incident, change: Change) -> None:
    assert found_in(change.assessment) == {} == found_in(None)
    assert reading_of(change.assessment) is None


def test_m1_a_change_without_a_migration_says_so(incident: Incident, change: Change) -> None:
    assert answers_of(read(change)) == {"migration": Answer.NO, "credential_restored": Answer.NO}


def test_e9_a_change_that_cannot_be_read_answers_nothing_and_says_so(incident: Incident, change: Change) -> None:
    assessment = Assessment.objects.get(change=change)
    assessment.read = unread_as_json("it is a maze.")
    assessment.schema, assessment.engine = assessment.read["schema"], assessment.read["engine"]
    assert set(answers_of(assessment).values()) == {Answer.UNKNOWN}
    assert "it is a maze" in found_in(assessment)["migration"].evidence
    reading = reading_of(assessment)
    assert reading is not None
    assert reading.word == "Needs a look"


@pytest.mark.parametrize(
    ("schema", "finding", "answer", "evidence"),
    [
        ("B", DROP, Answer.YES, "migrations/0007.sql:3: The old code reads orders.note."),
        ("H", LOOK, Answer.UNKNOWN, "Does the old code write duplicates? (migrations/0007.sql:3)"),
        (
            "F",
            {**DROP, "verdict": "F"},
            Answer.NO,
            "every operation of its migrations is known",
        ),
    ],
)
def test_m2_the_verdict_answers_with_its_evidence(
    incident: Incident, change: Change, schema: str, finding: Mapping[str, Any], answer: Answer, evidence: str
) -> None:
    found = found_in(migrated(change, schema, finding))
    assert found["migration"].answer is Answer.YES
    assert found["incompatible"].answer is answer
    assert found["incompatible"].evidence.startswith(evidence)


@pytest.mark.parametrize("touched", ["yes", "no", "unknown"])
def test_m3_customer_data_is_answered_by_the_services_list_or_asked(
    incident: Incident, change: Change, touched: str
) -> None:
    found = found_in(migrated(change, "B", DROP, touched=touched, tables=["orders"], unlisted=["carts"]))
    assert found["customer_data"].answer == touched


@pytest.mark.parametrize(("verdict", "answer"), [("changes", "yes"), ("introduces", "no"), ("none", "no")])
def test_c1_only_a_credential_that_changes_comes_back(
    incident: Incident, change: Change, verdict: str, answer: str
) -> None:
    found = found_in(read(change, credentials={"verdict": verdict, "evidence": [KEY]}))
    assert found["credential_restored"].answer == answer


def test_the_gravest_finding_stands_first_and_each_says_where(incident: Incident, change: Change) -> None:
    assessment = migrated(change, "B", LOOK, touched="yes", tables=["orders"])
    assessment.read["findings"] = [LOOK, {**DROP, "verdict": "F"}, {**DROP, "verdict": "F", "caution": "seed"}, DROP]
    reading = reading_of(assessment)
    assert reading is not None
    assert (reading.word, reading.tone) == ("Old code fails", "danger")
    shown = [(each.rules, each.where) for each in reading.findings]
    place = "migrations/0007.sql:3"
    assert shown == [(("M2",), place), (("E9",), place), (("M1",), place), (("M3",), "")]


# ── overruling ──


def decided(incident: Incident, actor: User, given: dict[str, str], reason: str = "") -> Any:
    incident.refresh_from_db()
    return decide(
        incident_id=incident.pk, actor=actor, now=NOW, version=incident.version, answers=given, path="rollback",
        reason=reason,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The listener and the gate ask the database for the time; here it stands at `NOW`."""
    monkeypatch.setattr("incidents.receivers.database_now", lambda: NOW)
    monkeypatch.setattr("incidents.services.gating.database_now", lambda: NOW)


def say(person: User, seat: str) -> None:
    asked = ApprovalRequest.objects.get(state="open")
    vote(
        request_id=asked.pk, actor=person, seat=seat, answer=Vote.APPROVE, reason="read", digest=asked.digest,
        version=asked.version, now=NOW, authentication=Authentication("webauthn", NOW, fresh=True),
    )  # fmt: skip


def test_m2_what_the_console_found_is_not_set_aside_without_a_reason(
    incident: Incident, change: Change, oncall: User, answers: Fill
) -> None:
    migrated(change, "B", DROP)
    with pytest.raises(OverrulingNeedsReason, match=r"orders\.note"):
        decided(incident, oncall, answers(migration="yes", incompatible="no"))


@pytest.mark.parametrize(
    ("given", "rule", "seat"),
    [({"migration": "yes", "incompatible": "no"}, "M2", "dba"), ({"credential_restored": "no"}, "C2", "ciso")],
)
def test_m2_c2_an_overruled_finding_waits_for_the_second_person(
    incident: Incident, change: Change, oncall: User, dba: User, ciso: User, now: datetime, answers: Fill,
    given: dict[str, str], rule: str, seat: str,
) -> None:  # fmt: skip
    assessment = migrated(change, "B", DROP)
    if rule == "C2":
        assessment = read(change, credentials={"verdict": "changes", "evidence": [KEY]})
    plan = decided(incident, oncall, answers(**given), reason="Nobody reads it any more.").plan
    asked = ApprovalRequest.objects.get()
    assert (asked.rule_id, [each["role"] for each in asked.rule_seats["seats"]]) == (rule, [seat])
    assert next(iter(found_in(assessment).values())) is not None
    version = Incident.objects.get(pk=incident.pk).version
    execute_plan(incident_id=incident.pk, actor=oncall, now=NOW, version=version, digest=plan.instance_digest)
    assert plan.steps.in_order()[0].state == "gated"
    say({"dba": dba, "ciso": ciso}[seat], seat)
    assert plan.steps.in_order()[0].state == "ready"


def test_e13_another_verdict_on_the_schema_is_other_content(
    incident: Incident, change: Change, oncall: User, answers: Fill
) -> None:
    looked = migrated(change, "H", LOOK)
    decided(incident, oncall, answers(migration="yes", incompatible="no", customer_data="yes"))
    void_outdated(change=change, assessment=looked, now=NOW)
    assert ApprovalRequest.objects.get().state == "open"
    void_outdated(change=change, assessment=migrated(change, "B", DROP), now=NOW)
    assert set(ApprovalRequest.objects.values_list("state", flat=True)) == {"voided"}


@pytest.mark.parametrize(("schema", "words"), [("B", "old code fails"), ("H", "needs a look"), ("F", ""), ("", "")])
def test_m2_a_list_says_what_stands_against_taking_a_change_back(
    incident: Incident, change: Change, schema: str, words: str
) -> None:
    badge = schema_badge(migrated(change, schema, DROP))
    assert (badge.words if badge else "") == words
