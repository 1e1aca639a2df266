"""The fix's pull request: named by the on-call engineer, read by a worker, made into a plan (D5, M2's hotfix)."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents import dispatch
from incidents.models.decision import Decision
from incidents.models.incident import Incident
from incidents.models.step import Step
from incidents.procedure.duty import Action
from incidents.procedure.particulars import fix_number
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import IncidentState, StepKind, StepState
from incidents.queries.duty import require
from incidents.queries.plans import goes_by_a_fix, newest_decision, plan_in_force
from incidents.services.concluding import retire_plan
from incidents.services.locking import lock_incident, moved
from incidents.services.planning import make_plan
from incidents.services.recording import record
from incidents.services.telling import post_commands


class NoFixWanted(Refusal):
    """The decided path follows no fix."""


class FixIsMerged(Refusal):
    """The fix is on the branch: it is another change by now."""


@dataclass(frozen=True, slots=True)
class SeenFix:
    """A pull request as it stands on the code host, and what merging it onto the branch would do."""

    number: int
    title: str
    url: str
    head: str
    branch: str
    base: str
    tree: str
    patch_id: str


@transaction.atomic
def name_fix(*, incident_id: UUID, reference: str, actor: User, now: datetime, version: int) -> Incident:
    """Name the fix's pull request after the decision, or take a new push into a new plan (E13).

    A worker reads it, and makes the plan that the on-call engineer executes. Raises `UnreadableName`, `NoFixWanted`.
    """
    stands = (IncidentState.DECIDED, IncidentState.EXECUTING)
    incident = lock_incident(incident_id, version=version, state=stands)
    require(actor, Action.DECIDE, incident.service, now=now, incident=incident)
    decision = newest_decision(incident)
    if decision is None or not goes_by_a_fix(decision):
        raise NoFixWanted("D5", "The decision in force follows no fix. Decide again to roll forward with one.")
    number = fix_number(reference, incident.service.repository)
    _refuse_merged(incident)
    retire_plan(incident, now)
    decision.particulars = {"fix": number}
    decision.save(update_fields=["particulars"])
    incident.state = IncidentState.DECIDED
    record(incident, "fix.named", at=now, actor=actor, rule="E13", number=number)
    dispatch.look_up_fix(decision.pk)
    return moved(incident)


def _refuse_merged(incident: Incident) -> None:
    merged = Step.objects.filter(
        incident=incident, plan__replaced_at__isnull=True, kind=StepKind.MERGE, state=StepState.DONE
    )
    if merged.exists():
        raise FixIsMerged("E13", "The fix is merged. If it does not help, say so, and decide anew.")


@transaction.atomic
def settle_fix(*, decision_id: UUID, number: int, found: SeenFix | None, words: str, now: datetime) -> None:
    """What a worker read: a plan of exactly this head, a new one where the patch has changed, or words why not.

    It makes no page stale: whoever executes names the plan by its digest.
    """
    incident = lock_incident(Decision.objects.values_list("incident_id", flat=True).get(pk=decision_id))
    decision = newest_decision(incident)
    still_asked = decision is not None and decision.pk == decision_id and decision.particulars.get("fix") == number
    if decision is None or not still_asked or incident.state != IncidentState.DECIDED:
        return
    if found is None:
        _refuse(incident, decision, words, now)
    elif not _same(incident, found):
        _plan_anew(incident, decision, found, now)


def _refuse(incident: Incident, decision: Decision, words: str, now: datetime) -> None:
    if decision.particulars.get("refused") == words:
        return
    retire_plan(incident, now)
    decision.particulars = {"fix": decision.particulars["fix"], "refused": words}
    decision.save(update_fields=["particulars"])
    record(incident, "fix.refused", at=now, rule="D5", number=decision.particulars["fix"], words=words)


def _same(incident: Incident, found: SeenFix) -> bool:
    """A base that moved on under the same head changes nothing: the merge asks once more what it would do (E13)."""
    plan = plan_in_force(incident)
    shown = plan.steps.get(kind=StepKind.FIND_FIX).parameters if plan else {}
    return plan is not None and (shown["head"], plan.patch_id) == (found.head, found.patch_id)


def _plan_anew(incident: Incident, decision: Decision, found: SeenFix, now: datetime) -> None:
    retire_plan(incident, now)
    decision.particulars = {"fix": found.number, "found": asdict(found)}
    decision.save(update_fields=["particulars"])
    plan = make_plan(incident=incident, decision=decision, now=now)
    post_commands(incident=incident, decision=decision, plan=plan, now=now, actor=decision.decided_by)


def awaited_fixes(repository: str) -> list[UUID]:
    """Decisions in force whose fix is named and not yet executed: it may have been pushed to, or reopened."""
    decided = Incident.objects.filter(state=IncidentState.DECIDED, service__repository__iexact=repository)
    found = (newest_decision(incident) for incident in decided.select_related("service"))
    return [each.pk for each in found if each and goes_by_a_fix(each) and "fix" in each.particulars]
