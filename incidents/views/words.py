"""Public words in the room: written, previewed, asked, posted, taken back; the drafting handed over (P1, P2, E6)."""

from collections.abc import Callable, Mapping
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from incidents.models.incident import Incident
from incidents.models.words import StatusUpdate
from incidents.queries.duty import NotPermitted, roles_of
from incidents.queries.shapes.words import WordsForm
from incidents.queries.wording import Typed, refilled, standing_text, words_form
from incidents.services.clock import database_now
from incidents.services.drafting import Draft, NoWords, WordsNeedALook, hand_drafting
from incidents.services.publishing import post_words, withdraw_words, write_words
from incidents.views.doors import in_room, person, posted_person, posted_version
from incidents.views.room import ROOM, keep, show


@require_POST
@in_room
def write(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Keep a draft, or ask the CTO or the CISO; what cannot be asked so comes back with everything that was typed."""
    try:
        write_words(
            incident_id=incident.pk, draft=_draft(request), ask=request.POST.get("what") == "ask",
            actor=person(request), now=database_now(),
        )  # fmt: skip
    except (NoWords, WordsNeedALook) as refusal:
        return keep(request, incident, "words", _form(request, incident, _typed(request), refusal.words))
    return show(request, incident)


@require_POST
@in_room
def fields(request: HttpRequest, incident: Incident) -> HttpResponse:
    """The fields after another phase was chosen: a template gives way to the next, words of one's own stay."""
    form = _form(request, incident, refilled(incident, _typed(request)))
    return render(request, f"{ROOM}#words-fields", {"form": form})


@require_POST
@in_room
def preview(request: HttpRequest, incident: Incident) -> HttpResponse:
    """What stands in the form, exactly as the public will read it, with what reads like a guess marked."""
    return render(request, f"{ROOM}#words-preview", {"form": _form(request, incident, _typed(request))})


@require_POST
@in_room
def act(request: HttpRequest, incident: Incident, update_id: UUID, what: str) -> HttpResponse:
    """Post what is approved, or take words back."""
    if what not in ACTS:
        raise Http404(f"Words cannot be asked to {what}.")
    ACTS[what](
        incident_id=incident.pk, update_id=update_id, version=posted_version(request), actor=person(request),
        now=database_now(),
    )  # fmt: skip
    return show(request, incident)


@require_POST
@in_room
def hand(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Give the drafting to another engineer, or take it back (E6)."""
    hand_drafting(
        incident_id=incident.pk, actor=person(request), to_id=posted_person(request), now=database_now(),
        version=posted_version(request),
    )  # fmt: skip
    return show(request, incident)


ACTS: Mapping[str, Callable[..., StatusUpdate]] = {"post": post_words, "withdraw": withdraw_words}


def _form(request: HttpRequest, incident: Incident, typed: Typed, error: str = "") -> WordsForm:
    roles = roles_of(person(request), incident.service, now=database_now(), incident=incident)
    form = words_form(incident, person(request), roles, typed=typed, error=error)
    if form is None or not form.allowed:
        raise NotPermitted("P1", form.why_not if form else "The incident is closed, and nothing was said in public.")
    return form


def _typed(request: HttpRequest) -> Typed:
    posted = request.POST
    components = {
        name.removeprefix("component-"): str(posted[name]) for name in posted if name.startswith("component-")
    }
    return Typed(
        phase=posted.get("phase", ""), title=posted.get("title", ""), message=posted.get("message", ""),
        components=components, notify=posted.get("notify") == "yes", corrects=posted.get("corrects", ""),
    )  # fmt: skip


def _draft(request: HttpRequest) -> Draft:
    typed, seen = _typed(request), request.POST.get("seen", "")
    return Draft(
        phase=typed.phase, title=typed.title, message=typed.message, notify=typed.notify,
        components={name: state for name, state in typed.components.items() if state},
        corrects=_id(typed.corrects), update_id=_id(request.POST.get("update", "")),
        version=int(seen) if seen.isdecimal() else 0,
        knowingly=request.POST.get("knowingly", "") == standing_text(typed),
    )  # fmt: skip


def _id(words: str) -> UUID | None:
    try:
        return UUID(words) if words else None
    except ValueError:
        raise BadRequest("The form names an update that cannot be one.") from None
