"""What every page shows of the inbox: how many questions wait for the reader."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from approvals.queries.requests import waiting_count


def waiting(request: HttpRequest) -> dict[str, Any]:
    """`approvals_waiting`, counted once and only where a template asks for it."""
    if not request.user.is_authenticated:
        return {"approvals_waiting": 0}
    person = request.user
    return {"approvals_waiting": SimpleLazyObject(lambda: waiting_count(person))}
