"""What people do about an incident as a whole: tell, suspect, lead, merge, end."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from incidents.models.incident import Incident
from incidents.queries.controls import announce_form, reader_of
from incidents.services.announcing import WordsNeedALook, announce
from incidents.services.clock import database_now
from incidents.services.concluding import close_as_false_alarm, close_incident, decide_again, say_it_did_not_help
from incidents.services.declaring import merge_incidents
from incidents.services.escalating import acknowledge_escalation, escalate
from incidents.services.leading import hand_over, take_over
from incidents.services.suspecting import suspect_change
from incidents.views.doors import in_room, person, posted_person, posted_version
from incidents.views.room import keep, show


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
        reader = reader_of(incident, person(request), database_now())
        return keep(request, incident, "bleed", announce_form(reader, text=text, error=words.words))
    return show(request, incident)


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
    hand_over(
        incident_id=incident.pk,
        actor=person(request),
        to_id=posted_person(request),
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
