"""What every view stands behind: signed in, permitted, and refusals turned into answers a person understands."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from incidents.models.incident import Incident
from incidents.procedure.refusals import Refusal
from incidents.queries.duty import NotPermitted, visible_services
from incidents.queries.room import incident_by_number
from incidents.queries.shapes import Link, RefusalView, StrangerView
from incidents.services.clock import database_now
from incidents.services.drilling import note_refusal

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
RoomView = Callable[Concatenate[HttpRequest, Incident, P], HttpResponse]


class PersonRequest(HttpRequest):
    """A request of somebody who has signed in, as the middleware completes it."""

    user: User
    htmx: HtmxDetails


def signed_in(view: View[P]) -> View[P]:
    """Send whoever is not signed in to the door; a fragment takes the whole page there, not the login into a panel."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.user.is_authenticated:
            return refusing(view)(request, *args, **kwargs)
        if getattr(request, "htmx", False):
            return HttpResponseClientRedirect(reverse("account_login"))
        return redirect_to_login(request.get_full_path())

    return cast("View[P]", guarded)


def in_room(view: RoomView[P]) -> View[Concatenate[str, P]]:
    """Hand the view the incident of that number, if the person may see its service; else 404 or 403."""

    @wraps(view)
    def entered(request: HttpRequest, number: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        incident = incident_by_number(number)
        if not visible_services(person(request)).filter(pk=incident.service_id).exists():
            raise NotPermitted("E3", "You have no role for this service, so its incidents are not yours to see.")
        return view(request, incident, *args, **kwargs)

    return signed_in(cast("View[Concatenate[str, P]]", entered))


def refusing(view: View[P]) -> View[P]:
    """Turn a refusal of the procedure into 409, a missing right into 403, a missing row into 404."""

    @wraps(view)
    def answered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotPermitted as refusal:
            _learn(request, refusal)
            return forbid(request, refusal)
        except Refusal as refusal:
            _learn(request, refusal)
            return refuse(request, refusal)
        except ObjectDoesNotExist as missing:
            raise Http404(str(missing)) from None

    return cast("View[P]", answered)


def _learn(request: HttpRequest, refusal: Refusal) -> None:
    """What is refused in a drill is part of its score."""
    number = request.resolver_match.kwargs.get("number") if request.resolver_match else None
    if number and request.method == "POST":
        note_refusal(number=number, actor=person(request), refusal=refusal, now=database_now())


def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """409: the rule and the sentence, as a notice in the page or as a page."""
    template = "incidents/_refusal.html" if _is_htmx(request) else "409.html"
    back = None if _is_htmx(request) else _way_back(request)
    shown = RefusalView(refusal.words, refusal.rule, back=back)
    return render(request, template, {"refusal": shown}, status=409)


def _way_back(request: HttpRequest) -> Link:
    """To the incident's room where the act was one of a room: an act's own address cannot be opened."""
    number = request.resolver_match.kwargs.get("number") if request.resolver_match else None
    if number:
        return Link(f"Back to {number}", reverse("incidents:detail", args=[number]))
    return Link("To what burns now", reverse("incidents:dashboard"))


def forbid(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """403: why, and under which rule."""
    if _is_htmx(request):
        return render(
            request, "incidents/_refusal.html", {"refusal": RefusalView(refusal.words, refusal.rule)}, status=403
        )
    return render(request, "403.html", {"stranger": StrangerView(refusal.words, rule=refusal.rule)}, status=403)


def person(request: HttpRequest) -> User:
    """Who asks; only behind `signed_in`."""
    return cast("User", request.user)


def posted_version(request: HttpRequest) -> int:
    """The version that the page showed; 400 where the form does not carry one."""
    try:
        return int(request.POST["version"])
    except (KeyError, ValueError):
        raise BadRequest("The form does not say which version of the incident it was made for.") from None


def posted_person(request: HttpRequest) -> int:
    """The person whom the form names; 400 where it names none."""
    to = request.POST.get("to", "")
    if not to.isdecimal():
        raise BadRequest("The form does not say to whom.")
    return int(to)


def _is_htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))
