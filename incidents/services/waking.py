"""Waking whoever must answer: by phone, chat and mail, each person once for a question; the deputy in time (E14, E15).

A wake holds nothing up: what cannot be sent is told in the room, with who must be called by hand.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet

from incidents import dispatch
from incidents.models.incident import Incident
from incidents.models.ledger import LedgerEntry
from incidents.models.step import Step
from incidents.procedure.steps import ENDED, WAITS_FOR_A_PERSON, StepKind, StepState
from incidents.queries.deputies import able_deputy, able_to_answer
from incidents.queries.reaching import Called, Way, address_of, wanted_ways, ways_to
from incidents.queries.waking import WOKEN
from incidents.services.announcing import place_step
from incidents.services.gating import ready_step
from incidents.services.recording import record

KINDS: Mapping[Way, StepKind] = {
    Way.PHONE: StepKind.WAKE_BY_PHONE,
    Way.CHAT: StepKind.WAKE_BY_CHAT,
    Way.MAIL: StepKind.WAKE_BY_MAIL,
}
REMINDING: Mapping[Way, StepKind] = {Way.CHAT: StepKind.REMIND_BY_CHAT, Way.MAIL: StepKind.REMIND_BY_MAIL}
FOLLOWED = frozenset({StepKind.WAKE_BY_PHONE, StepKind.WAKE_BY_CHAT, StepKind.REMIND_BY_CHAT})
"""What is put right once its question is over: a page is resolved, a message's buttons are taken away."""


@dataclass(frozen=True, slots=True)
class Question:
    """What people are woken for: under which rule, in which words, and where it is answered."""

    incident: Incident
    rule: str
    words: str
    url: str
    urgent: bool = True


def wake(
    incident: Incident,
    *,
    roles: Sequence[str],
    rule: str,
    words: str,
    url: str,
    now: datetime,
    actor: User | None = None,
    urgent: bool = True,
) -> list[Step]:
    """Wake who holds these roles now, and at once the deputy of a role whose holder cannot answer (E14, E15).

    Runs inside the caller's transaction. `actor` asks, so is not woken. A person who was woken for this question, which
    is its rule and address, is never woken again. Phones ring only for what is `urgent`.
    """
    question = Question(incident, rule, words, address(url), urgent)
    called = [each for role in roles for each in _called(role, incident, actor, now)]
    answered_by = {each.role for each in called}
    nobody = [role for role in roles if role not in answered_by]
    return wake_new(question, called, now=now, nobody=nobody, actor=actor)


def address(url: str) -> str:
    """Where a page of the console is found from outside."""
    return f"{settings.PUBLIC_URL}{url}" if url.startswith("/") else url


def _called(role: str, incident: Incident, asked_by: User | None, now: datetime) -> list[Called]:
    able = able_to_answer(role, incident=incident, asked_by=asked_by, now=now)
    if able:
        return [Called(person, role) for person in able]
    deputy = able_deputy(role, incident=incident, asked_by=asked_by, now=now)
    return [Called(deputy, role, deputy=True)] if deputy else []


def wake_new(
    question: Question,
    called: Iterable[Called],
    *,
    now: datetime,
    nobody: Sequence[str] = (),
    actor: User | None = None,
) -> list[Step]:
    """Wake whom this question has not woken yet, inside the caller's transaction; one entry tells of them all.

    `nobody`: roles that nobody can answer for, told with the first wake of a question.
    """
    Incident.objects.locked().get(pk=question.incident.pk)
    told = _told_before(question)
    known, lost = _people_in(told), () if told else nobody
    new = list({each.person.pk: each for each in called if each.person.pk not in known}.values())
    if not (new or lost):
        return []
    woken = [(each, ways_to(each, urgent=question.urgent)) for each in new]
    steps = [_place(question, each, KINDS[way], way, now, actor) for each, ways in woken for way in ways]
    for step in steps:
        ready_step(step, now)
    record(
        question.incident, WOKEN, at=now, actor=actor, rule=question.rule, question=question.url, words=question.words,
        woken=[_told(each, ways, question) for each, ways in woken], nobody=list(lost),
    )  # fmt: skip
    return steps


