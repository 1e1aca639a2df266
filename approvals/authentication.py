"""How and when the person behind a request last proved who they are (E16 will ask; a vote records it already)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest

from approvals.services.voting import UNKNOWN, Authentication


def authentication_of(request: HttpRequest) -> Authentication:
    """The newest proof in this session; unknown where there is none."""
    records: list[Mapping[str, Any]] = get_authentication_records(request, request.user)
    newest = max(records, key=lambda record: float(record["at"]), default=None)
    if newest is None:
        return UNKNOWN
    method = str(newest.get("type") or newest["method"])
    return Authentication(method, datetime.fromtimestamp(float(newest["at"]), tz=UTC))
