"""You elsewhere: everybody's own logins on GitHub, in Slack and by phone."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from incidents.models.duty import Identity
from incidents.queries.linking import places_of
from incidents.services.clock import database_now
from incidents.services.linking import LinkRefused, ask_to_look, claim_login, prove_by_code, unlink
from incidents.views.doors import person, signed_in

YOU = "incidents/you.html"


@require_GET
@never_cache
@signed_in
def you(request: HttpRequest) -> HttpResponse:
    """Each place with its state, and what comes next there."""
    return render(request, YOU, _page(request))


@require_GET
@never_cache
@signed_in
def places(request: HttpRequest) -> HttpResponse:
    """The places alone, fetched anew while a worker is at one of them."""
    return render(request, f"{YOU}#places", _page(request))


@require_POST
@signed_in
def claim(request: HttpRequest, place: str) -> HttpResponse:
    """Say who one is there."""
    typed = request.POST.get("login", "")
    return _done(
        request, place, lambda: claim_login(place=place, login=typed, actor=person(request), now=database_now())
    )


@require_POST
@signed_in
def prove(request: HttpRequest, place: str) -> HttpResponse:
    """Type the code, or name the pull request that holds the sentence."""
    actor, typed = person(request), request.POST.get("proof", "")
    if place == Identity.Place.GITHUB:
        return _done(request, place, lambda: ask_to_look(address=typed, actor=actor, now=database_now()))
    return _done(request, place, lambda: prove_by_code(place=place, code=typed, actor=actor, now=database_now()))


@require_POST
@signed_in
def unlink_login(request: HttpRequest, place: str) -> HttpResponse:
    """Take a link back."""
    return _done(request, place, lambda: unlink(place=place, actor=person(request), now=database_now()))


def _done(request: HttpRequest, place: str, act: Callable[[], object]) -> HttpResponse:
    """Back to the page; a refusal stands in its place there, beneath what was typed."""
    if place not in Identity.Place.values:
        raise Http404("There is no such place.")
    try:
        act()
    except LinkRefused as refusal:
        return render(request, YOU, {**_page(request), "at": place, "refusal": refusal}, status=409)
    return redirect("incidents:you")


def _page(request: HttpRequest) -> dict[str, object]:
    found = places_of(person(request), database_now())
    typed = {"login": request.POST.get("login", ""), "proof": request.POST.get("proof", "")}
    return {"places": found, "busy": any(each.step == "busy" for each in found), "typed": typed}
