"""What the public is shown, and what the room shows of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.queries.shapes.parts import Badge


@dataclass(frozen=True, slots=True)
class ComponentView:
    """A part of a service as the public is told it fares."""

    name: str
    badge: Badge


@dataclass(frozen=True, slots=True)
class PublicUpdate:
    """One message as the public reads it. `corrected_at`: a later one puts it right; `corrects`: it is that one."""

    id: str
    phase: str
    message: str
    at: datetime | None
    components: tuple[ComponentView, ...] = ()
    corrects: bool = False
    corrected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PublicReport:
    """What was told about one disruption, the newest message first; known in public by its first message alone."""

    id: str
    title: str
    service: str
    phase: Badge
    began_at: datetime | None
    changed_at: datetime | None
    updates: tuple[PublicUpdate, ...]


@dataclass(frozen=True, slots=True)
class PublicService:
    """A service with its parts."""

    name: str
    components: tuple[ComponentView, ...]


@dataclass(frozen=True, slots=True)
class PublicPage:
    """The whole page: how it is now in one sentence, the parts, what is open, what is over."""

    summary: Badge
    services: tuple[PublicService, ...]
    open_reports: tuple[PublicReport, ...]
    recent_reports: tuple[PublicReport, ...]
    changed_at: datetime | None
    feed_url: str

    @property
    def told(self) -> tuple[PublicReport, ...]:
        """Every report, the open ones first."""
        return (*self.open_reports, *self.recent_reports)
