"""What the navigation of every page asks about its reader."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from incidents.queries.audit import reads_the_record
from incidents.views.doors import person


def reader(request: HttpRequest) -> dict[str, Any]:
    """What ways the navigation shows: `reads_record`, asked only where a template shows it, and `rehearses`."""
    if not request.user.is_authenticated:
        return {"reads_record": False}
    record = SimpleLazyObject(lambda: reads_the_record(person(request)))
    return {"reads_record": record, "rehearses": bool(settings.SANDBOX_URL)}
