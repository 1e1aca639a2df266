"""The approver's door: the inbox, one question, and the two answers to it."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from approvals.authentication import authentication_of, ways_to_prove
from approvals.clock import database_now
from approvals.models import ApprovalRequest
from approvals.queries.requests import NotYoursToSee, inbox_of, request_for
from approvals.queries.shapes import card_of
from approvals.quorum import Answer
from approvals.refusals import Refusal
from approvals.services.asking import withdraw_request
from approvals.services.voting import ProofMissing, vote, withdraw_vote

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, UUID, P], HttpResponse]


def permitted(view: View[P]) -> View[P]:
    """404 for no such question, 403 for one that is not this person's to see."""

    @wraps(view)
    def guarded(request: HttpRequest, request_id: UUID, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            request_for(request_id, person(request), database_now())
        except ApprovalRequest.DoesNotExist:
            raise Http404("There is no such question.") from None
        except NotYoursToSee as refusal:
            return render(request, "403.html", {"stranger": refusal}, status=403)
        return view(request, request_id, *args, **kwargs)

    return cast("View[P]", guarded)


@require_GET
@never_cache
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for this person, what they wait for, and what is past."""
    live = _live(reverse("approvals:inbox-panels"))
    return render(request, "approvals/inbox.html", {**_inbox(request), "live": live})


@require_GET
@never_cache
@login_required
def inbox_panels(request: HttpRequest) -> HttpResponse:
    """The inbox as it is now, for the page that is open."""
    return render(request, "approvals/inbox.html#panels", {**_inbox(request), "oob": True})


@require_GET
@never_cache
@login_required
@permitted
def detail(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One question with all that was frozen, and what everybody said."""
    return _show(request, request_id)


@require_GET
@never_cache
@login_required
@permitted
def detail_panels(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """The question as it stands now, for the page that is open."""
    return render(request, "approvals/detail.html#panels", {**_question(request, request_id), "oob": True})


@require_POST
@login_required
@permitted
def cast_vote(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Answer what was shown; who was faster is said at once, and what was typed is kept."""
    answer, seat = _answer(request)
    try:
        vote(
            request_id=request_id, actor=person(request), seat=seat, answer=answer,
            reason=request.POST.get("reason", ""), digest=request.POST.get("digest", ""), version=_version(request),
            now=database_now(), authentication=authentication_of(request),
        )  # fmt: skip
    except ProofMissing as refusal:
        return _prove(request, request_id, refusal)
    except Refusal as refusal:
        return _show(request, request_id, refusal)
    request.session.pop(_typed(request_id), None)
    return redirect("approvals:detail", request_id)


def _prove(request: HttpRequest, request_id: UUID, refusal: Refusal) -> HttpResponse:
    """Lead to the proof and back to the question, which is asked again: an answer is never replayed (E16)."""
    request.session[_typed(request_id)] = request.POST.get("reason", "")
    ways = ways_to_prove(person(request))
    if not ways:
        words = "You have neither passkey, code nor password here. Add one under “Passkeys and codes”, then answer."
        return _show(request, request_id, Refusal(refusal.rule, words))
    back = urlencode({"next": reverse("approvals:detail", args=[request_id])})
    return redirect(f"{ways[-1]}?{back}")


def _typed(request_id: UUID) -> str:
    """Where the session keeps what was typed while the person proves who they are."""
    return f"approval-reason-{request_id}"


@require_POST
@login_required
@permitted
def take_vote_back(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Withdraw one's own vote."""
    try:
        withdraw_vote(
            request_id=request_id, actor=person(request), version=_version(request), now=database_now(),
            seat=request.POST.get("seat") or None,
        )  # fmt: skip
    except Refusal as refusal:
        return _show(request, request_id, refusal)
    return redirect("approvals:detail", request_id)


@require_POST
@login_required
@permitted
def take_request_back(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Withdraw what one has asked."""
    reason = request.POST.get("reason", "")
    try:
        withdraw_request(request_id=request_id, actor=person(request), now=database_now(), reason=reason)
    except Refusal as refusal:
        return _show(request, request_id, refusal)
    return redirect("approvals:inbox")


def person(request: HttpRequest) -> User:
    """Who asks; only behind `login_required`."""
    return cast("User", request.user)


def _show(request: HttpRequest, request_id: UUID, refusal: Refusal | None = None) -> HttpResponse:
    """The question as it stands now: 409 beneath a refusal, with the reason as it was typed."""
    live = _live(reverse("approvals:detail-panels", args=[request_id]))
    shown = {**_question(request, request_id), "refusal": refusal, "live": live}
    return render(request, "approvals/detail.html", shown, status=409 if refusal else 200)


def _question(request: HttpRequest, request_id: UUID) -> dict[str, object]:
    card = card_of(request_for(request_id, person(request), database_now()))
    typed = request.POST.get("reason", "") or request.session.get(_typed(request_id), "")
    return {"card": card, "typed": typed}


def _inbox(request: HttpRequest) -> dict[str, object]:
    found = inbox_of(person(request), database_now())
    shown = {"waiting": found.waiting, "pending": found.pending, "history": found.history}
    cards: dict[str, object] = {name: [card_of(each) for each in standings] for name, standings in shown.items()}
    return {**cards, "approvals_waiting": len(found.waiting)}


def _live(panels_url: str) -> dict[str, str]:
    """The page follows whatever stream the roof names: it knocks, and the panels are fetched anew."""
    return {"ticket_url": reverse(settings.APPROVALS_LIVE_TICKET), "cursor": "0", "panels_url": panels_url}


def _answer(request: HttpRequest) -> tuple[Answer, str]:
    """“approve dba” as the pressed button says it; 400 for anything else."""
    said, _, seat = request.POST.get("answer", "").partition(" ")
    if said not in list(Answer) or not seat:
        raise BadRequest("The form does not say what is answered, or in which seat.")
    return Answer(said), seat


def _version(request: HttpRequest) -> int:
    version = request.POST.get("version", "")
    if not version.isdecimal() or len(version) > 9:
        raise BadRequest("The form does not say which version of the question it was made for.")
    return int(version)
