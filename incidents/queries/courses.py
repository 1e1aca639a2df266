"""When each phase of an incident ended, read from the rows that say so: what figures are made of."""

from typing import Any, Final

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Cast, Greatest

from approvals.models import ApprovalRequest, Vote
from approvals.quorum import Answer
from incidents.models.course import Course
from incidents.models.decision import Decision, Plan
from incidents.models.incident import Incident
from incidents.models.step import Step
from incidents.procedure.decision import Path
from incidents.procedure.steps import StepKind, StepState
from incidents.queries.grants import SUBJECT

STEPS: Final = {
    "reverted_at": StepKind.PUSH_REVERT,
    "reviewed_at": StepKind.REVIEW,
    "merged_at": StepKind.MERGE,
    "deployed_at": StepKind.DEPLOY,
}
OWN: Final = ("service_id", "severity", "resolution", "onset_at", "declared_at", "recovered_at")
FOUND: Final = (
    "path", "previewed_clean", "decided_at", "asked_at", "cto_at", "dba_at", "approved_at", "executed_at", *STEPS,
    "retrospective_at", "retrospective_due_at",
)  # fmt: skip
READ: Final = (*OWN, *FOUND)
"""The columns of a course, each read under its own name: the incident's, and what is found in other rows."""


def courses_of(incidents: QuerySet[Incident], *, drills: bool = False) -> Any:
    """The course of each of these incidents by its columns; drills are never counted, only looked at."""
    wanted = incidents if drills else incidents.filter(drill=False)
    both = Case(When(cto_at__isnull=False, dba_at__isnull=False, then=Greatest("cto_at", "dba_at")))
    return wanted.annotate(**_phases()).annotate(approved_at=both).values("pk", "state", *READ)


def _phases() -> dict[str, Any]:
    decisions, plans = _of(Decision).order_by("number"), _of(Plan).order_by("number")
    reverts = plans.filter(decision__path=Path.ROLLBACK)
    return {
        "decided_at": _first(decisions, "decided_at"),
        "path": _first(decisions.reverse(), "path"),
        "previewed_clean": Subquery(reverts.annotate(clean=~Q(patch_id="")).values("clean")[:1]),
        "executed_at": _first(plans.filter(executed_at__isnull=False), "executed_at"),
        "asked_at": _first(_asked().order_by("asked_at"), "asked_at"),
        "cto_at": _first(_approvals("cto"), "cast_at"),
        "dba_at": _first(_approvals("dba"), "cast_at"),
        "retrospective_at": F("retrospective__completed_at"),
        "retrospective_due_at": F("retrospective__due_at"),
        **{name: _first(_done(kind), "finished_at") for name, kind in STEPS.items()},
    }


def _of(model: Any) -> Any:
    return model.objects.filter(incident=OuterRef("pk"))


def _first(rows: Any, name: str) -> Subquery:
    return Subquery(rows.values(name)[:1])


def _done(kind: StepKind) -> Any:
    """The last one: of several plans, the one that helped."""
    return _of(Step).filter(kind=kind, state=StepState.DONE, plan__isnull=False).order_by("-finished_at")


def _asked() -> Any:
    subject = Cast(OuterRef("pk"), CharField())
    return ApprovalRequest.objects.filter(subject_type=SUBJECT, subject_id=subject, rule_id="M3")


def _approvals(seat: str) -> Any:
    subject = Cast(OuterRef("pk"), CharField())
    asked = Vote.objects.live().filter(
        request__subject_type=SUBJECT, request__subject_id=subject, request__rule_id="M3",
        seat=seat, answer=Answer.APPROVE,
    )  # fmt: skip
    return asked.order_by("-cast_at")


def without_course() -> QuerySet[Incident]:
    """Incidents that no course has been written of yet, the newest first."""
    known = Course.objects.filter(incident=OuterRef("pk"))
    return Incident.objects.filter(~Exists(known), drill=False).order_by("-declared_at")
