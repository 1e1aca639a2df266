"""A follow-up's issue at the code host: asked for, noted, followed until it is closed there (T2)."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q

from incidents.models.retrospective import FollowUp
from incidents.models.step import Step, StepQuerySet
from incidents.procedure.issues import issue_body, issue_title
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import ENDED, StepKind, StepState
from incidents.services.announcing import open_step
from incidents.services.locking import lock_incident
from incidents.services.recording import record

LOOK_AGAIN = timedelta(minutes=5)
LOOKED_AT_ONCE = 20


class IssueAsked(Refusal):
    """The follow-up has an issue, or one is being opened."""


def ask_for_issue(follow_up: FollowUp, *, now: datetime, actor: User) -> Step:
    """A step that opens it; inside the transaction of the act. A failed try makes room for another."""
    incident = follow_up.retrospective.incident
    _refuse_second(follow_up, now)
    body = issue_body(
        follow_up=str(follow_up.pk), kind=follow_up.get_kind_display(), words=follow_up.words,
        incident=incident.number, title=incident.title,
        url=f"{settings.PUBLIC_URL}/incidents/{incident.number}/retrospective/",
        owner=follow_up.owner.username if follow_up.owner else "",
        due_on=follow_up.due_on.isoformat() if follow_up.due_on else "",
    )  # fmt: skip
    asked = {"follow_up": str(follow_up.pk), "title": issue_title(follow_up.words), "body": body}
    return open_step(incident, StepKind.OPEN_ISSUE, asked | {"said": asked["title"]}, now=now, actor=actor)


def _refuse_second(follow_up: FollowUp, now: datetime) -> None:
    if follow_up.issue_number is not None:
        raise IssueAsked("T2", f"It has issue #{follow_up.issue_number} already.")
    asked = _steps_of(follow_up, StepKind.OPEN_ISSUE)
    if asked.exclude(state__in=(*ENDED, StepState.FAILED)).exists():
        raise IssueAsked("T2", "Its issue has been asked for: look at how that stands.")
    asked.filter(state=StepState.FAILED).cancel(now, sentence="Gave way to another try.")


def _steps_of(follow_up: FollowUp, kind: StepKind) -> StepQuerySet:
    return Step.objects.filter(
        incident_id=follow_up.retrospective.incident_id, kind=kind, parameters__follow_up=str(follow_up.pk)
    )


def close_issue(follow_up: FollowUp, *, now: datetime, actor: User | None) -> None:
    """What was settled here is closed there, too; nothing where it has no issue."""
    if follow_up.issue_number is None:
        return
    asked = {"follow_up": str(follow_up.pk), "number": follow_up.issue_number, "said": f"#{follow_up.issue_number}"}
    done = follow_up.done_at is not None
    open_step(follow_up.retrospective.incident, StepKind.CLOSE_ISSUE, asked | {"done": done}, now=now, actor=actor)


def note_issue(step: Step, now: datetime) -> None:
    """The issue is open; runs in the transaction that ends its step. One that nobody wants any more is closed again."""
    if step.kind != StepKind.OPEN_ISSUE:
        return
    step.refresh_from_db()  # what the effect found was written to the row
    number = step.evidence.get("number")
    if not isinstance(number, int):
        return
    found = FollowUp.objects.select_for_update(of=("self",)).select_related("retrospective__incident__service")
    follow_up = found.get(pk=step.parameters["follow_up"])
    follow_up.issue_number, follow_up.outside_url, follow_up.looked_at = number, step.url, now
    follow_up.version += 1
    follow_up.save()
    if follow_up.settled:
        close_issue(follow_up, now=now, actor=None)


def issues_to_look_at(now: datetime) -> list[FollowUp]:
    """Open follow-ups with an issue that nobody has looked at for a while, the longest first, a few at a time."""
    due = Q(looked_at__isnull=True) | Q(looked_at__lte=now - LOOK_AGAIN)
    found = FollowUp.objects.unsettled().filter(due, issue_number__isnull=False)
    found = found.select_related("retrospective__incident__service")
    return list(found.order_by(F("looked_at").asc(nulls_first=True))[:LOOKED_AT_ONCE])


def issues_named(repository: str, number: int) -> list[FollowUp]:
    """The open follow-ups that an issue of a repository stands for."""
    found = FollowUp.objects.unsettled().filter(
        issue_number=number, retrospective__incident__service__repository__iexact=repository
    )
    return list(found.select_related("retrospective__incident__service"))


@transaction.atomic
def note_state(*, follow_up_id: UUID, closed: bool, completed: bool, by: str, now: datetime) -> None:
    """What its issue says now. Closed there is settled here: done, or given up where it was closed as not planned."""
    incident_id = FollowUp.objects.values_list("retrospective__incident_id", flat=True).get(pk=follow_up_id)
    incident = lock_incident(incident_id)
    found = FollowUp.objects.select_for_update().get(pk=follow_up_id)
    found.looked_at = now
    if closed and not found.settled:
        _settle(found, completed, by, now)
        found.version += 1
        kind = "follow_up.done" if completed else "follow_up.given_up"
        found.save()
        record(
            incident, kind, at=now, rule="T2", follow_up=found.pk, words=found.words, issue=found.issue_number,
            closed_by=by, url=found.outside_url, reason=found.cancelled_because,
        )  # fmt: skip
        return
    found.save(update_fields=["looked_at"])


def _settle(found: FollowUp, completed: bool, by: str, now: datetime) -> None:
    if completed:
        found.done_at = now
        return
    found.cancelled_at = now
    found.cancelled_because = f"Issue #{found.issue_number} was closed as not planned by {by or 'somebody'}."
