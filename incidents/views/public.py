"""The public status page and its feed: for everybody, without sign-in, from the files that a worker has written."""

import hashlib

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from incidents.services.clock import database_now
from incidents.services.rendering import FEED, PAGE, kept_file, render_public_page

FRESH = "public, max-age=15, stale-while-revalidate=60, stale-if-error=86400"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What the public is told."""
    return _serve(request, PAGE, "text/html; charset=utf-8")


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The same as an Atom feed."""
    return _serve(request, FEED, "application/atom+xml; charset=utf-8")


def _serve(request: HttpRequest, name: str, kind: str) -> HttpResponse:
    """The file as written last; before the first writing, from the database."""
    content = kept_file(name)
    if content is None:
        content = render_public_page(database_now())[name]
    etag = quote_etag(hashlib.sha256(content).hexdigest()[:32])
    headers = {"Cache-Control": FRESH, "ETag": etag}
    answer = HttpResponse(content, content_type=kind, headers=headers)
    return get_conditional_response(request, etag=etag, response=answer) or answer
