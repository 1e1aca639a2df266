"""The record searched: the auditor's pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from incidents.queries.audit import RecordFilter, known_people, require_auditor, search_record, whole_entry
from incidents.queries.shapes.audit import RecordPage
from incidents.views.doors import person, signed_in
from incidents.views.forms import RecordForm


@require_GET
@never_cache
@signed_in
def search(request: HttpRequest) -> HttpResponse:
    """The newest entries that match; a filter that makes no sense is said, and finds nothing."""
    require_auditor(person(request))
    form = RecordForm(request.GET)
    page = _found(form, request.GET.get("before", "")) if form.is_valid() else RecordPage()
    context = {"page": page, "form": form, "people": known_people(), "narrowed": bool(request.GET)}
    return render(request, "incidents/audit.html", context)


def _found(form: RecordForm, before: str) -> RecordPage:
    return search_record(RecordFilter(**form.cleaned_data), before=before)


@require_GET
@never_cache
@signed_in
def entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    """One entry with nothing left out."""
    require_auditor(person(request))
    return render(request, "incidents/audit_entry.html", {"entry": whole_entry(entry_id)})
