"""A form that is larger than any of ours is refused with clear words, before anything reads it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class RefuseLongForms:
    """Django would answer 400 and not say why; webhooks are no forms, and judge for themselves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if request.content_type in FORMS and length.isdecimal() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return _refused(int(length))
        return self.get_response(request)


def _refused(length: int) -> HttpResponse:
    sent, most = length / 1_000_000, settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 1_000_000
    words = f"That is too long: {sent:.1f} MB were sent, and a form holds {most:.1f} MB. Nothing of it was stored."
    return HttpResponse(words, status=413, content_type="text/plain; charset=utf-8")
