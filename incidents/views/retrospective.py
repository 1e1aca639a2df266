"""The retrospective: read, written together, registered, completed; its follow-ups (T1, T2, E21)."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID, uuid4

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from incidents.models.incident import Incident
from incidents.models.retrospective import FollowUp
from incidents.procedure.refusals import Refusal
from incidents.procedure.retrospective import SECTIONS, Section
from incidents.queries.retrospective import history_of, retrospective_page, section_view
from incidents.queries.room import head_seq
from incidents.queries.shapes import LiveView
from incidents.queries.shapes.retrospective import RetrospectivePage
from incidents.services.clock import database_now
from incidents.services.learning import (
    Mending,
    add_follow_up,
    change_follow_up,
    give_up_follow_up,
    push_follow_up,
    settle_follow_up,
)
from incidents.services.retrospectives import complete_retrospective, register_by_hand
from incidents.services.writing import Choice, Saving, SectionTooLong, WrittenMeanwhile, save_section, settle_draft
from incidents.views.doors import in_room, person, posted_version, refuse

PAGE: Final = "incidents/retrospective.html"


@require_GET
@never_cache
@in_room
def show(request: HttpRequest, incident: Incident) -> HttpResponse:
    """The whole page, live."""
    live = LiveView(
        ticket_url=reverse("incidents:live-ticket", args=[incident.number]),
        panels_url=reverse("incidents:retrospective-panels", args=[incident.number]),
        cursor=head_seq(incident),
        knocks=True,
    )
    return render(request, PAGE, {"page": _page(request, incident), "live": live})


@require_GET
@never_cache
@in_room
def panels(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Everything that moves, out of band; the browser keeps the texts that somebody is writing in."""
    return render(request, f"{PAGE}#panels", {"page": _page(request, incident)})


@require_POST
@in_room
def save(request: HttpRequest, incident: Incident, section: str) -> HttpResponse:
    """Save what is being typed; what came too late comes back beside the other version."""
    saving = _saving(request, incident, section)
    try:
        save_section(saving, text=_text(request))
    except WrittenMeanwhile as refusal:
        return _both(request, incident, saving, refusal)
    except SectionTooLong as refusal:
        return _too_long(request, refusal)
    return _fragment(request, incident, saving, "saved")


@require_POST
@in_room
def settle(request: HttpRequest, incident: Incident, section: str) -> HttpResponse:
    """Choose one's own text, the other's, or both."""
    saving, choice = _saving(request, incident, section), request.POST.get("choice", "")
    if choice not in list(Choice):
        raise BadRequest("The form does not say which text is to stand.")
    try:
        settle_draft(saving, choice=Choice(choice), text=_text(request))
    except WrittenMeanwhile as refusal:
        return _both(request, incident, saving, refusal)
    except SectionTooLong as refusal:
        return _too_long(request, refusal)
    return _fragment(request, incident, saving, "section")


@require_GET
@in_room
def history(request: HttpRequest, incident: Incident, section: str) -> HttpResponse:
    """What a section said before, by whom, with differences."""
    name = _section(section)
    context = {
        "revisions": history_of(incident, name), "title": SECTIONS[name].title, "number": incident.number,
        "name": name.value,
    }  # fmt: skip
    whole = not getattr(request, "htmx", False)
    return render(request, "incidents/retrospective_history.html" + ("" if whole else "#revisions"), context)


@require_POST
@in_room
def register(request: HttpRequest, incident: Incident) -> HttpResponse:
    """A person has opened the entry at the intake (T1)."""
    register_by_hand(
        incident_id=incident.pk, actor=person(request), now=database_now(), reference=request.POST.get("reference", "")
    )
    return _acted(request, incident)


