"""Exports of the record: asked for, watched, downloaded; the auditor's alone."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from incidents.models.export import Export
from incidents.queries.audit import require_auditor
from incidents.queries.exporting import downloadable, exports_page, published_key
from incidents.services.clock import database_now
from incidents.services.exporting import ask_export, note_download
from incidents.views.doors import person, signed_in
from incidents.views.forms import ExportAskForm

PAGE: Final = "incidents/exports.html"
VERIFIER: Final = Path(__file__).parents[1] / "effects" / "exporting" / "verify.py"
PIECE: Final = 1 << 18
ONE_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@require_GET
@never_cache
@signed_in
def show(request: HttpRequest) -> HttpResponse:
    """The exports, and the form for another, filled in with what the search had found."""
    page = exports_page(person(request))
    return render(request, PAGE, {"page": page, "form": ExportAskForm(initial=request.GET.dict())})


@require_GET
@never_cache
@signed_in
def rows(request: HttpRequest) -> HttpResponse:
    """The exports alone, fetched anew while one is being made."""
    return render(request, f"{PAGE}#rows", {"page": exports_page(person(request))})


@require_POST
@signed_in
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for an export; what makes no sense comes back with what was typed."""
    require_auditor(person(request))
    form = ExportAskForm(request.POST)
    if not form.is_valid():
        page = exports_page(person(request))
        return render(request, PAGE, {"page": page, "form": form}, status=422)
    ask_export(actor=person(request), now=database_now(), **form.cleaned_data)
    return redirect("incidents:audit-exports")


@require_GET
@never_cache
@signed_in
def download(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """The file, whole or from where a download broke off (RFC 9110 §14); each beginning is recorded."""
    export = downloadable(person(request), export_id)
    first, last = _wanted(request, export)
    if first >= export.size:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{export.size}"})
    if first == 0:
        note_download(export=export, actor=person(request), now=database_now())
    answer = StreamingHttpResponse(_pieces(export.path, first, last), content_type="application/octet-stream")
    answer.headers["Content-Length"] = str(last - first + 1)
    answer.headers["Content-Disposition"] = f'attachment; filename="{export.file_name}"'
    answer.headers["Accept-Ranges"], answer.headers["ETag"] = "bytes", _tag(export)
    if last - first + 1 < export.size:
        answer.status_code = 206
        answer.headers["Content-Range"] = f"bytes {first}-{last}/{export.size}"
    return cast("HttpResponse", answer)


@require_GET
@signed_in
def verifier(request: HttpRequest) -> HttpResponse:
    """The verifier alone; who distrusts the bundle's takes this one, or the one in the source."""
    require_auditor(person(request))
    disposition = {"Content-Disposition": 'attachment; filename="verify.py"'}
    return HttpResponse(VERIFIER.read_bytes(), content_type="text/x-python", headers=disposition)


@require_GET
@never_cache
@signed_in
def key(request: HttpRequest) -> HttpResponse:
    """The public key, to be held elsewhere; it is nobody's secret."""
    return HttpResponse(f"{published_key()}\n", content_type="text/plain")


def _wanted(request: HttpRequest, export: Export) -> tuple[int, int]:
    """The first and the last byte asked for; the whole where it is another file by now, or no range that we give."""
    whole = (0, export.size - 1)
    found = ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    if found is None or request.headers.get("If-Range", _tag(export)) != _tag(export) or found[0] == "bytes=-":
        return whole
    if not found[1]:
        return max(0, export.size - int(found[2])), export.size - 1
    last = min(int(found[2]), export.size - 1) if found[2] else export.size - 1
    return (int(found[1]), last) if int(found[1]) <= last or int(found[1]) >= export.size else whole


def _tag(export: Export) -> str:
    return f'"{export.sha256}"'


def _pieces(path: Path, first: int, last: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        left = last - first + 1
        while left > 0 and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece
