"""The approval behind public words (P2): the question about them, and whether a grant is bound to exactly them."""

from collections.abc import Iterable
from uuid import UUID

from approvals.models import ApprovalRequest
from approvals.ports import Subject
from approvals.queries.requests import who_lost_the_role
from approvals.quorum import State
from incidents.models.incident import Incident
from incidents.models.step import Step
from incidents.models.words import StatusUpdate
from incidents.procedure.steps import ENDED, PUBLIC_WORDS, StepKind

SUBJECT = "status_update"
RULE = "P2"


def subject_of(update_id: object) -> Subject:
    """What the question is about: these words."""
    return Subject(SUBJECT, str(update_id))


def name_of(update: StatusUpdate) -> str:
    """What a grant is used by."""
    return f"{SUBJECT}:{update.pk}"


def question_about(update: StatusUpdate) -> ApprovalRequest | None:
    """The newest question about these words, ended or not."""
    return ApprovalRequest.objects.about(subject_of(update.pk)).filter(rule_id=RULE).first()


def questions_about_words(updates: Iterable[StatusUpdate]) -> dict[UUID, ApprovalRequest]:
    """The newest question about each of these words, where there is one, in one query."""
    subjects = [subject_of(update.pk).id for update in updates]
    asked = ApprovalRequest.objects.filter(subject_type=SUBJECT, subject_id__in=subjects, rule_id=RULE)
    return {UUID(each.subject_id): each for each in asked.order_by("asked_at", "id")} if subjects else {}


def grant_of(update: StatusUpdate) -> ApprovalRequest | None:
    """The approval that was used for exactly what stands in the row; None where there is none."""
    used = ApprovalRequest.objects.about(subject_of(update.pk)).filter(
        rule_id=RULE, state=State.CONSUMED, consumed_by=name_of(update), content_digest=update.as_words().digest
    )
    return used.first()


def are_approved(step: Step) -> bool:
    """Whether the words that a step would post are those that were approved, by people who still hold their roles."""
    update = StatusUpdate.objects.get(pk=step.parameters["update"])
    bound = grant_of(update)
    same = bound is not None and bound.content_digest == step.parameters["digest"] == update.content_digest
    return bound is not None and same and not who_lost_the_role(bound.pk)


def earlier_is_settled(step: Step) -> bool:
    """Whether nothing posted before it on the same page is under way, or in doubt: the order holds, and one report."""
    same = Step.objects.filter(incident_id=step.incident_id, plan__isnull=True, kind=step.kind)
    return not same.filter(asked_at__lt=step.asked_at).exclude(state__in=ENDED).exists()


def posts_among(steps: Iterable[Step]) -> list[Step]:
    """Every posting of public words among an incident's steps, oldest first."""
    found = [step for step in steps if step.kind in PUBLIC_WORDS]
    return sorted(found, key=lambda step: (step.asked_at, step.kind, step.pk))


def posts_of(incident: Incident) -> list[Step]:
    """Every posting of an incident's public words, oldest first."""
    kinds = [StepKind.PUBLISH_STATUS, StepKind.POST_STATUS]
    return list(Step.objects.filter(incident=incident, kind__in=kinds).order_by("asked_at", "kind", "id"))
