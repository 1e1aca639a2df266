"""Reapply a change that was taken back, or say that its return is meant."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from incidents.models.incident import Incident
from incidents.services.clock import database_now
from incidents.services.guarding import accept_return
from incidents.services.reapplying import reapply
from incidents.views.doors import in_room, person


@require_POST
@in_room
def ask(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Bring it back by a pull request of its own."""
    sha = request.POST.get("sha", "")
    reapply(incident_id=incident.pk, change_sha=sha, actor=person(request), now=database_now())
    return redirect("incidents:change", incident.service.slug, sha)


@require_POST
@in_room
def accept(request: HttpRequest, incident: Incident) -> HttpResponse:
    """It is back on purpose, by another way."""
    sha, reason = request.POST.get("sha", ""), request.POST.get("reason", "")
    accept_return(incident_id=incident.pk, change_sha=sha, actor=person(request), now=database_now(), reason=reason)
    return redirect("incidents:change", incident.service.slug, sha)