def remind(question: Question, called: Iterable[Called], *, now: datetime) -> list[dict[str, object]]:
    """Write to people about what is due, by chat and mail, and say to whom: a phone rings only for a question (E15).

    Runs inside the caller's transaction, which sees to it that nobody is told twice and writes it down.
    """
    reached = [(each, ways_to(each, urgent=False)) for each in called]
    for each, ways in reached:
        for way in ways:
            ready_step(_place(question, each, REMINDING[way], way, now, None), now)
    return [_told(each, ways, question) for each, ways in reached]


def woken_for(question: Question) -> set[int]:
    """The people who were woken for this very question."""
    return _people_in(_told_before(question))


def _people_in(told: Iterable[Mapping[str, Any]]) -> set[int]:
    return {each["id"] for facts in told for each in facts["woken"]}


def _told_before(question: Question) -> list[dict[str, Any]]:
    """What was recorded of waking people for this very question."""
    entries = LedgerEntry.objects.filter(incident=question.incident, kind=WOKEN, rule=question.rule)
    return [facts for entry in entries if (facts := entry.data)["question"] == question.url]


def _place(question: Question, called: Called, kind: StepKind, way: Way, now: datetime, actor: User | None) -> Step:
    person = called.person
    parameters = {
        "words": question.words, "url": question.url, "role": called.role, "deputy": called.deputy,
        "person": person.pk, "name": person.username, "email": person.email, "to": address_of(called, way),
    }  # fmt: skip
    return place_step(question.incident, kind, parameters, now=now, actor=actor, rule=question.rule)


def _told(called: Called, ways: Sequence[Way], question: Question) -> dict[str, object]:
    return {
        "id": called.person.pk, "person": called.person.username, "role": called.role, "deputy": called.deputy,
        "ways": list(ways),
        "missing": [way for way in wanted_ways(urgent=question.urgent) if way not in ways],
    }  # fmt: skip


def let_rest(incident: Incident, *, now: datetime, url: str = "", person: User | None = None) -> None:
    """The question at `url` is answered, withdrawn or over, for one `person` or for all: open pages are resolved, and
    messages lose their buttons.

    Runs inside the caller's transaction, under the incident's lock. What was not sent by now is not sent. Without an
    address every wake rests; reminders go on, since what is due outlasts the incident (T1).
    """
    kinds = [*KINDS.values(), *(REMINDING.values() if url else ())]
    found = Step.objects.select_for_update().filter(incident=incident, kind__in=kinds).exclude(state__in=ENDED)
    for step in found.order_by("asked_at", "id"):
        about = not url or step.parameters["url"] == address(url)
        if about and (person is None or step.parameters["person"] == person.pk):
            _let_rest(step, now)


def rest(steps: QuerySet[Step], *, now: datetime) -> None:
    """What these would have said is over: what was not sent is not sent, what stands there is put right."""
    for step in steps.select_for_update().order_by("asked_at", "id"):
        _let_rest(step, now)


def _let_rest(step: Step, now: datetime) -> None:
    if step.state == StepState.RUNNING or step.lease is not None:
        _mark_over(step)
    elif step.kind in FOLLOWED and step.attempts:
        _mark_over(step)
        _look_again(step, now)
    else:
        _cancel(step, now)


def _mark_over(step: Step) -> None:
    """Whoever looks at it next resolves the page, or puts the message right."""
    step.parameters = {**step.parameters, "over": True}
    step.save(update_fields=["parameters"])


def _look_again(step: Step, now: datetime) -> None:
    """At once. A page whose outcome is unknown may be ringing: it is looked up, and resolved where it was sent."""
    if step.state in WAITS_FOR_A_PERSON:
        step.attempts = 0
        step.save(update_fields=["attempts"])
        ready_step(step, now)
    else:
        Step.objects.filter(pk=step.pk).update(due_at=now)
        dispatch.perform_step(step.pk)


def _cancel(step: Step, now: datetime) -> None:
    step.state, step.finished_at, step.due_at = StepState.CANCELLED, now, None
    step.sentence = (
        "The question was over before." if not step.attempts else "The question is over. It may have been sent."
    )
    step.save()
    record(
        step.incident, "step.cancelled", at=now, rule=step.rule, step=step.pk, step_kind=step.kind, words=step.sentence
    )
