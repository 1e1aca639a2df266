"""What the pages' door knows of a request, for the record: the address, its id, how the person proved who they are."""

from collections.abc import Callable

import structlog
from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from approvals.authentication import authentication_of
from incidents.models.circumstances import Circumstances, under


class Witness:
    """The middleware around every view; nothing is looked up where nothing is recorded."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with under(lambda: circumstances_of(request)):
            return self._answer(request)


def circumstances_of(request: HttpRequest) -> Circumstances:
    """From where somebody comes, and how and when they last proved who they are."""
    known = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    person = getattr(request, "user", None)
    if person is None or not person.is_authenticated:
        return Circumstances(address=address_of(request), request=known)
    proof = authentication_of(request)
    return Circumstances(address_of(request), proof.method, proof.at, known)


def address_of(request: HttpRequest) -> str:
    """The address that the outermost trusted proxy saw; empty where there is none, as over a socket."""
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:
        return ""
