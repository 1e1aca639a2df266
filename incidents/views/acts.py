"""What people do about an incident as a whole: tell, suspect, lead, merge, end."""

from dataclasses import replace

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from incidents.models.incident import Incident
from incidents.queries.controls import announce_form, controls_of, reader_of
from incidents.services.announcing import WordsNeedALook, announce
from incidents.services.clock import database_now
from incidents.services.concluding import close_as_false_alarm, close_incident, decide_again, say_it_did_not_help
from incidents.services.declaring import merge_incidents
from incidents.services.escalating import acknowledge_escalation, escalate
from incidents.services.leading import hand_over, take_over
from incidents.services.suspecting import suspect_change
from incidents.views.doors import in_room, person, posted_version
from incidents.views.room import ROOM, show


@require_POST
@in_room
def announce_words(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Post to the channel (S4); what reads like a guess comes back marked, and is posted when sent again as it is."""
    text, seen = request.POST.get("text", ""), request.POST.get("knowingly", "")
    try:
        announce(
            incident_id=incident.pk,
            actor=person(request),
            now=database_now(),
            text=text,
            knowingly=seen == text.strip(),
        )
    except WordsNeedALook as words:
        return _keep_words(request, incident, text, words.words)
    return show(request, incident)


def _keep_words(request: HttpRequest, incident: Incident, text: str, error: str) -> HttpResponse:
    """The form again with what was typed, and why it was not posted."""
    now = database_now()
    form = announce_form(reader_of(incident, person(request), now), text=text, error=error)
    controls = replace(controls_of(incident, person(request), now), bleed=form)
    return render(request, f"{ROOM}#controls-bleed", {"controls": controls, "answer": True}, status=422)


@require_POST
@in_room
def add_suspect(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Name the change that is held to be the cause."""
    suspect_change(
        incident_id=incident.pk, reference=request.POST.get("sha", ""), actor=person(request), now=database_now(),
        version=posted_version(request),
    )  # fmt: skip
    return show(request, incident)


@require_POST
@in_room
def take(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Become the on-call engineer of this incident (E5)."""
    take_over(incident_id=incident.pk, actor=person(request), now=database_now(), version=posted_version(request))
    return show(request, incident)


@require_POST
@in_room
def hand(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Give the lead to another engineer (E6)."""
    to = request.POST.get("to", "")
    if not to.isdecimal():
        raise BadRequest("The form does not say to whom.")
    hand_over(
        incident_id=incident.pk,
        actor=person(request),
        to_id=int(to),
        now=database_now(),
        version=posted_version(request),
    )
    return show(request, incident)


@require_POST
@in_room
def merge(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Close this incident into another of the service."""
    other = Incident.objects.get(number=request.POST.get("other", ""))
    merge_incidents(
        incident_id=incident.pk, into_id=other.pk, actor=person(request), now=database_now(),
        version=posted_version(request),
    )  # fmt: skip
    return show(request, incident)


@require_POST
@in_room
def no_help(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Back to the decision (E17)."""
    say_it_did_not_help(
        incident_id=incident.pk, actor=person(request), now=database_now(), version=posted_version(request),
        words=_reason(request),
    )  # fmt: skip
    return show(request, incident)


@require_POST
@in_room
def decide_once_more(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Back to the decision with its answers kept (D6, M2)."""
    decide_again(incident_id=incident.pk, actor=person(request), now=database_now(), version=posted_version(request))
    return show(request, incident)


@require_POST
@in_room
def false_alarm(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Close with a reason: it was nothing, or not ours (E17)."""
    close_as_false_alarm(
        incident_id=incident.pk, actor=person(request), now=database_now(), version=posted_version(request),
        reason=_reason(request), public_stays=_public_stays(request),
    )  # fmt: skip
    return show(request, incident)


@require_POST
@in_room
def close(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Close what has recovered, was escalated, or was mended by hand."""
    close_incident(
        incident_id=incident.pk, actor=person(request), now=database_now(), version=posted_version(request),
        words=_reason(request), public_stays=_public_stays(request),
    )  # fmt: skip
    return show(request, incident)


@require_POST
@in_room
def escalate_incident(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Hand it to the Incident Response Plan, from wherever it stands (X2)."""
    escalate(
        incident_id=incident.pk, actor=person(request), now=database_now(), version=posted_version(request),
        reason=_reason(request),
    )  # fmt: skip
    return show(request, incident)


@require_POST
@in_room
def have_it(request: HttpRequest, incident: Incident) -> HttpResponse:
    """One who was escalated to answers: “I have it” (X2)."""
    acknowledge_escalation(incident_id=incident.pk, actor=person(request), now=database_now())
    return show(request, incident)


def _public_stays(request: HttpRequest) -> bool:
    return request.POST.get("public_stays") == "yes"


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "")
