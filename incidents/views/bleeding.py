"""Stop the bleed, one click each (S1, S2, S3)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from incidents.models.incident import Incident
from incidents.services import bleeding
from incidents.services.clock import database_now
from incidents.views.doors import in_room, person
from incidents.views.room import show

TURNS = {"off": bleeding.turn_flag_off, "on": bleeding.turn_flag_on}


@require_POST
@in_room
def page(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Wake whoever is on call; the form asks once whether it is a production emergency (E4)."""
    bleeding.page_on_call(
        incident_id=incident.pk, actor=person(request), now=database_now(),
        emergency=request.POST.get("emergency") == "yes",
    )  # fmt: skip
    return show(request, incident)


@require_POST
@in_room
def flag(request: HttpRequest, incident: Incident, word: str) -> HttpResponse:
    """Turn a flag off, or on again."""
    if word not in TURNS:
        raise Http404
    TURNS[word](incident_id=incident.pk, actor=person(request), now=database_now(), flag=request.POST.get("target", ""))
    return show(request, incident)


@require_POST
@in_room
def drain(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Drain a target; below the minimum only with the on-call engineer's reason (E22)."""
    bleeding.drain(
        incident_id=incident.pk, actor=person(request), now=database_now(), target=request.POST.get("target", ""),
        override=request.POST.get("reason", ""),
    )  # fmt: skip
    return show(request, incident)


@require_POST
@in_room
def undrain(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Put a target back in service."""
    bleeding.undrain(
        incident_id=incident.pk, actor=person(request), now=database_now(), target=request.POST.get("target", "")
    )
    return show(request, incident)
