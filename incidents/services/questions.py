"""Questions put to the people who must say yes, and the record of what they answered (M3, P2, E13–E15)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

import approvals.refusals
from approvals.models import ApprovalRequest
from approvals.ports import Happening, Subject
from approvals.services.asking import Content, ask, ask_again, withdraw_request
from approvals.services.consuming import expire_about
from incidents.models.incident import Incident
from incidents.procedure.refusals import Refusal
from incidents.queries.grants import RULES, open_question
from incidents.queries.seats import incident_of
from incidents.services.recording import record
from incidents.services.waking import wake


class QuestionRefused(Refusal):
    """The question cannot be put now; the words say why."""


class SubjectUnknown(LookupError):
    """A question about something that this console does not know."""


def put_question(
    incident: Incident, *, rule: str, subject: Subject, content: Content, asked_by: User, now: datetime,
    stands: timedelta | None = None,
) -> ApprovalRequest:  # fmt: skip
    """Ask and wake the people in the rule's seats (E15); an earlier question is voided, with the difference.

    Raises `QuestionRefused`, for exactly what was just refused, say.
    """
    default = timedelta(minutes=settings.APPROVAL_EXPIRES_AFTER_MINUTES)
    try:
        asked = _put(rule, subject, content, asked_by, now, stands or default)
    except approvals.refusals.Refusal as refusal:
        raise QuestionRefused(refusal.rule, refusal.words) from None
    roles = [seat.role for seat in RULES[rule].seats]
    url = reverse("approvals:detail", args=[asked.pk])
    wake(
        incident, roles=roles, rule=rule, words=f"{content.label}: {content.question}", url=url, now=now, actor=asked_by
    )
    return asked


def _put(
    rule: str, subject: Subject, content: Content, asked_by: User, now: datetime, stands: timedelta
) -> ApprovalRequest:
    expires_at = now + stands
    deputies_from = now + timedelta(minutes=settings.WAKE_DEPUTY_AFTER_MINUTES)
    expire_about(subject, now=now)
    earlier = open_question(subject, rule)
    if earlier is not None:
        return ask_again(
            request_id=earlier.pk, content=content, asked_by=asked_by, now=now, expires_at=expires_at,
            deputies_from=deputies_from,
        )  # fmt: skip
    return ask(
        subject=subject, rule=RULES[rule], content=content, asked_by=asked_by, now=now, expires_at=expires_at,
        deputies_from=deputies_from,
    )  # fmt: skip


def lock_questions(subject: Subject) -> None:
    """Lock what is asked about a subject before anything is recorded: a vote locks the question, then the record."""
    list(ApprovalRequest.objects.about(subject).live().select_for_update(of=("self",)).values_list("pk"))


def take_back(subject: Subject, *, now: datetime, why: str) -> None:
    """End every question about a subject that nobody needs answered any more."""
    expire_about(subject, now=now)
    for request in ApprovalRequest.objects.about(subject).live():
        withdraw_request(request_id=request.pk, actor=None, now=now, reason=why)


class LedgerRecorder:
    """The recorder that `approvals` is given by settings: each happening is an entry of the incident's stream."""

    def record(self, happening: Happening) -> None:
        """Append it in the transaction that made it; raises `SubjectUnknown` rather than let it go unrecorded."""
        incident = incident_of(happening.subject.type, happening.subject.id)
        if incident is None:
            raise SubjectUnknown(f"{happening.subject.type} {happening.subject.id}")
        record(
            incident, happening.kind, at=happening.at, actor=happening.actor,
            role=str(happening.facts.get("seat", "")), rule=happening.rule, request=happening.request_id,
            subject=happening.subject.type, **dict(happening.facts),
        )  # fmt: skip
