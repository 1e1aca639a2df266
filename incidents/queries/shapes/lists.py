"""Incidents and services in lists, and the dashboard."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from incidents.queries.shapes.changes import ChangeRow
from incidents.queries.shapes.charting import ChartView
from incidents.queries.shapes.due import DueStrip
from incidents.queries.shapes.parts import Badge, Link, Tone
from incidents.queries.shapes.words import StandingWords


@dataclass(frozen=True, slots=True)
class IncidentCard:
    """An incident in a list: what, since when, who leads, and what is happening now in one sentence."""

    number: str
    url: str
    title: str
    service: str
    severity: Badge
    state: Badge
    customers_affected: bool
    onset_at: datetime
    declared_at: datetime
    lead: str = ""
    now: str = ""
    tone: Tone = "idle"
    is_open: bool = True
    ended_at: datetime | None = None
    seconds_to_recover: float | None = None
    drill: Badge | None = None


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """A service on the dashboard. `firing`: its alert is active now; `None` as ratio: nobody has measured."""

    name: str
    slug: str
    url: str
    tone: Tone
    words: str
    firing: bool
    error_ratio: float | None
    threshold: float | None
    measured_at: datetime | None = None
    chart: ChartView | None = None
    on_call: str = ""
    last_deploy: ChangeRow | None = None


@dataclass(frozen=True, slots=True)
class StandingReport:
    """An incident of which the public page does not say *resolved*: nothing is left standing unseen (P1)."""

    number: str
    url: str
    service: str
    standing: StandingWords


@dataclass(frozen=True, slots=True)
class DashboardPage:
    """The first page: what burns, what changed, how the services are."""

    open_incidents: tuple[IncidentCard, ...]
    recent_changes: tuple[ChangeRow, ...]
    services: tuple[ServiceHealth, ...]
    can_declare: bool
    left_standing: tuple[StandingReport, ...] = ()
    not_ready: str = ""
    shipped_again: tuple[Link, ...] = ()
    due: DueStrip = field(default_factory=DueStrip)
