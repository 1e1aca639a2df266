"""M3: the rollback is approved before it runs, exactly as it will run, and each grant is used once (E10, E13)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from approvals.quorum import State
from approvals.services.asking import Content, keep, void
from approvals.services.consuming import consume, expire_about
from approvals.services.settling import weigh_now
from incidents.models.change import Assessment, Change
from incidents.models.decision import Plan
from incidents.procedure.answers import QUESTIONS, Answer, Answers
from incidents.procedure.decision import Need, Path
from incidents.procedure.duty import Action
from incidents.procedure.planning import content_digest, outline
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import FORMS, IncidentState, StepKind, StepState
from incidents.queries.duty import require
from incidents.queries.grants import approvals_needed, may_ask_anew, name_of, open_question, subject_of
from incidents.queries.plans import plan_facts, plan_in_force, verdicts_of
from incidents.services.gating import release_steps
from incidents.services.locking import lock_incident
from incidents.services.questions import lock_questions, put_question, take_back

NAMED = 5
"""How many files the question names; all of them stand in its evidence."""


class NothingToAsk(Refusal):
    """The plan in force waits for nobody's approval, or the question stands already."""


def ask_about(plan: Plan, *, now: datetime) -> None:
    """Put the plan to the seats that its decision needs; the same content keeps what was approved (E13)."""
    subject = subject_of(plan.incident)
    needs = approvals_needed(plan)
    expire_about(subject, now=now)
    if not needs:
        take_back(subject, now=now, why="a new decision needs no approval")
    for need in needs:
        standing = open_question(subject, need.rule)
        if standing and standing.content_digest == plan.content_digest:
            words = f"Plan {plan.number} has the same content on {plan.base[:8]}."
            keep(request_id=standing.pk, content_digest=plan.content_digest, words=words, now=now)
        else:
            asked_by = plan.decision.decided_by
            put_question(
                plan.incident, rule=need.rule, subject=subject, content=content_of(plan, need), asked_by=asked_by,
                now=now,
            )  # fmt: skip


@transaction.atomic
def ask_anew(*, incident_id: UUID, actor: User, now: datetime, version: int) -> None:
    """Put the plan in force to its seats again: the question expired, or an approver has lost the role since."""
    incident = lock_incident(incident_id, version=version, state=(IncidentState.DECIDED, IncidentState.EXECUTING))
    require(actor, Action.EXECUTE, incident.service, now=now, incident=incident)
    plan = plan_in_force(incident)
    if plan is None or not any(may_ask_anew(plan, need.rule, now) for need in approvals_needed(plan)):
        raise NothingToAsk("M3", "The question stands already, or nobody has to be asked.")
    ask_about(plan, now=now)


def bind_grants(plan: Plan, *, actor: User | None, now: datetime) -> None:
    """Use each grant that holds now for this plan, once; what is not granted stays open and holds its step."""
    for need in approvals_needed(plan):
        standing = open_question(subject_of(plan.incident), need.rule)
        if standing is None or standing.content_digest != plan.content_digest or now >= standing.expires_at:
            continue
        if weigh_now(standing, now).state is State.GRANTED:
            consume(
                request_id=standing.pk, content_digest=plan.content_digest, consumed_by=name_of(plan), actor=actor,
                now=now,
            )  # fmt: skip


@transaction.atomic
def continue_plan(*, incident_id: UUID, now: datetime) -> None:
    """An answer came, or a sweep looks: bind what is granted and start what has waited for it. It only wakes."""
    incident = lock_incident(incident_id)
    plan = plan_in_force(incident)
    if plan is None or plan.executed_at is None or incident.state != IncidentState.EXECUTING:
        return
    bind_grants(plan, actor=None, now=now)
    release_steps(incident=incident, now=now)


def waiting_incidents() -> list[UUID]:
    """Incidents whose executed plan waits for people: the sweep looks whether an answer was missed."""
    waiting = Plan.objects.filter(replaced_at__isnull=True, executed_at__isnull=False, stopped_at__isnull=True)
    return list(waiting.filter(steps__state=StepState.GATED).values_list("incident_id", flat=True).distinct())


