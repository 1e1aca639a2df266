"""Who stands in while a question waits: a deputy after some minutes, or at once for a holder who cannot (E14, E15)."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction
from django.urls import Resolver404, resolve, reverse

from approvals.models import ApprovalRequest
from approvals.quorum import State
from approvals.services.settling import weigh_now
from incidents.models.incident import Incident
from incidents.models.step import Step
from incidents.procedure.steps import StepKind
from incidents.queries.deputies import able_deputy, able_to_answer
from incidents.queries.reaching import Called
from incidents.queries.seats import incident_of
from incidents.services.waking import Question, address, let_rest, wake_new, woken_for


def wake_deputies(now: datetime) -> None:
    """For every open question with an empty seat, wake who may fill it by now and was not woken for it; for the sweep.

    That is the role's deputy from the question's `deputies_from` on, or at once while nobody who holds the role could
    answer; and whoever has come to hold the role since.
    """
    waiting = ApprovalRequest.objects.filter(state=State.OPEN.value, expires_at__gt=now).select_related("asked_by")
    for request in waiting.order_by("asked_at"):
        incident = incident_of(request.subject_type, request.subject_id)
        if incident is not None and incident.is_open:
            _wake_for(request, incident, now)


def _wake_for(request: ApprovalRequest, incident: Incident, now: datetime) -> None:
    question = _question(request, incident)
    known = woken_for(question)
    called = [each for each in may_fill(request, incident, now) if each.person.pk not in known]
    if called:
        with transaction.atomic():
            wake_new(question, called, now=now)


def may_fill(request: ApprovalRequest, incident: Incident, now: datetime) -> Iterator[Called]:
    """Who may fill an empty seat of an open question by now."""
    weighing = weigh_now(request, now)
    for seat in weighing.missing if weighing.state is State.OPEN else ():
        able = able_to_answer(seat.role, incident=incident, asked_by=request.asked_by, now=now)
        yield from (Called(person, seat.role) for person in able)
        late = request.deputies_from is not None and now >= request.deputies_from
        deputy = able_deputy(seat.role, incident=incident, asked_by=request.asked_by, now=now)
        if deputy and (late or not able):
            yield Called(deputy, seat.role, deputy=True)


def _question(request: ApprovalRequest, incident: Incident) -> Question:
    return Question(incident, request.rule_id, f"{request.label}: {request.question}", address(_path(request.pk)))


def _path(request_id: UUID) -> str:
    return reverse("approvals:detail", args=[request_id])


@transaction.atomic
def let_answered_rest(*, request_id: UUID, now: datetime) -> None:
    """Whoever has voted is left in peace; once the question is answered, withdrawn or over, everybody is (E15)."""
    request = ApprovalRequest.objects.get(pk=request_id)
    incident = incident_of(request.subject_type, request.subject_id)
    if incident is None:
        return
    Incident.objects.locked().get(pk=incident.pk)
    if request.state != State.OPEN.value:
        let_rest(incident, now=now, url=_path(request.pk))
        return
    for vote in request.votes.live().select_related("person"):
        let_rest(incident, now=now, url=_path(request.pk), person=vote.person)


def unheard_votes() -> list[UUID]:
    """Questions that were answered while nobody listened, and a phone rings on about them: for the sweep."""
    ringing = Step.objects.filter(kind=StepKind.WAKE_BY_PHONE, due_at__isnull=False).exclude(parameters__has_key="over")
    callees: dict[UUID, set[int]] = {}
    for asked in ringing.values_list("parameters", flat=True):
        if question := _question_at(str(asked["url"])):
            callees.setdefault(question, set()).add(asked["person"])
    return [question for question, people in callees.items() if _may_rest(question, people)]


def _question_at(url: str) -> UUID | None:
    """The question that a wake leads to; None where it leads to a room."""
    try:
        found = resolve(urlsplit(url).path)
    except Resolver404:
        return None
    return found.kwargs.get("request_id") if found.view_name == "approvals:detail" else None


def _may_rest(question: UUID, people: set[int]) -> bool:
    request = ApprovalRequest.objects.filter(pk=question).first()
    if request is None:
        return False
    return request.state != State.OPEN.value or request.votes.live().filter(person_id__in=people).exists()
