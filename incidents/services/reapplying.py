"""Reapply: bring a change back by the revert of its revert, once it is fixed, for people to review and merge."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.change import Reversion
from incidents.models.incident import Incident
from incidents.models.step import Step
from incidents.procedure.duty import Action
from incidents.procedure.reapplying import reapply_body, reapply_branch, reapply_message, reapply_title
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import WAITS_FOR_A_PERSON, IncidentState, StepKind, StepState
from incidents.queries.duty import require
from incidents.services.announcing import open_step
from incidents.services.locking import lock_incident

OVER = (IncidentState.RECOVERED, IncidentState.CLOSED)


class NothingToReapply(Refusal):
    """The incident took no such change back, or it has been reapplied."""


class ReapplyUnderWay(Refusal):
    """Somebody has asked for it already."""


@transaction.atomic
def reapply(*, incident_id: UUID, change_sha: str, actor: User, now: datetime) -> Step:
    """Push the revert of the revert, and propose it; open to every engineer of the service once it has recovered."""
    incident = lock_incident(incident_id, state=OVER)
    require(actor, Action.DECLARE, incident.service, now=now, incident=incident)
    reversion = Reversion.objects.select_related("change").filter(incident=incident, change__sha=change_sha).first()
    _refuse_where_nothing(reversion)
    assert reversion is not None  # noqa: S101 - refused above
    _refuse_second(incident, change_sha, now)
    change = reversion.change
    message = reapply_message(change_title=change.title, revert_sha=reversion.revert_sha, incident=incident.number)
    asked = {
        "change": change.sha, "revert": reversion.revert_sha, "message": message, "said": change.title,
        "branch": reapply_branch(incident.number, change.sha),
    }  # fmt: skip
    return open_step(incident, StepKind.PUSH_REAPPLY, asked, now=now, actor=actor)


def _refuse_where_nothing(reversion: Reversion | None) -> None:
    if reversion is None:
        raise NothingToReapply("R1", "This incident took no such change back.")
    if reversion.reapplied_at:
        raise NothingToReapply("R1", f"It was reapplied at {reversion.reapplied_at:%Y-%m-%d %H:%M} UTC.")
    if not reversion.revert_sha:
        words = "It was undone outside the console, which does not know by which commit: revert that one by hand."
        raise NothingToReapply("E18", words)


def _refuse_second(incident: Incident, change_sha: str, now: datetime) -> None:
    """What failed makes room for another try; nothing is pushed or opened twice."""
    kinds = (StepKind.PUSH_REAPPLY, StepKind.PROPOSE_REAPPLY)
    earlier = incident.steps.filter(kind__in=kinds, parameters__change=change_sha).exclude(state=StepState.CANCELLED)
    stuck = earlier.filter(state__in=WAITS_FOR_A_PERSON)
    if not stuck.exists() and (first := earlier.select_related("asked_by").order_by("asked_at").first()):
        by = first.asked_by.username if first.asked_by else "somebody"
        raise ReapplyUnderWay("R1", f"{by} asked for it at {first.asked_at:%H:%M:%S} UTC: look at how it stands.")
    earlier.cancel(now, sentence="Gave way to another try.")


def propose_reapplied(step: Step, now: datetime) -> None:
    """The branch is pushed: the pull request follows. Runs in the transaction that ends the push."""
    if step.kind != StepKind.PUSH_REAPPLY:
        return
    incident, change = step.incident, str(step.parameters["change"])
    reversion = Reversion.objects.select_related("change").get(incident=incident, change__sha=change)
    body = reapply_body(
        change_sha=change, revert_sha=reversion.revert_sha, incident=incident.number,
        url=incident.address,
        asked_by=step.asked_by.username if step.asked_by else "an engineer",
    )  # fmt: skip
    asked = {
        "change": change, "branch": step.parameters["branch"], "title": reapply_title(reversion.change.title),
        "body": body, "said": reversion.change.title,
    }  # fmt: skip
    open_step(incident, StepKind.PROPOSE_REAPPLY, asked, now=now, actor=step.asked_by)
