"""Drills: what can be rehearsed, one drill, its start and its breaking off."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from incidents.models.drill import Drill
from incidents.queries.drills import drill_page, drills_page
from incidents.queries.duty import NotPermitted, visible_services
from incidents.queries.shapes.drills import DrillPage
from incidents.services.clock import database_now
from incidents.services.drilling import break_off_drill, start_drill
from incidents.views.doors import person, signed_in

DRILL = "incidents/drill.html"


@require_GET
@never_cache
@signed_in
def show_drills(request: HttpRequest) -> HttpResponse:
    """What can be drilled and what was; for everybody who holds a role."""
    _require_a_role(request)
    return render(request, "incidents/drills.html", {"page": drills_page(person(request))})


@require_POST
@signed_in
def start(request: HttpRequest) -> HttpResponse:
    """Break the sandbox on purpose."""
    drill = start_drill(
        scenario=request.POST.get("scenario", ""), stand_ins=request.POST.getlist("stand_in"), actor=person(request),
        now=database_now(),
    )  # fmt: skip
    return redirect("incidents:drill", drill.pk)


@require_GET
@never_cache
@signed_in
def show(request: HttpRequest, drill_id: UUID) -> HttpResponse:
    """One drill, and its score once it is over."""
    return render(request, DRILL, {"page": _page(request, drill_id)})


@require_GET
@never_cache
@signed_in
def state(request: HttpRequest, drill_id: UUID) -> HttpResponse:
    """The drill alone, fetched anew while it runs."""
    return render(request, f"{DRILL}#state", {"page": _page(request, drill_id)})


@require_POST
@signed_in
def break_off(request: HttpRequest, drill_id: UUID) -> HttpResponse:
    """End it without a score."""
    why = f"Broken off by {person(request).username}."
    break_off_drill(drill_id=drill_id, actor=person(request), now=database_now(), why=why)
    return redirect("incidents:drill", drill_id)


def _page(request: HttpRequest, drill_id: UUID) -> DrillPage:
    _require_a_role(request)
    drill = Drill.objects.select_related("started_by", "incident", "service").get(pk=drill_id)
    return drill_page(drill, person(request))


def _require_a_role(request: HttpRequest) -> None:
    if not visible_services(person(request)).exists():
        raise NotPermitted("E3", "You have no role for any service.")
