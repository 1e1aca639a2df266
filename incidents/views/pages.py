"""The pages read in quiet hours: people, services, the procedure, the style guide."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from incidents.queries.duty import NotPermitted, visible_services
from incidents.queries.pages import catalogue_page, people_page, service_page
from incidents.queries.procedure import procedure_page
from incidents.services.clock import database_now
from incidents.services.people import name_deputy
from incidents.views.doors import person, signed_in

LONGEST_SEARCH = 100


@require_GET
@signed_in
def people(request: HttpRequest) -> HttpResponse:
    """Who is on call, and who holds which role; for everybody who holds one."""
    services = visible_services(person(request)).filter(retired=False)
    if not services.exists():
        raise NotPermitted("E3", "You have no role for any service.")
    return render(request, "incidents/people.html", {"page": people_page(person(request), services, database_now())})


@require_POST
@signed_in
def deputy(request: HttpRequest, role: str) -> HttpResponse:
    """Name who stands in for a role, or nobody (E14)."""
    to = request.POST.get("person", "")
    name_deputy(role=role, person_id=int(to) if to.isdecimal() else None, now=database_now(), actor=person(request))
    return redirect("incidents:people")


@require_GET
@signed_in
def catalogue(request: HttpRequest) -> HttpResponse:
    """All services that this person may see."""
    services = visible_services(person(request)).filter(retired=False).order_by("name")
    page = catalogue_page(person(request), services, database_now())
    return render(request, "incidents/services.html", {"page": page})


@require_GET
@signed_in
def service(request: HttpRequest, slug: str) -> HttpResponse:
    """One service."""
    found = visible_services(person(request)).filter(slug=slug).first()
    if found is None:
        raise NotPermitted("E3", "You have no role for this service.")
    return render(request, "incidents/service.html", {"page": service_page(person(request), found, database_now())})


@require_GET
@signed_in
def procedure(request: HttpRequest) -> HttpResponse:
    """The rules in words; `?q=` narrows them."""
    words = request.GET.get("q", "")[:LONGEST_SEARCH]
    page = procedure_page(words=words, administers=person(request).is_staff)
    return render(request, "incidents/procedure.html", {"page": page})


@require_GET
@signed_in
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component in every state."""
    return render(request, "styleguide.html")
