"""Deadlines follow what is due, and tell whoever must hear of it: each mark once, by the rows (T1, T2, P1, E15).

What is due is asked of its own row, not told by whoever made it: so a deadline is set however the thing came about, and
ends when it is done, wherever that was. It is asked once more, under the locks, before anybody is told.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction

from approvals.models import ApprovalRequest
from incidents.models.deadline import Deadline, Reminder
from incidents.models.step import Step
from incidents.procedure.deadlines import RUNGS, Ear, Told, following, tell
from incidents.procedure.steps import ENDED
from incidents.queries.deadlines import marks_of
from incidents.queries.deputies import deputy_of, holders_now
from incidents.queries.due import Due, thing_due, things_due, was_done
from incidents.queries.reaching import Called
from incidents.services.locking import lock_incident
from incidents.services.recording import record
from incidents.services.standing_in import may_fill
from incidents.services.waking import REMINDING, Question, address, remind, rest

SOON_WORDS = "Due {at:%Y-%m-%d %H:%M} UTC: {words}."
OVERDUE_WORDS = "Overdue since {at:%Y-%m-%d %H:%M} UTC: {words}."
log = structlog.get_logger(__name__)


def mind_deadlines(*, now: datetime) -> int:
    """Set what is newly due, end what is done, tell whoever is to be told; the number of chores that failed."""
    return sum(not _done(chore) for chore in _chores(now))


def _chores(now: datetime) -> Iterator[Callable[[], object]]:
    due = {(each.kind.value, each.subject): each for each in things_due(now)}
    standing = {(each.kind, each.subject): each for each in Deadline.objects.standing().select_related("owner")}
    for key, deadline in standing.items():
        if key not in due or due[key].due_at != deadline.due_at:
            yield partial(end_deadline, deadline_id=deadline.pk, now=now)
    for key, each in due.items():
        if key not in standing or standing[key].due_at != each.due_at:
            yield partial(set_deadline, kind=each.kind, subject=each.subject, now=now)
        elif _says_otherwise(standing[key], each):
            yield partial(follow_owner, deadline_id=standing[key].pk, now=now)
    waiting = Deadline.objects.filter(next_at__lte=now).order_by("next_at").values_list("pk", flat=True)
    for deadline_id in list(waiting):
        yield partial(tell_of_deadline, deadline_id=deadline_id, now=now)


def _done(chore: Callable[[], object]) -> bool:
    try:
        chore()
    except DatabaseError:
        raise  # the database is away: nothing else would go either
    except Exception:
        log.exception("chore_failed", chore=str(chore))
        return False
    return True


@transaction.atomic
def set_deadline(*, kind: str, subject: UUID, now: datetime) -> Deadline | None:
    """A row for what is due, or the row that the same moment had before; None where it is due no longer."""
    due = thing_due(kind, subject, now)
    if due is None:
        return None
    incident = lock_incident(due.incident.pk)
    if Deadline.objects.standing().filter(kind=kind, subject=subject).exists():
        return None
    deadline, fresh = Deadline.objects.select_for_update().get_or_create(
        kind=due.kind, subject=due.subject, due_at=due.due_at, defaults={"incident": incident, "since": due.since}
    )
    deadline.ended_at, deadline.end = None, ""
    _keep(deadline, due)
    record(
        incident, "deadline.set", at=now, rule=due.rule, deadline=deadline.pk, of=due.kind, words=due.words,
        due_at=due.due_at, again=not fresh,
    )  # fmt: skip
    return deadline


def _says_otherwise(deadline: Deadline, due: Due) -> bool:
    return (deadline.owner, deadline.words) != (due.owner, due.words)


@transaction.atomic
def follow_owner(*, deadline_id: UUID, now: datetime) -> None:
    """The same thing at the same moment, but somebody else's by now, or worded anew."""
    deadline = _locked(deadline_id)
    due = _still(deadline, now) if deadline else None
    if deadline is not None and due is not None:
        _keep(deadline, due)


def _keep(deadline: Deadline, due: Due) -> None:
    """What its thing says now, and which mark comes next."""
    deadline.rule, deadline.words, deadline.path, deadline.owner = due.rule, due.words, due.path, due.owner
    coming = following(marks_of(deadline), settled_marks(deadline))
    deadline.next_at = coming.at if coming else None
    deadline.save()


def settled_marks(deadline: Deadline) -> set[str]:
    """The marks of which somebody was told, and those that were passed over."""
    return set(deadline.reminders.values_list("mark", flat=True))


