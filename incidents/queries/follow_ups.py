"""Follow-ups as their page and their retrospective show them: by owner, the most overdue first (T2)."""

from collections.abc import Iterable
from datetime import date, datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import F
from django.urls import reverse

from incidents.models.incident import Incident
from incidents.models.retrospective import FollowUp
from incidents.models.step import Step
from incidents.procedure.steps import StepKind, StepState
from incidents.queries.badges import STEPS
from incidents.queries.duty import visible_services
from incidents.queries.shapes import Badge, Choice, Link
from incidents.queries.shapes.retrospective import FollowUpsPage, FollowUpView, OwnersFollowUps
from incidents.queries.steps import step_row

KINDS: Final = tuple(Choice(value, label) for value, label in FollowUp.Kind.choices)
MOST: Final = 500
NOBODY: Final = "nobody yet"


def follow_up_views(rows: Iterable[FollowUp], incident: Incident, now: datetime) -> tuple[FollowUpView, ...]:
    """The follow-ups of one retrospective, each with how its issue stands."""
    steps = {
        str(step.parameters.get("follow_up")): step
        for step in Step.objects.filter(incident=incident, kind=StepKind.OPEN_ISSUE).order_by("asked_at")
    }
    return tuple(_view(row, incident, now.date(), steps.get(str(row.pk))) for row in rows)


def open_follow_ups(reader: User, now: datetime, *, mine_only: bool = False) -> FollowUpsPage:
    """Everything that is still to be mended in the services this person may see."""
    found = FollowUp.objects.unsettled().filter(retrospective__incident__service__in=visible_services(reader))
    if mine_only:
        found = found.filter(owner=reader)
    rows = found.select_related("owner", "retrospective__incident__service").order_by(
        F("owner__username").asc(nulls_first=True), F("due_on").asc(nulls_last=True), "id"
    )[:MOST]
    views = [_view(row, row.retrospective.incident, now.date(), None, with_incident=True) for row in rows]
    groups = tuple(
        OwnersFollowUps(owner or NOBODY, tuple(each)) for owner, each in groupby(views, key=lambda view: view.owner)
    )
    overdue_first = tuple(sorted(groups, key=lambda group: min(_due(each) for each in group.follow_ups)))
    return FollowUpsPage(overdue_first, len(views), sum(each.overdue for each in views), mine_only)


def _due(view: FollowUpView) -> date:
    return view.due_on or date.max


def _view(
    row: FollowUp, incident: Incident, today: date, step: Step | None, *, with_incident: bool = False
) -> FollowUpView:
    overdue = not row.settled and row.due_on is not None and row.due_on < today
    waits = step is not None and row.issue_number is None and step.state != StepState.CANCELLED
    stuck = step is not None and step.state in (StepState.FAILED, StepState.UNKNOWN)
    page = reverse("incidents:retrospective", args=[incident.number])
    return FollowUpView(
        id=row.pk,
        kind=row.kind,
        kind_words=row.get_kind_display(),
        words=row.words,
        owner=row.owner.username if row.owner else "",
        owner_id=row.owner_id,
        due_on=row.due_on,
        version=row.version,
        badge=_badge(row, overdue),
        act_url=_act_url(incident, row.pk),
        open=not row.settled,
        overdue=overdue,
        reason=row.cancelled_because,
        issue=Link(f"#{row.issue_number}", row.outside_url) if row.issue_number else None,
        issue_state=Badge(f"issue: {STEPS[step.state][1]}", STEPS[step.state][0]) if step and waits else None,
        stuck=step_row(step, None) if step and stuck and waits else None,
        may_push=not row.settled and row.issue_number is None and (not waits or stuck),
        incident=Link(incident.number, f"{page}#follow-up-{row.pk}") if with_incident else None,
        service=incident.service.name if with_incident else "",
    )


def _act_url(incident: Incident, follow_up_id: UUID) -> str:
    return reverse("incidents:follow-up", args=[incident.number, follow_up_id, "act"]).removesuffix("act")


def _badge(row: FollowUp, overdue: bool) -> Badge:
    if row.done_at:
        return Badge("done", "ok", "check")
    if row.cancelled_at:
        return Badge("given up", "idle", "ban")
    return Badge("overdue", "danger", "circle-alert") if overdue else Badge("open", "accent", "circle-dashed")
