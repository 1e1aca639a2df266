"""What is due now, the most urgent first: on the dashboard for many services, in the room for one incident."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from approvals.models import ApprovalRequest
from approvals.quorum import How
from incidents.models.deadline import Deadline
from incidents.models.incident import Incident
from incidents.models.service import Service
from incidents.procedure.deadlines import DeadlineKind, Planned, following_rung, plan_of
from incidents.queries.deputies import ROLE_WORDS
from incidents.queries.due import office
from incidents.queries.shapes.due import DueLine, DueStrip

MOST: Final = 4
AHEAD: Final = timedelta(hours=24)
"""How far ahead the dashboard looks; the room shows everything."""
CLOSE: Final = timedelta(hours=1)


def due_in(incident: Incident, now: datetime) -> DueStrip:
    """Everything due of one incident."""
    return _strip(Deadline.objects.standing().filter(incident=incident), now)


def due_for(services: Iterable[Service], now: datetime) -> DueStrip:
    """What is overdue or due within a day, for these services; rehearsals hurry nobody."""
    soon = Deadline.objects.standing().filter(due_at__lte=now + AHEAD)
    return _strip(soon.filter(incident__service__in=list(services), incident__drill=False), now)


def marks_of(deadline: Deadline) -> tuple[Planned, ...]:
    """Every moment at which somebody is told of it."""
    kind = DeadlineKind(deadline.kind)
    return plan_of(kind, since=deadline.since, due_at=deadline.due_at, office=office())


def _strip(found: QuerySet[Deadline], now: datetime) -> DueStrip:
    rows = list(found.select_related("owner", "incident"))
    shown, asked = rows[:MOST], [each.subject for each in rows[:MOST] if each.kind == DeadlineKind.APPROVAL]
    questions = ApprovalRequest.objects.in_bulk(asked) if asked else {}
    return DueStrip(tuple(_line(each, now, questions.get(each.subject)) for each in shown), len(rows) - len(shown))


def _line(deadline: Deadline, now: datetime, question: ApprovalRequest | None) -> DueLine:
    overdue = deadline.due_at <= now
    then, then_at = _escalation(deadline, now, question.deputies_from if question else None)
    return DueLine(
        words=deadline.words,
        url=deadline.path,
        rule=deadline.rule,
        who=_seats(question) if question else deadline.owner.username if deadline.owner else "",
        due_at=deadline.due_at,
        overdue=overdue,
        tone="danger" if overdue else "warn" if deadline.due_at - now < CLOSE else "idle",
        then=then,
        then_at=then_at,
        number=deadline.incident.number,
    )


def _seats(question: ApprovalRequest) -> str:
    """For whom a question waits."""
    glue = " and " if question.rule.how is How.ALL else " or "
    return glue.join(seat.words for seat in question.rule.seats)


def _escalation(deadline: Deadline, now: datetime, deputies_from: datetime | None) -> tuple[str, datetime | None]:
    """Whom it goes to next, and when: the deputies whom E15 wakes for a question, or the rung above.

    Every mark before the one that comes next is settled, so the row alone tells.
    """
    if deputies_from and deputies_from > now:
        return "the deputies", deputies_from
    left = (each for each in marks_of(deadline) if deadline.next_at and each.at >= deadline.next_at)
    rung = following_rung(left, set())
    return (ROLE_WORDS[rung.mark.ear], rung.at) if rung else ("", None)
