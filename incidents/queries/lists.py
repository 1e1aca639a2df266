"""The dashboard, the list of incidents by keyset pages, and what each service is doing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.urls import reverse

from incidents.models.duty import Seat, Shift
from incidents.models.incident import OPEN_STATES, Incident
from incidents.models.service import Service
from incidents.queries.changes import change_rows, recent_changes
from incidents.queries.duty import services_for, visible_services
from incidents.queries.room import incident_card
from incidents.queries.series import last_value, spark
from incidents.queries.shapes import DashboardPage, IncidentCard, ServiceHealth, Tone

PAGE: Final = 25
NEWEST: Final = 10


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """What the list is narrowed to; empty means everything."""

    words: str = ""
    state: str = ""
    service: str = ""
    severity: str = ""
    before: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "IncidentFilter":
        """Read a query string; what makes no sense narrows nothing."""
        return cls(
            words=query.get("q", "").strip()[:100], state=query.get("state", ""), service=query.get("service", ""),
            severity=query.get("severity", ""), before=query.get("before", ""),
        )  # fmt: skip


def dashboard(person: User, now: datetime) -> DashboardPage:
    """What burns, what changed, how the services are."""
    services = list(visible_services(person).filter(retired=False).order_by("name"))
    responds = set(services_for(person, "respond_service").values_list("pk", flat=True))
    incidents = Incident.objects.unresolved().filter(service__in=services).select_related("service", "lead")[:20]
    return DashboardPage(
        open_incidents=tuple(incident_card(each) for each in incidents),
        recent_changes=change_rows(recent_changes(services, limit=NEWEST), actionable=bool(responds)),
        services=tuple(health_of(services, now)),
        can_declare=bool(responds),
    )


def health_of(services: Iterable[Service], now: datetime) -> list[ServiceHealth]:
    """How each service is by its own alert's series; who is on call."""
    found = list(services)
    shifts = Shift.objects.running(now).filter(service__in=found, seat=Seat.ON_CALL)
    on_call: dict[object, str] = {}
    for shift in shifts:
        on_call.setdefault(shift.service_id, shift.person.username)
    return [_health(each, now, on_call.get(each.pk, "")) for each in found]


def _health(service: Service, now: datetime, on_call: str) -> ServiceHealth:
    sample = last_value(service, now)
    value = sample.value if sample else None
    firing = service.alerts.filter(state="firing").exists()
    tone, words = _judgement(service, value, firing)
    return ServiceHealth(
        name=service.name,
        slug=service.slug,
        url=reverse("incidents:service", args=[service.slug]),
        tone=tone,
        words=words,
        firing=firing,
        error_ratio=value,
        threshold=service.alert_threshold,
        measured_at=sample.at if sample else None,
        chart=spark(service, now),
        on_call=on_call,
    )


def _judgement(service: Service, value: float | None, firing: bool) -> tuple[Tone, str]:
    if firing:
        return "danger", f"{service.alert_name} fires"
    if not service.has_alert:
        return "idle", "no alert in the catalogue"
    if value is None:
        return "wait", "no data: silence is not health"
    over = value > (service.alert_threshold or 0)
    return ("warn", "over its threshold") if over else ("ok", "under its threshold")


def incidents_page(person: User, wanted: IncidentFilter) -> tuple[list[IncidentCard], str]:
    """One page of the incidents a person may see, newest first, and the cursor of the next; keyset, at any depth alike."""
    found = _narrowed(Incident.objects.filter(service__in=visible_services(person)), wanted)
    rows = list(found.select_related("service", "lead").order_by("-declared_at", "-id")[: PAGE + 1])
    following = f"{rows[PAGE - 1].declared_at.isoformat()}~{rows[PAGE - 1].pk}" if len(rows) > PAGE else ""
    return [incident_card(each) for each in rows[:PAGE]], following


def _narrowed(found: QuerySet[Incident], wanted: IncidentFilter) -> QuerySet[Incident]:
    if wanted.words:
        found = found.filter(Q(title__icontains=wanted.words) | Q(number__icontains=wanted.words))
    if wanted.state == "open":
        found = found.filter(state__in=OPEN_STATES)
    elif wanted.state:
        found = found.filter(state=wanted.state)
    if wanted.service:
        found = found.filter(service__slug=wanted.service)
    if wanted.severity.isdigit():
        found = found.filter(severity=int(wanted.severity))
    return _before(found, wanted.before)


def _before(found: QuerySet[Incident], cursor: str) -> QuerySet[Incident]:
    moment, _, pk = cursor.partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return found
    return (
        found.filter(Q(declared_at__lt=at) | Q(declared_at=at, pk__lt=pk)) if pk else found.filter(declared_at__lt=at)
    )