@transaction.atomic
def end_deadline(*, deadline_id: UUID, now: datetime) -> None:
    """It is done, in time or late, or no longer due, or due at another moment: nobody is told any more."""
    deadline = _locked(deadline_id)
    if deadline is None or _still(deadline, now) is not None:
        return
    done = was_done(deadline.kind, deadline.subject, deadline.due_at)
    deadline.ended_at, deadline.next_at = now, None
    deadline.end = Deadline.End.DONE if done else Deadline.End.DROPPED
    deadline.save()
    _rest(deadline, now)
    record(
        deadline.incident, f"deadline.{deadline.end}", at=now, rule=deadline.rule, deadline=deadline.pk,
        words=deadline.words, due_at=deadline.due_at, late=deadline.was_late,
    )  # fmt: skip


def _rest(deadline: Deadline, now: datetime) -> None:
    sent = Step.objects.filter(incident=deadline.incident, kind__in=REMINDING.values()).exclude(state__in=ENDED)
    rest(sent.filter(rule=deadline.rule, parameters__url=address(deadline.path)), now=now)


@transaction.atomic
def tell_of_deadline(*, deadline_id: UUID, now: datetime) -> list[Reminder]:
    """Tell whoever is to be told now; each mark is settled once, whatever runs at the same time."""
    deadline = _locked(deadline_id)
    due = _still(deadline, now) if deadline else None
    if deadline is None or due is None:
        return []
    found = tell(marks_of(deadline), told=settled_marks(deadline), now=now)
    rows = [_settle(deadline, each, now) for each in found]
    _keep(deadline, due)
    for told in found:
        if not told.passed_over:
            _say(deadline, told, found, now)
    return rows


def _locked(deadline_id: UUID) -> Deadline | None:
    """A standing deadline, under its incident's lock and its own."""
    incident_id = Deadline.objects.values_list("incident_id", flat=True).get(pk=deadline_id)
    incident = lock_incident(incident_id)
    found = Deadline.objects.select_for_update(of=("self",)).filter(pk=deadline_id, ended_at__isnull=True).first()
    if found is not None:
        found.incident = incident
    return found


def _still(deadline: Deadline, now: datetime) -> Due | None:
    """What is due, if it is due at this very moment still."""
    due = thing_due(deadline.kind, deadline.subject, now)
    return due if due is not None and due.due_at == deadline.due_at else None


def _settle(deadline: Deadline, told: Told, now: datetime) -> Reminder:
    return Reminder.objects.create(
        deadline=deadline, mark=told.planned.mark.name, planned_for=told.planned.at, settled_at=now,
        late=bool(told.late), passed_over=told.passed_over,
    )  # fmt: skip


def _say(deadline: Deadline, told: Told, found: Sequence[Told], now: datetime) -> None:
    """Write to whom the mark names, and write it down; whom nothing reaches is named as well."""
    ear = told.planned.mark.ear
    question = Question(deadline.incident, deadline.rule, _words(deadline, now), address(deadline.path), urgent=False)
    reached = remind(question, people_of(deadline, ear, now), now=now)
    deadline.reminders.filter(mark=told.planned.mark.name).update(told=reached)
    missed = [each.planned.mark.name for each in found if each.passed_over and each.planned.mark.ear == ear]
    record(
        deadline.incident, "deadline.escalated" if ear in RUNGS else "deadline.reminded", at=now, rule=deadline.rule,
        deadline=deadline.pk, words=deadline.words, due_at=deadline.due_at, mark=told.planned.mark.name, ear=ear,
        planned_for=told.planned.at, late_by=told.late.total_seconds(), passed_over=missed, told=reached,
    )  # fmt: skip


def _words(deadline: Deadline, now: datetime) -> str:
    words = OVERDUE_WORDS if now >= deadline.due_at else SOON_WORDS
    return words.format(at=deadline.due_at, words=deadline.words)


def people_of(deadline: Deadline, ear: Ear, now: datetime) -> Iterable[Called]:
    """Who listens now: whose thing it is, who may fill the empty seats, or who holds the role above, or stands in."""
    match ear:
        case Ear.OWNER:
            return [Called(deadline.owner, Ear.OWNER)] if deadline.owner and deadline.owner.is_active else []
        case Ear.SEATS:
            asked = ApprovalRequest.objects.select_related("asked_by").get(pk=deadline.subject)
            return list({each.person.pk: each for each in may_fill(asked, deadline.incident, now)}.values())
        case Ear.CTO | Ear.CISO:
            return _holders(ear, now)


def _holders(role: str, now: datetime) -> list[Called]:
    holders = [Called(person, role) for person in holders_now(role, now=now)]
    deputy = deputy_of(role)
    return holders or ([Called(deputy, role, deputy=True)] if deputy else [])
