"""Which recorder, seat resolver and listener the settings name: dotted paths of classes made without arguments."""

from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from approvals.ports import Listener, NobodyListens, NobodySits, NoRecord, Recorder, SeatResolver


def recorder() -> Recorder:
    return cast("Recorder", _named("APPROVALS_RECORDER", NoRecord))


def seats() -> SeatResolver:
    return cast("SeatResolver", _named("APPROVALS_SEATS", NobodySits))


def listener() -> Listener:
    return cast("Listener", _named("APPROVALS_LISTENER", NobodyListens))


def small_team() -> bool:
    """E14's switch."""
    return bool(getattr(settings, "SMALL_TEAM", False))


def step_up_rules() -> frozenset[str]:
    """The rules whose votes ask for a fresh proof of who votes (E16)."""
    return frozenset(getattr(settings, "APPROVALS_STEP_UP", ()))


def other_proof(request: HttpRequest) -> datetime | None:
    """When the person last proved afresh who they are by what the settings name beside allauth's own records."""
    path: str | None = getattr(settings, "APPROVALS_OTHER_PROOF", None)
    return cast("datetime | None", import_string(path)(request)) if path else None


def _named(setting: str, otherwise: type) -> Any:
    path: str | None = getattr(settings, setting, None)
    return (import_string(path) if path else otherwise)()
