"""Readiness: what was tried before it is needed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from incidents.queries.duty import NotPermitted, visible_services
from incidents.queries.own_health import own_health
from incidents.queries.readiness import readiness_page
from incidents.queries.shapes import ReadinessPage
from incidents.services.clock import database_now
from incidents.services.rehearsing import ask_rehearsal
from incidents.views.doors import person, signed_in

READINESS = "incidents/readiness.html"


@require_GET
@never_cache
@signed_in
def show(request: HttpRequest) -> HttpResponse:
    """Would the button work? For everybody who holds a role."""
    return render(request, READINESS, {"page": _page(request)})


@require_GET
@never_cache
@signed_in
def checks(request: HttpRequest) -> HttpResponse:
    """The checks alone, fetched anew while everything is being tried."""
    return render(request, f"{READINESS}#checks", {"page": _page(request)})


@require_POST
@signed_in
def try_now(request: HttpRequest) -> HttpResponse:
    """Have everything tried at once."""
    ask_rehearsal(actor=person(request), now=database_now())
    return redirect("incidents:readiness")


def _page(request: HttpRequest) -> ReadinessPage:
    if not visible_services(person(request)).exists():
        raise NotPermitted("E3", "You have no role for any service.")
    now = database_now()
    return readiness_page(person(request), now, health=own_health(now))
