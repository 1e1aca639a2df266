"""What is still to be mended, whoever's it is (T2)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from incidents.queries.follow_ups import open_follow_ups
from incidents.services.clock import database_now
from incidents.views.doors import person, signed_in


@require_GET
@never_cache
@signed_in
def show(request: HttpRequest) -> HttpResponse:
    """Open follow-ups by owner, the most overdue first; `?mine` narrows them to one's own."""
    page = open_follow_ups(person(request), database_now(), mine_only="mine" in request.GET)
    return render(request, "incidents/follow_ups.html", {"page": page})
