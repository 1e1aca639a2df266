"""Figures over many incidents, and the course of one."""

import csv
from io import StringIO

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from incidents.models.incident import Incident
from incidents.queries.course import course_page
from incidents.queries.insights import TABLES, InsightsFilter, csv_rows, insights_page
from incidents.services.clock import database_now
from incidents.views.doors import in_room, person, signed_in
from incidents.views.forms import InsightsForm


@require_GET
@never_cache
@signed_in
def figures(request: HttpRequest) -> HttpResponse:
    """How long each phase takes, of all incidents that this person may see."""
    form = InsightsForm(request.GET, person=person(request))
    page = insights_page(person(request), wanted_by(form), database_now())
    return render(request, "incidents/insights.html", {"page": page, "form": form})


@require_GET
@never_cache
@signed_in
def figures_csv(request: HttpRequest, table: str) -> HttpResponse:
    """One table of the page, in whole seconds and counts, for a spreadsheet."""
    if table not in TABLES:
        raise Http404
    written = StringIO()
    wanted = wanted_by(InsightsForm(request.GET, person=person(request)))
    csv.writer(written).writerows(csv_rows(table, person(request), wanted, database_now()))
    answer = HttpResponse(written.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="insights-{table}.csv"'
    return answer


@require_GET
@never_cache
@in_room
def course(request: HttpRequest, incident: Incident) -> HttpResponse:
    """One incident as an annotated line."""
    return render(request, "incidents/course.html", {"page": course_page(incident, database_now())})


def wanted_by(form: InsightsForm) -> InsightsFilter:
    """What the form narrows to; what makes no sense narrows nothing, and is said beside its field."""
    form.is_valid()
    told = {name: value for name, value in form.cleaned_data.items() if value}
    return InsightsFilter(**{**told, "days": int(form.cleaned_data.get("days") or "365")})
