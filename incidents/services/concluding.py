"""How an incident ends, or goes back to the decision: recovered, it didn't help, false alarm, closed (E17, T1)."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.decision import Decision
from incidents.models.incident import Incident, Suspect
from incidents.models.step import Step
from incidents.procedure.duty import Action
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import OUTLASTS_THE_INCIDENT, IncidentState, Resolution, StepState
from incidents.queries.duty import require
from incidents.queries.grants import glass_of, subject_of
from incidents.queries.plans import is_isolated, newest_decision, plan_in_force
from incidents.queries.public import left_standing
from incidents.services.breaking import require_glass_reviewed
from incidents.services.freezing import lift_warnings
from incidents.services.locking import NotInThatState, lock_incident, moved
from incidents.services.questions import take_back
from incidents.services.recording import record
from incidents.services.retrospectives import open_retrospective
from incidents.services.waking import let_rest

UNSTARTED = [
    StepState.BLOCKED,
    StepState.GATED,
    StepState.READY,
    StepState.WATCHING,
    StepState.FAILED,
    StepState.UNKNOWN,
]


ENDS = {
    IncidentState.RECOVERED: Resolution.RECOVERED,
    IncidentState.ESCALATED: Resolution.ESCALATED,
    IncidentState.DECIDED: Resolution.REPLACED,
}


class ReasonMissing(Refusal):
    """What ends an incident early says why."""


class PublicWordsStand(Refusal):
    """The public page does not say that it is resolved, and nobody has said that it may stay so (P1)."""


class StillRunning(Refusal):
    """A step is at work in the world; wait for it, or for its lease to lapse."""


def note_recovery(*, incident: Incident, now: datetime) -> None:
    """Recovery was proved or attested (R5): the incident has recovered, and its retrospective opens by itself (T1)."""
    fresh = Incident.objects.locked().get(pk=incident.pk)
    if fresh.state != IncidentState.EXECUTING:
        return
    fresh.state, fresh.recovered_at = IncidentState.RECOVERED, now
    moved(fresh)
    record(fresh, "incident.recovered", at=now, rule="R5")
    open_retrospective(fresh, now)


@transaction.atomic
def say_it_did_not_help(*, incident_id: UUID, actor: User, now: datetime, version: int, words: str = "") -> Incident:
    """Back to the decision with the tried change marked, and the next suspect chosen where there is one (E17)."""
    back = (IncidentState.DECIDED, IncidentState.EXECUTING, IncidentState.RECOVERED)
    incident = lock_incident(incident_id, version=version, state=back)
    require(actor, Action.DECIDE, incident.service, now=now, incident=incident)
    retire_plan(incident, now)
    tried = incident.suspects.filter(chosen=True).first()
    if tried and incident.state != IncidentState.DECIDED:
        tried.tried_at, tried.chosen = now, False
        tried.save(update_fields=["tried_at", "chosen"])
        _choose_next(incident)
    record(
        incident, "incident.not_helped", at=now, actor=actor, rule="E17", words=words,
        change=tried.change.sha if tried else None, was=incident.state,
    )  # fmt: skip
    incident.state, incident.recovered_at = IncidentState.DECLARED, None
    return moved(incident)


@transaction.atomic
def decide_again(*, incident_id: UUID, actor: User, now: datetime, version: int) -> Incident:
    """Back to the decision with its answers kept: after an isolation the fix is decided, before execution anything."""
    incident = lock_incident(incident_id, version=version, state=(IncidentState.DECIDED, IncidentState.RECOVERED))
    require(actor, Action.DECIDE, incident.service, now=now, incident=incident)
    decision = newest_decision(incident)
    if decision is None or (incident.state == IncidentState.RECOVERED and not is_isolated(incident, decision)):
        raise NotInThatState("E17", "It has recovered. If it has not, say that it did not help.")
    retire_plan(incident, now)
    record(incident, "decision.reopened", at=now, actor=actor, rule="D6", path=decision.path, was=incident.state)
    again = {"hotfix_tolerates": "yes", "fix_prepared": "yes"} if incident.state == IncidentState.RECOVERED else {}
    return back_to_decision(incident, decision, again=again)


def back_to_decision(incident: Incident, decision: Decision, *, again: dict[str, str]) -> Incident:
    """Undecided once more; the form starts from the earlier answers, `again` set anew."""
    decision.particulars = {**decision.particulars, "again": again}
    decision.save(update_fields=["particulars"])
    incident.state, incident.recovered_at = IncidentState.DECLARED, None
    return moved(incident)


def retire_plan(incident: Incident, now: datetime) -> None:
    """Replace the plan and cancel what has not begun; refuses while an effect is under way."""
    plan = plan_in_force(incident)
    if plan is None:
        return
    at_work = plan.steps.filter(state=StepState.RUNNING, due_at__gt=now).first()
    if at_work:
        raise StillRunning(
            "E17", f"The step “{at_work.kind.replace('_', ' ')}” is at work right now. Try again in seconds."
        )
    plan.replaced_at = now
    plan.save(update_fields=["replaced_at"])
    plan.steps.filter(state__in=[*UNSTARTED, StepState.RUNNING]).cancel(now)
    record(incident, "plan.replaced", at=now, rule="E17", plan=plan.number)


def _choose_next(incident: Incident) -> None:
    following = Suspect.objects.filter(incident=incident, tried_at__isnull=True).order_by("named_at").first()
    if following:
        following.chosen = True
        following.save(update_fields=["chosen"])


@transaction.atomic
def close_as_false_alarm(
    *, incident_id: UUID, actor: User, now: datetime, version: int, reason: str, public_stays: bool = False
) -> Incident:
    """Nothing was wrong, or it was not ours: closed with a reason, before anything was executed (E17)."""
    if not reason.strip():
        raise ReasonMissing("E17", "Say why it was a false alarm: one sentence is enough, and it is kept.")
    incident = lock_incident(incident_id, version=version, state=(IncidentState.DECLARED, IncidentState.DECIDED))
    require(actor, Action.DECIDE, incident.service, now=now, incident=incident)
    _require_word_on_public_page(incident, reason, stays=public_stays)
    end_questions(incident, now)
    retire_plan(incident, now)
    return _close(incident, Resolution.FALSE_ALARM, reason.strip(), actor, now)


@transaction.atomic
def close_incident(
    *, incident_id: UUID, actor: User, now: datetime, version: int, words: str = "", public_stays: bool = False
) -> Incident:
    """Close what has recovered, was escalated, or was mended by hand on a path that the console does not take."""
    incident = lock_incident(incident_id, version=version, state=tuple(ENDS))
    require(actor, Action.DECIDE, incident.service, now=now, incident=incident)
    if incident.state == IncidentState.DECIDED:
        _require_by_hand(incident, words)
    _require_word_on_public_page(incident, words, stays=public_stays)
    end_questions(incident, now)
    resolution = ENDS[IncidentState(incident.state)]
    if is_isolated(incident, newest_decision(incident)):
        resolution = _require_replacement(words)
    return _close(incident, resolution, words.strip(), actor, now)


def _require_replacement(words: str) -> Resolution:
    """Isolated is not mended: it closes only with what took the failing surface's place (M2)."""
    if not words.strip():
        raise ReasonMissing("M2", "It is isolated, not mended. Say what replaced the fix, or decide the hotfix.")
    return Resolution.REPLACED