def void_outdated(*, change: Change, assessment: Assessment, now: datetime) -> None:
    """The revert, or what was read in the change, is no longer what was put to the approvers: void it (E13)."""
    plans = Plan.objects.filter(decision__change=change, replaced_at__isnull=True)
    for plan in plans.select_related("decision__change", "decision__incident__service", "incident__service"):
        for need in approvals_needed(plan):
            if _digest_with(plan, assessment) != plan.content_digest:
                _void(plan, need, assessment, now)


@transaction.atomic
def _void(plan: Plan, need: Need, assessment: Assessment, now: datetime) -> None:
    lock_questions(subject_of(plan.incident))
    expire_about(subject_of(plan.incident), now=now)
    standing = open_question(subject_of(plan.incident), need.rule)
    if standing is not None and standing.content_digest == plan.content_digest:
        void(request_id=standing.pk, content=content_of(plan, need, assessment), actor=None, now=now)


def content_of(plan: Plan, need: Need, assessment: Assessment | None = None) -> Content:
    """Exactly what the approver sees; with a newer `assessment`, what would run by that one."""
    incident, change = plan.incident, plan.decision.change
    found = assessment or Assessment.objects.filter(change=change).first()
    digest = plan.content_digest if assessment is None else _digest_with(plan, assessment)
    answers = Answers.from_form(plan.decision.answers)
    name = f"#{change.pull_request} {change.title}" if change and change.pull_request else _title(change)
    return Content(
        content_digest=digest,
        label=f"{incident.number} · {need.rule}",
        question=f"May {incident.service.name} be rolled back?",
        summary=f"{incident.title}. The revert takes back {name}. {need.sentence}",
        exactly="\n".join(_what_runs(plan, found)),
        otherwise="Without the answers nothing is pushed; customers wait."
        if settings.HOLD_AT == "push"
        else "Without the answers the revert is not merged; customers wait.",
        urgency="customers affected" if incident.customer_impact else "",
        url=incident.address,
        evidence=_evidence(plan, found, answers),
    )


def _title(change: Change | None) -> str:
    return f"{change.short_sha} {change.title}" if change else "a change"


def _digest_with(plan: Plan, assessment: Assessment) -> str:
    change = plan.decision.change
    return content_digest(
        patch_id=assessment.patch_id, verdicts=verdicts_of(plan.decision, assessment),
        answers=Answers.from_form(plan.decision.answers),
        steps=outline(Path(plan.decision.path), plan_facts(plan.decision)) if change else (),
    )  # fmt: skip


def _what_runs(plan: Plan, assessment: Assessment | None) -> list[str]:
    kinds = plan.steps.in_order().values_list("kind", flat=True)
    files = [str(each["path"]) for each in assessment.files] if assessment else []
    more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
    patch = assessment.patch_id if assessment else plan.patch_id
    return [
        f"Patch {patch[:12]} on {', '.join(files[:NAMED])}{more}." if files else f"Patch {patch[:12]}.",
        f"{' → '.join(FORMS[StepKind(kind)].title for kind in kinds)}.",
        "No reverse migration is run (M2).",
    ]


def _evidence(plan: Plan, assessment: Assessment | None, answers: Answers) -> Mapping[str, Any]:
    given = {QUESTIONS[field].text: word for field, word in answers.by_field().items() if word != Answer.UNKNOWN}
    read = [assessment.words] if assessment else ["There is no preview."]
    files = [f"{each['path']} +{each['added']} −{each['removed']}" for each in assessment.files] if assessment else []
    decided = plan.decision
    return {
        "Preview of the revert": read,
        "Files": files or ["none"],
        "Answers of the on-call engineer": given,
        "Decision": {
            "by": decided.decided_by.get_username(),
            "procedure": decided.procedure_version,
            "reason": decided.reason or "as advised",
        },
    }
