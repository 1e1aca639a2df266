"""The incident room: the page, its panels for a reset, one reader's controls, older entries."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from incidents.models.incident import Incident
from incidents.procedure.answers import QUESTIONS
from incidents.queries.controls import PARTICULARS, announce_form, controls_of, decision_form, reader_of
from incidents.queries.duty import NotPermitted
from incidents.queries.room import head_seq, incident_by_number, read_facts, room_of
from incidents.queries.shapes import AnnounceForm, DecisionForm, LiveView
from incidents.queries.shapes.words import WordsForm
from incidents.queries.timeline import timeline_of
from incidents.services.clock import database_now
from incidents.services.escalating import note_governor
from incidents.services.leading import note_presence
from incidents.views.doors import in_room, person

ROOM = "incidents/detail.html"


@require_GET
@never_cache
@in_room
def detail(request: HttpRequest, incident: Incident) -> HttpResponse:
    """The whole room; the first look of the on-call engineer (E5), and of who was escalated to (X2), is a sign."""
    now, reader = database_now(), person(request)
    signs = (each(incident=incident, person=reader, now=now) for each in (note_presence, note_governor))
    if any(list(signs)):
        incident = incident_by_number(incident.number)
    live = LiveView(
        ticket_url=reverse("incidents:live-ticket", args=[incident.number]),
        panels_url=reverse("incidents:panels", args=[incident.number]),
        cursor=head_seq(incident),
    )
    facts = read_facts(incident, now)
    room, own = room_of(incident, now, facts=facts), controls_of(incident, reader, now, facts=facts)
    return render(request, ROOM, {"room": room, "controls": own, "live": live})


@require_GET
@never_cache
@in_room
def panels(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Every panel out of band, for a stream that had to start anew."""
    return render(request, f"{ROOM}#panels", {"room": room_of(incident, database_now())})


@require_GET
@never_cache
@in_room
def controls(request: HttpRequest, incident: Incident) -> HttpResponse:
    """This reader's controls, out of band."""
    found = controls_of(incident, person(request), database_now())
    return render(request, f"{ROOM}#controls", {"controls": found})


@require_GET
@in_room
def timeline(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Entries older than the one named by `before`."""
    before = request.GET.get("before", "")
    found = timeline_of(incident, before=int(before) if before.isdecimal() else None)
    return render(request, f"{ROOM}#older", {"timeline": found, "number": incident.number})


@require_POST
@in_room
def advice(request: HttpRequest, incident: Incident) -> HttpResponse:
    """What the procedure says to the answers as they stand on the form."""
    reader = reader_of(incident, person(request), database_now())
    form = decision_form(
        reader, given=posted_answers(request), chosen=_chosen(request), reason=request.POST.get("reason", ""),
        typed=posted_particulars(request),
    )  # fmt: skip
    if form.advice is None:
        raise NotPermitted("D6", form.why_not)
    return render(request, f"{ROOM}#advice", {"form": form})


def _chosen(request: HttpRequest) -> str:
    """The path picked against the advice; following the advice follows it wherever the next answer leads."""
    path = request.POST.get("path", "")
    return "" if path == request.POST.get("advised", "") else path


@require_POST
@in_room
def announce_check(request: HttpRequest, incident: Incident) -> HttpResponse:
    """The marks of the speculation check while somebody types (S4)."""
    reader = reader_of(incident, person(request), database_now())
    form = announce_form(reader, text=request.POST.get("text", ""))
    return render(request, f"{ROOM}#marks", {"announce": form})


def posted_answers(request: HttpRequest) -> dict[str, str]:
    """The answers of the decision form by field; what was not asked is not there."""
    return {field: request.POST[field] for field in QUESTIONS if field in request.POST}


def posted_particulars(request: HttpRequest) -> dict[str, str]:
    """What was typed for the paths to go by."""
    return {name: request.POST.get(name, "") for name in PARTICULARS}


def show(request: HttpRequest, incident: Incident) -> HttpResponse:
    """The answer to an act: the page is told to fetch its panels and controls anew.

    The fragments are not sent along: by the time of the answer a live frame may have replaced the very form that
    asked, and htmx finds no target from a form that has left the page.
    """
    if not getattr(request, "htmx", False):
        return redirect("incidents:detail", incident.number)
    return trigger_client_event(HttpResponse(status=204), "incident-acted")


def keep(
    request: HttpRequest, incident: Incident, form: str, kept: AnnounceForm | DecisionForm | WordsForm
) -> HttpResponse:
    """422: that form of the room again, with everything that was typed and why it was not taken."""
    controls = controls_of(incident, person(request), database_now())
    shown = replace(controls, **{form: kept})  # type: ignore[arg-type]  # the form's name is its field's
    return render(request, f"{ROOM}#controls-{form}", {"controls": shown, "answer": True}, status=422)
