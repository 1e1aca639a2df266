"""What is due, read from the rows that are due themselves: deadlines follow it, so no way of making one can miss it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q
from django.urls import reverse

from approvals.models import ApprovalRequest
from approvals.quorum import State
from incidents.models.incident import Incident
from incidents.models.retrospective import FollowUp, Retrospective
from incidents.models.words import StatusUpdate
from incidents.procedure.deadlines import DeadlineKind, end_of
from incidents.procedure.public_words import Phase
from incidents.queries.duty import on_call_for
from incidents.queries.seats import incident_of

STANDS_AFTER_THE_CLOSE: Final = timedelta(days=1)
"""How often somebody looks again at words that were knowingly left standing when the incident was closed (P1)."""
UNANSWERED_FOR: Final = timedelta(days=1)
"""How long a question that expired without an answer is still shown as overdue."""
ANSWERED: Final = (State.GRANTED.value, State.REFUSED.value, State.CONSUMED.value)


@dataclass(frozen=True, slots=True)
class Due:
    """One thing due: what, at which moment, whose, where it is done, and since when that is known."""

    kind: DeadlineKind
    subject: UUID
    incident: Incident
    rule: str
    words: str
    path: str
    owner: User | None
    since: datetime
    due_at: datetime


def office() -> ZoneInfo:
    """Where a day begins and ends, for what is due on a day."""
    return ZoneInfo(settings.OFFICE_ZONE)


def things_due(now: datetime) -> list[Due]:
    """Everything that is due and not done, overdue or not."""
    return [due for source in SOURCES.values() for due in source(now, None)]


def thing_due(kind: str, subject: UUID, now: datetime) -> Due | None:
    """One thing as it stands now; None where it is done, or no longer due."""
    return next(iter(SOURCES[DeadlineKind(kind)](now, subject)), None)


def was_done(kind: str, subject: UUID, due_at: datetime) -> bool:
    """Whether what is due no longer was done; else it was taken back, or moved."""
    match DeadlineKind(kind):
        case DeadlineKind.RETROSPECTIVE:
            registered = Q(registered_at__isnull=False, due_at=due_at)
            return Retrospective.objects.filter(Q(completed_at__isnull=False) | registered, pk=subject).exists()
        case DeadlineKind.APPROVAL:
            return ApprovalRequest.objects.filter(pk=subject, state__in=ANSWERED).exists()
        case DeadlineKind.FOLLOW_UP:
            return FollowUp.objects.filter(pk=subject, done_at__isnull=False).exists()
        case DeadlineKind.PUBLIC_WORDS:
            newest = StatusUpdate.objects.posted().filter(incident=subject).last()
            return newest is not None and _promised(newest, newest.incident) != due_at


def _retrospectives(now: datetime, subject: UUID | None) -> Iterator[Due]:
    """Registered within 24 hours (T1), then complete by the service's own term (E21).

    A rehearsal is learnt from at its score.
    """
    open_ones = Retrospective.objects.filter(completed_at=None, incident__drill=False, **_only("pk", subject))
    for each in open_ones.select_related("incident__service", "incident__lead"):
        yield Due(
            DeadlineKind.RETROSPECTIVE, each.pk, each.incident, "T1",
            f"The retrospective of {each.incident.number}", _retro(each.incident),
            _led_by(each.incident, now), each.opened_at,
            each.due_at if each.registered_at is None else each.complete_by or each.due_at,
        )  # fmt: skip


def _approvals(now: datetime, subject: UUID | None) -> Iterator[Due]:
    waiting = Q(state=State.OPEN.value) | Q(state=State.EXPIRED.value, ended_at__gt=now - UNANSWERED_FOR)
    for each in ApprovalRequest.objects.filter(waiting, **_only("pk", subject)).select_related("asked_by"):
        incident = incident_of(each.subject_type, each.subject_id)
        if incident is None or not incident.is_open or _asked_anew(each):
            continue
        yield Due(
            DeadlineKind.APPROVAL, each.pk, incident, "E15", f"An answer: {each.question}",
            reverse("approvals:detail", args=[each.pk]), each.asked_by, each.asked_at, each.expires_at,
        )  # fmt: skip


def _asked_anew(request: ApprovalRequest) -> bool:
    about = ApprovalRequest.objects.filter(
        subject_type=request.subject_type, subject_id=request.subject_id, rule_id=request.rule_id
    )
    return request.state != State.OPEN.value and about.filter(asked_at__gt=request.asked_at).exists()


def _follow_ups(now: datetime, subject: UUID | None) -> Iterator[Due]:
    undone = FollowUp.objects.unsettled().filter(due_on__isnull=False, **_only("pk", subject))
    related = ("owner", "retrospective__incident__service", "retrospective__incident__lead")
    for each in undone.select_related(*related):
        incident = each.retrospective.incident
        owner = each.owner if each.owner and each.owner.is_active else _led_by(incident, now)
        if each.due_on is not None:
            yield Due(
                DeadlineKind.FOLLOW_UP, each.pk, incident, "T2", f"Follow-up: {_short(each.words)}",
                f"{_retro(incident)}#follow-up-{each.pk}", owner, now, end_of(each.due_on, office()),
            )  # fmt: skip


def _public_words(now: datetime, subject: UUID | None) -> Iterator[Due]:
    posted = StatusUpdate.objects.filter(state="posted", **_only("incident", subject))
    newest = posted.order_by("incident_id", "-posted_at", "-id").distinct("incident_id")
    for each in newest.select_related("incident__service", "incident__lead", "incident__drafter"):
        incident = each.incident
        if each.phase != Phase.RESOLVED and each.posted_at:
            yield Due(
                DeadlineKind.PUBLIC_WORDS, incident.pk, incident, "P1",
                f"The next public update on {incident.service.name}, which still reads “{each.phase}”",
                _room(incident, "words"), incident.drafter or _led_by(incident, now), each.posted_at,
                _promised(each, incident),
            )  # fmt: skip


SOURCES: Final[Mapping[DeadlineKind, Callable[[datetime, UUID | None], Iterable[Due]]]] = {
    DeadlineKind.RETROSPECTIVE: _retrospectives,
    DeadlineKind.APPROVAL: _approvals,
    DeadlineKind.FOLLOW_UP: _follow_ups,
    DeadlineKind.PUBLIC_WORDS: _public_words,
}


def _promised(update: StatusUpdate, incident: Incident) -> datetime:
    """When the public is told again: within the set minutes, or within a day of words left standing at the close."""
    if update.posted_at is None:
        raise ValueError("What was not posted promises nothing.")
    every = timedelta(minutes=settings.PUBLIC_UPDATE_EVERY_MINUTES)
    return update.posted_at + (every if incident.is_open else STANDS_AFTER_THE_CLOSE)


def _led_by(incident: Incident, now: datetime) -> User | None:
    """The lead, or else whoever is on call."""
    if incident.lead and incident.lead.is_active:
        return incident.lead
    return on_call_for(incident.service, now=now, incident=incident)


def _only(column: str, subject: UUID | None) -> dict[str, UUID]:
    return {} if subject is None else {column: subject}


def _retro(incident: Incident) -> str:
    return reverse("incidents:retrospective", args=[incident.number])


def _room(incident: Incident, place: str) -> str:
    return f"{reverse('incidents:detail', args=[incident.number])}#{place}"


def _short(words: str) -> str:
    first = " ".join(words.split())
    return first if len(first) <= 200 else f"{first[:199]}…"
