"""Decide, execute, stop, and act on one step: each a single call of one service."""

from collections.abc import Callable, Mapping
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from incidents.models.incident import Incident
from incidents.procedure.answers import UnreadableAnswers
from incidents.procedure.decision import OverrideNeedsReason, Path, PathClosed
from incidents.procedure.particulars import UnreadableName
from incidents.procedure.planning import NothingToGoBy
from incidents.procedure.refusals import Refusal
from incidents.queries.controls import decision_form, reader_of
from incidents.services import steering
from incidents.services.approving import ask_anew
from incidents.services.breaking import break_glass
from incidents.services.clock import database_now
from incidents.services.confirming import Word, confirm_credential, deny_credential
from incidents.services.deciding import NoPathChosen, decide
from incidents.services.executing import execute_plan, resume_plan, stop_plan
from incidents.services.fixing import name_fix
from incidents.views.doors import in_room, person, posted_version
from incidents.views.room import keep, posted_answers, posted_particulars, show

KEPT = (UnreadableAnswers, OverrideNeedsReason, PathClosed, NoPathChosen, NothingToGoBy, UnreadableName)
"""Refusals of the form itself: it comes back with everything that was typed."""


@require_POST
@in_room
def decide_path(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Record the decision (D6); what the procedure closes comes back in the form, with everything that was typed."""
    try:
        decide(
            incident_id=incident.pk, actor=person(request), now=database_now(), version=posted_version(request),
            answers=posted_answers(request), path=_path(request), reason=request.POST.get("reason", ""),
            particulars=posted_particulars(request),
        )  # fmt: skip
    except KEPT as refusal:
        return _keep_answers(request, incident, refusal)
    return show(request, incident)


def _path(request: HttpRequest) -> Path:
    path = request.POST.get("path", "")
    if path not in list(Path):
        raise PathClosed("D6", "Answer the open questions, or choose a path.")
    return Path(path)


def _keep_answers(request: HttpRequest, incident: Incident, refusal: Refusal) -> HttpResponse:
    now = database_now()
    form = decision_form(
        reader_of(incident, person(request), now), given=posted_answers(request), chosen=request.POST.get("path", ""),
        reason=request.POST.get("reason", ""), errors=(str(refusal),), typed=posted_particulars(request),
    )  # fmt: skip
    return keep(request, incident, "decision", form)


@require_POST
@in_room
def execute(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Start exactly the plan that the page showed."""
    execute_plan(
        incident_id=incident.pk, actor=person(request), now=database_now(), version=posted_version(request),
        digest=request.POST.get("digest", ""),
    )  # fmt: skip
    return show(request, incident)


@require_POST
@in_room
def ask(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Put the plan to its approvers again: the question ended, or one of them has lost the role (M3)."""
    ask_anew(incident_id=incident.pk, actor=person(request), now=database_now(), version=posted_version(request))
    return show(request, incident)


@require_POST
@in_room
def break_the_glass(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Let the plan run without its approval, where the procedure's owner allows it (M3)."""
    break_glass(
        incident_id=incident.pk, actor=person(request), now=database_now(), version=posted_version(request),
        reason=request.POST.get("reason", ""),
    )  # fmt: skip
    return show(request, incident)


@require_POST
@in_room
def stop(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Let no further step start (E17)."""
    stop_plan(incident_id=incident.pk, actor=person(request), now=database_now(), version=posted_version(request))
    return show(request, incident)


@require_POST
@in_room
def resume(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Go on with a stopped plan."""
    resume_plan(incident_id=incident.pk, actor=person(request), now=database_now(), version=posted_version(request))
    return show(request, incident)


@require_POST
@in_room
def fix(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Name the fix's pull request, or take a new push into a new plan (D5, M2, E13)."""
    name_fix(
        incident_id=incident.pk, reference=request.POST.get("fix", ""), actor=person(request), now=database_now(),
        version=posted_version(request),
    )  # fmt: skip
    return show(request, incident)


@require_POST
@in_room
def confirm(request: HttpRequest, incident: Incident) -> HttpResponse:
    """C1's word about the credential that comes back: valid, or not (C2)."""
    said = {"yes": confirm_credential, "no": deny_credential}.get(request.POST.get("valid", ""))
    if said is None:
        raise BadRequest("The form does not say whether the credential is valid.")
    word = Word(request.POST.get("checked", ""), request.POST.get("asked", ""), request.POST.get("evidence", ""))
    said(incident_id=incident.pk, actor=person(request), now=database_now(), version=posted_version(request), word=word)
    return show(request, incident)


@require_POST
@in_room
def adopt(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Take a revert that somebody made outside: a branch, a pull request by its number, or a commit (E18)."""
    steering.adopt_outside(
        incident_id=incident.pk, reference=request.POST.get("what", ""), actor=person(request), now=database_now(),
        version=posted_version(request),
    )  # fmt: skip
    return show(request, incident)


@require_POST
@in_room
def step(request: HttpRequest, incident: Incident, step_id: UUID, what: str) -> HttpResponse:
    """One act on one step, compared with the state that its page showed."""
    if what not in ACTS:
        raise Http404(f"A step cannot be asked to {what}.")
    ACTS[what](request, incident, step_id)
    return show(request, incident)


def _common(request: HttpRequest, incident: Incident, step_id: UUID) -> steering.Asked:
    return steering.Asked(
        incident_id=incident.pk, step_id=step_id, actor=person(request), now=database_now(),
        seen=request.POST.get("seen", ""),
    )  # fmt: skip


def _retry(request: HttpRequest, incident: Incident, step_id: UUID) -> None:
    steering.retry_step(_common(request, incident, step_id))


def _skip(request: HttpRequest, incident: Incident, step_id: UUID) -> None:
    steering.skip_step(_common(request, incident, step_id), reason=request.POST.get("reason", ""))


def _record(request: HttpRequest, incident: Incident, step_id: UUID) -> None:
    steering.record_by_hand(
        _common(request, incident, step_id), evidence=request.POST.get("evidence", ""),
        reference=request.POST.get("reference", ""),
    )  # fmt: skip


def _self_approve(request: HttpRequest, incident: Incident, step_id: UUID) -> None:
    steering.self_approve(_common(request, incident, step_id))


def _attest(request: HttpRequest, incident: Incident, step_id: UUID) -> None:
    steering.attest_recovery(_common(request, incident, step_id), evidence=request.POST.get("evidence", ""))


def _adopt(request: HttpRequest, incident: Incident, step_id: UUID) -> None:
    steering.accept_difference(_common(request, incident, step_id))


ACTS: Mapping[str, Callable[[HttpRequest, Incident, UUID], None]] = {
    "retry": _retry,
    "skip": _skip,
    "record": _record,
    "self-approve": _self_approve,
    "attest": _attest,
    "adopt": _adopt,
}