def _require_word_on_public_page(incident: Incident, words: str, *, stays: bool) -> None:
    """Nothing is left standing unseen: the page says *resolved*, or somebody says why it goes on saying less."""
    phase = left_standing(incident)
    if phase and not stays:
        raise PublicWordsStand("P1", f"The public page still says “{phase}”. Post “resolved”, or close it knowingly.")
    if phase and not words.strip():
        raise ReasonMissing("P1", f"Say why the public page goes on saying “{phase}”: it stands in the record.")


def _require_by_hand(incident: Incident, words: str) -> None:
    if plan_in_force(incident):
        raise StillRunning("E17", "There is a plan: execute it, decide again, or close as a false alarm.")
    if not words.strip():
        raise ReasonMissing("E17", "Say what was done instead of a rollback: it stands in the record.")


def end_questions(incident: Incident, now: datetime) -> None:
    """However it ends: a broken glass was reviewed, and nobody is asked any more. Before anything is recorded."""
    require_glass_reviewed(incident)
    for subject in (subject_of(incident), glass_of(incident)):
        take_back(subject, now=now, why="the incident is closed")


def end_steps(incident: Incident, now: datetime) -> None:
    """However it ends: phones rest, and words that were not sent by now would come after the end."""
    let_rest(incident, now=now)
    Step.objects.filter(incident=incident, state__in=UNSTARTED).exclude(kind__in=OUTLASTS_THE_INCIDENT).cancel(now)


def _close(incident: Incident, resolution: Resolution, words: str, actor: User, now: datetime) -> Incident:
    incident.state, incident.closed_at = IncidentState.CLOSED, now
    incident.resolution, incident.closing_words = resolution, words
    end_steps(incident, now)
    if resolution in (Resolution.ESCALATED, Resolution.REPLACED):
        open_retrospective(incident, now)
    record(
        incident, "incident.closed", at=now, actor=actor, rule="E17", resolution=resolution, words=words,
        public=left_standing(incident) or "",
    )  # fmt: skip
    lift_warnings(incident, now=now, actor=actor)
    return moved(incident)