@require_POST
@in_room
def complete(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Everything of T2 is written."""
    complete_retrospective(
        incident_id=incident.pk, actor=person(request), now=database_now(), version=posted_version(request),
        none_because=request.POST.get("none_because", ""),
    )  # fmt: skip
    return _acted(request, incident)


@require_POST
@in_room
def add(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Note a gap to mend."""
    told = _mending(request)
    add_follow_up(
        incident_id=incident.pk, actor=person(request), now=database_now(), kind=told.kind, words=told.words,
        owner_id=told.owner_id, due_on=told.due_on, as_issue=request.POST.get("issue") == "yes",
    )  # fmt: skip
    return _acted(request, incident)


@require_POST
@in_room
def follow_up(request: HttpRequest, incident: Incident, follow_up_id: UUID, what: str) -> HttpResponse:
    """Change it, say that it is done or will not be, or open its issue."""
    if what not in ACTS:
        raise Http404(f"A follow-up cannot be asked to {what}.")
    FollowUp.objects.get(pk=follow_up_id, retrospective__incident=incident)
    ACTS[what](request, {"follow_up_id": follow_up_id, "actor": person(request), "now": database_now()})
    return _acted(request, incident)


def _change(request: HttpRequest, asked: Mapping[str, Any]) -> None:
    change_follow_up(**asked, version=posted_version(request), mending=_mending(request))


def _done(request: HttpRequest, asked: Mapping[str, Any]) -> None:
    settle_follow_up(**asked, version=posted_version(request))


def _give_up(request: HttpRequest, asked: Mapping[str, Any]) -> None:
    give_up_follow_up(**asked, version=posted_version(request), reason=request.POST.get("reason", ""))


def _push(request: HttpRequest, asked: Mapping[str, Any]) -> None:
    push_follow_up(**asked)


ACTS: Final = {"change": _change, "done": _done, "give-up": _give_up, "issue": _push}


def _page(request: HttpRequest, incident: Incident) -> RetrospectivePage:
    return retrospective_page(incident, person(request), database_now(), sitting=str(uuid4()))


def _section(name: str) -> Section:
    if name not in list(Section):
        raise Http404(f"T2 has no section {name}.")
    return Section(name)


def _saving(request: HttpRequest, incident: Incident, section: str) -> Saving:
    return Saving(
        incident_id=incident.pk, section=_section(section), actor=person(request), now=database_now(),
        version=posted_version(request), sitting=request.POST.get("sitting", "")[:36],
    )  # fmt: skip


def _text(request: HttpRequest) -> str:
    """What stands in the field; an emptied field is a text, and a form without one must empty nothing."""
    if "text" not in request.POST:
        raise BadRequest("The form brings no text.")
    return request.POST["text"]


def _mending(request: HttpRequest) -> Mending:
    kind, owner, day = (request.POST.get(name, "") for name in ("kind", "owner", "due_on"))
    if kind not in FollowUp.Kind.values:
        raise BadRequest("The form does not say what kind of gap it is.")
    try:
        due_on = date.fromisoformat(day) if day else None
    except ValueError:
        raise BadRequest("The form names no day.") from None
    owner_id = int(owner) if owner.isdecimal() else None
    return Mending(kind=FollowUp.Kind(kind), words=request.POST.get("words", ""), owner_id=owner_id, due_on=due_on)


def _both(request: HttpRequest, incident: Incident, saving: Saving, refusal: Refusal) -> HttpResponse:
    """409 with both versions: the notices stay, the section asks."""
    if not getattr(request, "htmx", False):
        return refuse(request, refusal)
    answer = _fragment(request, incident, saving, "conflict", status=409)
    answer["HX-Reswap"] = "none"
    return answer


def _too_long(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    answer = refuse(request, refusal)
    answer.status_code = 413
    return answer


def _fragment(
    request: HttpRequest, incident: Incident, saving: Saving, what: str, *, status: int = 200
) -> HttpResponse:
    if not getattr(request, "htmx", False):
        return redirect("incidents:retrospective", incident.number)
    sitting = saving.sitting or str(uuid4())
    shown = section_view(incident, saving.section, saving.actor, saving.now, sitting=sitting)
    context = {"section": shown, "number": incident.number, "oob": True, "saved_at": saving.now}
    return render(request, f"{PAGE}#{what}", context, status=status)


def _acted(request: HttpRequest, incident: Incident) -> HttpResponse:
    """The page is told to fetch its panels anew, as a room is."""
    if not getattr(request, "htmx", False):
        return redirect("incidents:retrospective", incident.number)
    return trigger_client_event(HttpResponse(status=204), "incident-acted")
