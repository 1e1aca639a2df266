"""The dashboard, the lists of incidents and changes, and declaring."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from incidents.models.change import Change
from incidents.models.incident import Trigger
from incidents.models.service import Service
from incidents.queries.changes import change_page, change_rows, recent_changes
from incidents.queries.duty import NotPermitted, services_for, visible_services
from incidents.queries.lists import IncidentFilter, dashboard, incidents_page, moment_in, storable
from incidents.queries.shapes import LiveView
from incidents.services.clock import database_now
from incidents.services.suspecting import declare_naming
from incidents.views.doors import person, signed_in
from incidents.views.forms import ChangeListForm, DeclareForm, IncidentListForm
from incidents.views.live import dashboard_cursor

DASHBOARD = "incidents/dashboard.html"
PAGE = 25


@require_GET
@never_cache
@signed_in
def show_dashboard(request: HttpRequest) -> HttpResponse:
    """What burns, what changed, how the services are."""
    live = LiveView(
        ticket_url=reverse("incidents:live-ticket-dashboard"),
        panels_url=reverse("incidents:dashboard-panels"),
        cursor=dashboard_cursor(),
    )
    return render(request, DASHBOARD, {"page": dashboard(person(request), database_now()), "live": live})


@require_GET
@never_cache
@signed_in
def dashboard_panels(request: HttpRequest) -> HttpResponse:
    """Every panel of the dashboard out of band, when a doorbell knocked."""
    return render(request, f"{DASHBOARD}#panels", {"page": dashboard(person(request), database_now())})


@require_GET
@signed_in
def list_incidents(request: HttpRequest) -> HttpResponse:
    """Incidents by keyset pages, searched and filtered."""
    rows, following = incidents_page(person(request), IncidentFilter.from_query(request.GET.dict()))
    form = IncidentListForm(request.GET or None, person=person(request))
    return render(request, "incidents/incidents.html", {"rows": rows, "form": form, "next_cursor": following})


@require_GET
@signed_in
def list_changes(request: HttpRequest) -> HttpResponse:
    """What reached production, newest first, each with what its revert would do."""
    wanted = request.GET.get("service", "")
    services = visible_services(person(request)).filter(slug=wanted) if wanted else visible_services(person(request))
    found = recent_changes(services, limit=PAGE + 1, words=storable(request.GET.get("q", "")), before=_moment(request))
    following = found[PAGE - 1].merged_at.isoformat() if len(found) > PAGE else ""
    can_declare = services_for(person(request), "respond_service").exists()
    context = {
        "rows": change_rows(found[:PAGE], actionable=can_declare), "next_cursor": following, "can_declare": can_declare,
        "form": ChangeListForm(request.GET or None, person=person(request)),
    }  # fmt: skip
    return render(request, "incidents/changes.html", context)


def _moment(request: HttpRequest) -> datetime | None:
    return moment_in(request.GET.get("before", ""))


@require_GET
@signed_in
def show_change(request: HttpRequest, slug: str, sha: str) -> HttpResponse:
    """One change in full."""
    service = _visible(request, slug)
    change = Change.objects.select_related("service", "assessment").get(service=service, sha=sha)
    can_declare = services_for(person(request), "respond_service").filter(pk=service.pk).exists()
    return render(request, "incidents/change.html", {"page": change_page(change, actionable=can_declare)})


def _visible(request: HttpRequest, slug: str) -> Service:
    service = visible_services(person(request)).filter(slug=slug).first()
    if service is None:
        raise NotPermitted("E3", "You have no role for this service.")
    return service


@require_http_methods(["GET", "POST"])
@signed_in
def declare(request: HttpRequest) -> HttpResponse:
    """Declare by hand; what was typed stays where something is missing."""
    if not services_for(person(request), "respond_service").exists():
        raise NotPermitted("E3", "Engineers of a service declare its incidents.")
    suspect = _suspect(request)
    if request.method == "GET":
        return _declare_page(request, DeclareForm(initial=_filled(request, suspect), person=person(request)), suspect)
    form = DeclareForm(request.POST, person=person(request))
    if not form.is_valid():
        return _declare_page(request, form, suspect, status=422)
    return redirect("incidents:detail", _declare(request, form))


def _declare(request: HttpRequest, form: DeclareForm) -> str:
    told = form.cleaned_data
    incident = declare_naming(
        service_id=told["service"].pk, trigger=Trigger(told["trigger"]), title=told["title"], now=database_now(),
        actor=person(request), onset_at=told["onset_at"], severity=int(told["severity"]),
        customer_impact=told["customers_affected"], reference=told["suspect"],
    )  # fmt: skip
    return incident.number


def _suspect(request: HttpRequest) -> Change | None:
    sha, slug = request.GET.get("suspect", ""), request.GET.get("service", "")
    visible = visible_services(person(request)).filter(slug=slug)
    return Change.objects.select_related("service", "assessment").filter(service__in=visible, sha=sha).first()


def _filled(request: HttpRequest, suspect: Change | None) -> dict[str, str]:
    filled = {"service": request.GET.get("service", ""), "suspect": request.GET.get("suspect", "")}
    if suspect:
        filled["title"] = f"Trouble since “{suspect.title}”"[:200]
    return {name: value for name, value in filled.items() if value}


def _declare_page(
    request: HttpRequest, form: DeclareForm, suspect: Change | None, *, status: int = 200
) -> HttpResponse:
    (row,) = change_rows([suspect]) if suspect else (None,)
    return render(request, "incidents/declare.html", {"form": form, "suspect": row}, status=status)
