"""A long past, made by the database itself: incidents with their decisions, plans, steps and entries of the record."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.db.models import AutoField, Field, JSONField, Model
from guardian.shortcuts import assign_perm
from psycopg.types.json import Jsonb

from approvals.models import ApprovalRequest, Vote
from approvals.quorum import Answer, State
from approvals.services.voting import Authentication, vote
from incidents.models import (
    Assessment,
    Change,
    Decision,
    Incident,
    LedgerEntry,
    LedgerStream,
    Plan,
    Retrospective,
    Seat,
    Service,
    Shift,
    StatusUpdate,
    Step,
    Suspect,
    Trigger,
)
from incidents.procedure.answers import QUESTIONS
from incidents.services.deciding import decide
from incidents.services.declaring import declare_incident
from incidents.services.drafting import Draft
from incidents.services.publishing import write_words
from incidents.services.recording import record

SERVICES: Final = 40
YEARS: Final = timedelta(days=3 * 365)
GROUPS: Final = ("cto", "ciso", "dba", "auditor", "administrator")

_AT: Final = "%(start)s::timestamptz + g * (%(span)s::interval / %(n)s)"
_SOME: Final = "(('x' || substr(md5({0} || g), 1, 7))::bit(28)::int / 268435456.0)"


def _minutes(name: str, most: float) -> str:
    """A span that differs from incident to incident, and stays the same from statement to statement."""
    share = _SOME.format(f"'{name}'")
    return f"(interval '1 minute' * (0.2 + {most} * {share} * {share} * {share}))"


_DECLARED: Final = f"({_AT})"
_DECIDED: Final = f"({_DECLARED} + {_minutes('decide', 25)})"
_EXECUTED: Final = f"({_DECIDED} + {_minutes('execute', 20)})"
_RECOVERED: Final = f"({_EXECUTED} + interval '9 minutes' + {_minutes('recover', 60)})"
_ID: Final = "md5('{0}' || g)::uuid"
_SERVICE: Final = "(SELECT id FROM incidents_service WHERE slug = 'service-' || (g % %(services)s))"
_ROLLS_BACK: Final = "(g % 9 <> 0)"
_SPAN: Final = "generate_series(1, %(n)s) g"
_STEPS: Final = ("push_revert", "open_pull_request", "review", "merge", "deploy", "prove_recovery")
_KINDS: Final = (
    "incident.declared", "suspect.named", "alert.fired", "decision.taken", "plan.made", "plan.executed", "step.done",
    "step.failed", "incident.recovered", "incident.closed",
)  # fmt: skip
_TEXT: Final = """'{"actor":null,"data":{"words":"it went on"},"previous":"","role":"","seq":' || seq || '}'"""
_RULES: Final = ("U3", "", "R5", "D6", "R1", "D6", "R1", "R2", "R5", "T1")
_TITLES: Final = ("Checkout answers 500", "Search is slow", "Mails are late", "Gift notes are cut short")


def _one_of(words: tuple[str, ...], number: str) -> str:
    return f"(ARRAY[{', '.join(repr(word) for word in words)}])[1 + {number} % {len(words)}]"


_ROWS: Final[tuple[tuple[type[Model], str, dict[str, str]], ...]] = (
    (
        Change,
        _SPAN,
        {
            "id": _ID.format("change"), "service_id": _SERVICE, "sha": "encode(sha256(g::text::bytea), 'hex')",
            "kind": "'merge'", "title": "'Change ' || g", "merged_at": f"{_DECLARED} - interval '20 minutes'",
            "pull_request": "g",
        },
    ),
    (
        Incident,
        _SPAN,
        {
            "id": _ID.format("incident"), "service_id": _SERVICE, "title": _one_of(_TITLES, "g"), "state": "'closed'",
            "number": f"'INC-' || extract(year FROM {_DECLARED}) || '-' || (100000 + g)", "severity": "1 + g % 3",
            "trigger": _one_of(("U1", "U2", "U3"), "g"), "onset_at": f"{_DECLARED} - {_minutes('onset', 30)}",
            "declared_at": _DECLARED, "lead_id": "%(oncall)s", "recovered_at": _RECOVERED,
            "closed_at": f"{_RECOVERED} + interval '1 hour'", "resolution": "'recovered'",
        },
    ),
    (
        Suspect,
        _SPAN,
        {
            "id": _ID.format("suspect"), "incident_id": _ID.format("incident"), "change_id": _ID.format("change"),
            "chosen": "true", "named_at": _DECLARED,
        },
    ),
    (
        Decision,
        _SPAN,
        {
            "id": _ID.format("decision"), "incident_id": _ID.format("incident"), "number": "1", "answers": "'{}'",
            "advice": "'{}'", "path": f"CASE WHEN {_ROLLS_BACK} THEN 'rollback' ELSE 'roll_forward' END",
            "change_id": _ID.format("change"), "decided_by_id": "%(oncall)s", "decided_at": _DECIDED,
            "procedure_version": "'1.0'",
        },
    ),
    (
        Plan,
        _SPAN,
        {
            "id": _ID.format("plan"), "incident_id": _ID.format("incident"), "decision_id": _ID.format("decision"),
            "number": "1", "patch_id": "CASE WHEN g % 7 = 0 THEN '' ELSE md5(g::text) END", "made_at": _DECIDED,
            "executed_at": _EXECUTED, "executed_by_id": "%(oncall)s",
        },
    ),
    (
        Step,
        f"{_SPAN}, unnest(ARRAY{list(_STEPS)}) WITH ORDINALITY AS kinds (kind, place)",
        {
            "id": "md5('step' || kind || g)::uuid", "incident_id": _ID.format("incident"), "kind": "kind",
            "plan_id": _ID.format("plan"), "position": "place", "rule": "'R1'", "state": "'done'",
            "key": "md5('key' || kind || g)::uuid", "asked_at": _DECIDED, "attempts": "1", "started_at": _EXECUTED,
            "finished_at": f"{_EXECUTED} + place * interval '90 seconds'",
        },
    ),
    (
        Retrospective,
        _SPAN,
        {
            "id": _ID.format("retrospective"), "incident_id": _ID.format("incident"), "opened_at": _RECOVERED,
            "due_at": f"{_RECOVERED} + interval '24 hours'",
            "completed_at": f"{_RECOVERED} + interval '1 hour' * (1 + 30 * {_SOME.format(repr('retro'))})",
        },
    ),
    (
        LedgerStream,
        _SPAN,
        {"name": f"'incident:' || {_ID.format('incident')}", "seq": "%(entries)s", "head": "md5(g::text)"},
    ),
    (
        LedgerEntry,
        f"{_SPAN}, generate_series(1, %(entries)s) seq",
        {
            "stream_id": f"'incident:' || {_ID.format('incident')}", "seq": "seq", "kind": _one_of(_KINDS, "seq"),
            "at": f"{_DECLARED} + seq * interval '1 minute'", "rule": _one_of(_RULES, "seq"), "text": _TEXT,
            "actor_id": "CASE WHEN seq % 2 = 0 THEN %(oncall)s END", "incident_id": _ID.format("incident"),
            "actor_name": "CASE WHEN seq % 2 = 0 THEN 'oncall' ELSE '' END", "service_id": _SERVICE,
            "hash": "md5(seq::text || g) || md5(g::text || seq)",
        },
    ),
)  # fmt: skip
"""What is written, from which numbers, and what differs from a column's default."""


