"""The few audiences that frames are rendered for."""

from enum import StrEnum


class Audience(StrEnum):
    """Whoever sees the same panels sees the same bytes; nothing personal is in a frame."""

    VIEWER = "viewer"
    RESPONDER = "responder"
    APPROVER = "approver"
