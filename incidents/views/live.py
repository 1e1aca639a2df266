"""The door to the stream: a ticket for whoever may follow it."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from incidents.live import tickets
from incidents.live.access import audience_of
from incidents.live.audiences import Audience
from incidents.models import Incident, LedgerStream
from incidents.models.ledger import stream_of

STREAM_PATH = "/live/stream"


@require_GET
@never_cache
@login_required
def incident_ticket(request: HttpRequest, number: str) -> JsonResponse:
    """The address of an incident's stream from `cursor` on, good for an hour; from its head where none is given."""
    incident = get_object_or_404(Incident, number=number)
    person = request.user
    audience = audience_of(person, incident) if isinstance(person, User) else None
    if audience is None:
        raise PermissionDenied
    stream = stream_of(incident)
    return _ticket(request, stream, audience, head=_head_of(stream))


@require_GET
@never_cache
@login_required
def dashboard_ticket(request: HttpRequest) -> JsonResponse:
    """The address of the stream that knocks whenever anything moved."""
    return _ticket(request, tickets.DASHBOARD, Audience.VIEWER, head=dashboard_cursor())


def dashboard_cursor() -> int:
    """How far all streams have come together: what the dashboard's page carries as its cursor."""
    total = LedgerStream.objects.aggregate(total=Sum("seq"))["total"]
    return int(total or 0)


def _head_of(stream: str) -> int:
    return LedgerStream.objects.filter(name=stream).values_list("seq", flat=True).first() or 0


def _ticket(request: HttpRequest, stream: str, audience: Audience, *, head: int) -> JsonResponse:
    asked = request.GET.get("cursor", "")
    cursor = int(asked) if asked.isdecimal() and len(asked) < 19 else head
    ticket = tickets.issue(request.user.pk or 0, stream, audience)
    query = urlencode({"ticket": ticket, "cursor": str(cursor)})
    return JsonResponse({"url": f"{settings.LIVE_URL}{STREAM_PATH}?{query}", "seq": cursor})
