"""Which recorder, seat resolver and listener the settings name: dotted paths of classes made without arguments."""

from typing import Any, cast

from django.conf import settings
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


def _named(setting: str, otherwise: type) -> Any:
    path: str | None = getattr(settings, setting, None)
    return (import_string(path) if path else otherwise)()