def _fill(cursor: Any, model: type[Model], source: str, columns: dict[str, str], filling: dict[str, Any]) -> None:
    """Rows made by the database itself; every column that is not named gets what the model says."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]
    defaults = {f"of_{field.attname}": _default(field) for field in fields if field.attname not in columns}
    values = [columns.get(field.attname, f"%(of_{field.attname})s").replace(" % ", " %% ") for field in fields]
    names = ", ".join(f'"{field.column}"' for field in fields)
    cursor.execute(
        f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {", ".join(values)} FROM {source}',
        {**filling, **defaults},
    )


def _default(field: Field[Any, Any]) -> Any:
    value = field.get_default()
    return Jsonb(value) if isinstance(field, JSONField) else value


@dataclass(frozen=True, slots=True)
class Past:
    """Who is there, and what is looked at."""

    oncall: User
    cto: User
    auditor: User
    busy: Incident
    entries: int


def make_past(incidents: int, now: datetime, *, entries: int = 1_000, asked: int = 5) -> Past:
    """Make it all: `incidents` that are over, one that is open with `entries` of the record, `asked` open questions."""
    people = {name: _person(name) for name in ("oncall", *GROUPS)}
    oncall = people["oncall"]
    Service.objects.bulk_create(
        Service(
            slug=f"service-{number}", name=f"Service {number}", repository=f"acme/service-{number}",
            alert_name=f"Errors{number}", alert_query="errors", alert_threshold=0.05, status_components=["Checkout"],
            channel_id=f"C{number}",
        )
        for number in range(SERVICES)
    )  # fmt: skip
    filling = {"n": incidents, "services": SERVICES, "oncall": oncall.pk, "entries": 10,
               "start": now - YEARS, "span": YEARS - timedelta(hours=3)}  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        for model, source, columns in _ROWS:
            _fill(cursor, model, source, columns, filling)
    for service in Service.objects.all():
        for right in ("respond_service", "review_service"):
            assign_perm(right, oncall, service)
        _on_duty(service, oncall, now)
    Shift.objects.create(person=people["dba"], seat=Seat.DBA, starts_at=now - YEARS, ends_at=now + YEARS)
    open_ones = [_asked_about(people, number, now) for number in range(asked)]
    busy = open_ones[0]
    _tell(busy, oncall, now)
    _history(people["cto"], ApprovalRequest.objects.earliest("asked_at"), now)
    with transaction.atomic():
        for number in range(entries - LedgerEntry.objects.filter(incident=busy).count()):
            record(busy, "step.done", at=now + timedelta(seconds=number), rule="R1", actor=oncall, words="It went on.")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return Past(oncall, people["cto"], people["auditor"], busy, entries)


def _person(name: str) -> User:
    person = User.objects.create_user(name)
    if name in GROUPS:
        person.groups.add(Group.objects.get_or_create(name=name)[0])
    return person


def _on_duty(service: Service, person: User, now: datetime) -> None:
    Shift.objects.create(person=person, seat=Seat.ON_CALL, service=service, starts_at=now - YEARS, ends_at=now + YEARS)


def _asked_about(people: dict[str, User], number: int, now: datetime) -> Incident:
    """An open incident whose rollback waits for the CTO and the DBA; the DBA has approved."""
    service, oncall = Service.objects.get(slug=f"service-{number}"), people["oncall"]
    change = Change.objects.filter(service=service).latest("merged_at")
    Assessment.objects.create(
        change=change, base="a" * 40, verdict="clean", tree="c" * 40, patch_id="d" * 40, words="Reverts cleanly.",
        computed_at=now,
    )  # fmt: skip
    incident = declare_incident(
        service_id=service.pk, trigger=Trigger.REGRESSION, title="Checkout answers 500", now=now, actor=oncall,
        change_id=change.pk,
    )  # fmt: skip
    for other in Change.objects.filter(service=service).exclude(pk=change.pk).order_by("-merged_at")[:3]:
        Suspect.objects.create(incident=incident, change=other, named_at=now)
    given = dict.fromkeys(QUESTIONS, "no") | {
        "threshold_exceeded": "yes", "customer_impact": "yes", "migration": "yes", "customer_data": "yes",
    }  # fmt: skip
    version = Incident.objects.get(pk=incident.pk).version
    decide(incident_id=incident.pk, actor=oncall, now=now, version=version, answers=given, path="rollback")
    question = ApprovalRequest.objects.get(subject_id=str(incident.pk))
    vote(
        request_id=question.pk, actor=people["dba"], seat="dba", answer=Answer.APPROVE, reason="", now=now,
        digest=question.digest, version=question.version, authentication=Authentication("password", now, fresh=True),
    )  # fmt: skip
    return Incident.objects.get(pk=incident.pk)


def _tell(incident: Incident, oncall: User, now: datetime) -> None:
    """Three updates were posted, and a fourth is asked about."""
    for phase in ("investigating", "identified", "monitoring"):
        StatusUpdate.objects.create(
            incident=incident, phase=phase, state="posted", posted_at=now, message="Orders fail.", drafted_by=oncall,
            drafted_at=now, title="Disruption of Checkout", components=[{"name": "Checkout", "state": "down"}],
        )  # fmt: skip
    draft = Draft(phase="monitoring", message="A fix is in production.", components={"Checkout": "degraded"})
    write_words(incident_id=incident.pk, draft=draft, ask=True, actor=oncall, now=now)


def _history(cto: User, like: ApprovalRequest, now: datetime) -> None:
    """Forty questions that the CTO answered, and that are over."""
    for number in range(40):
        pk = UUID(int=number + 1)
        fields = {field.attname: getattr(like, field.attname) for field in like._meta.concrete_fields}
        fields |= {"id": pk, "subject_id": str(pk), "state": State.CONSUMED, "consumed_by": "plan:x", "ended_at": now}
        asked = ApprovalRequest.objects.create(**fields)
        Vote.objects.create(
            request=asked,
            number=1,
            person=cto,
            seat="cto",
            answer=Answer.APPROVE,
            digest_seen=asked.digest,
            cast_at=now,
        )
