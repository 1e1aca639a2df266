"""How and when the person behind a request last proved who they are, and where they prove it anew (E16)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from django.contrib.auth.models import User
from django.http import HttpRequest

from approvals import wiring
from approvals.services.voting import UNKNOWN, Authentication

SIGNED_ON = "single sign-on"


def authentication_of(request: HttpRequest) -> Authentication:
    """The newest proof that was asked anew in this session, else the newest of all; unknown where there is none."""
    proofs = [_proof(record) for record in get_authentication_records(request, request.user)]
    if signed_on := wiring.other_proof(request):
        proofs.append(Authentication(SIGNED_ON, signed_on, fresh=True))
    return max(proofs, key=lambda proof: (proof.fresh, proof.at), default=UNKNOWN)


def _proof(record: Mapping[str, Any]) -> Authentication:
    method = str(record.get("type") or record["method"])
    at = datetime.fromtimestamp(float(record["at"]), tz=UTC)
    return Authentication(method, at, fresh=bool(record.get("reauthenticated")))


def ways_to_prove(person: User) -> list[str]:
    """Where the person can prove anew who they are, by password, code or passkey; nowhere if none is enrolled."""
    ways = cast("list[Mapping[str, Any]]", get_adapter().get_reauthentication_methods(person))
    return [str(way["url"]) for way in ways]
