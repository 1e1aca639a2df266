"""The public status page knows nobody: cookies are taken off at its door, so no session is ever looked up for it."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

PUBLIC: Final = "/status/"


class PublicKnowsNobody:
    """First of all middleware: a reader who is signed in must not make the page depend on the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(PUBLIC):
            request.META.pop("HTTP_COOKIE", None)
        return self.get_response(request)
