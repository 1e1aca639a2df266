"""What the navigation of every page asks about its reader."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from incidents.queries.audit import reads_the_record
from incidents.views.doors import person


def reader(request: HttpRequest) -> dict[str, Any]:
    """`reads_record`: whether the way to the record is shown; asked only where a template shows the navigation."""
    if not request.user.is_authenticated:
        return {"reads_record": False}
    return {"reads_record": SimpleLazyObject(lambda: reads_the_record(person(request)))}
