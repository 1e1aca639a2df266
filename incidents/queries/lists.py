"""The dashboard, the list of incidents by keyset pages, and what each service is doing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.urls import reverse

from incidents.models.alert import Alert
from incidents.models.duty import Seat, Shift
from incidents.models.incident import OPEN_STATES, Incident
from incidents.models.service import Service
from incidents.models.words import StatusUpdate
from incidents.procedure.public_words import Phase
from incidents.queries.changes import change_rows, recent_changes
from incidents.queries.charts import Point
from incidents.queries.deadlines import due_for
from incidents.queries.duty import services_for, visible_services
from incidents.queries.readiness import missing_words
from incidents.queries.reversions import shipped_again
from incidents.queries.room import incident_card
from incidents.queries.series import last_value, recent_points, spark
from incidents.queries.shapes import DashboardPage, IncidentCard, ServiceHealth, Tone
from incidents.queries.shapes.lists import StandingReport
from incidents.queries.shapes.words import StandingWords
from incidents.queries.wording import standing_words

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
            words=storable(query.get("q", ""))[:100], state=storable(query.get("state", "")),
            service=storable(query.get("service", "")), severity=query.get("severity", ""),
            before=query.get("before", ""),
        )  # fmt: skip


def storable(words: str) -> str:
    """What was typed, without what a database cannot hold."""
    return words.replace("\0", "").strip()


def moment_in(words: str) -> datetime | None:
    """The moment of a cursor; None for what is none, or names no zone. A plus sign may have become a space."""
    try:
        at = datetime.fromisoformat(words.replace(" ", "+"))
    except ValueError:
        return None
    return at if at.tzinfo else None


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
        left_standing=left_standing_of(services),
        not_ready=missing_words(now),
        shipped_again=shipped_again(services),
        due=due_for(services, now),
    )


def left_standing_of(services: Iterable[Service]) -> tuple[StandingReport, ...]:
    """Incidents, closed ones too, of which the public page does not say *resolved* yet, the longest standing first."""
    posted = StatusUpdate.objects.filter(state="posted", incident__service__in=services)
    newest = (
        posted.order_by("incident_id", "-posted_at", "-id").distinct("incident_id").select_related("incident__service")
    )
    standing = [each for each in newest if each.phase != Phase.RESOLVED]
    return tuple(_standing(each.incident, each) for each in sorted(standing, key=lambda each: str(each.posted_at)))


def _standing(incident: Incident, newest: StatusUpdate) -> StandingReport:
    url = reverse("incidents:detail", args=[incident.number])
    words = standing_words(incident, newest) or StandingWords("", "idle")
    return StandingReport(incident.number, f"{url}#words", incident.service.name, words)


def health_of(services: Iterable[Service], now: datetime) -> list[ServiceHealth]:
    """How each service is by its own alert's series; who is on call."""
    found = list(services)
    shifts = Shift.objects.running(now).filter(service__in=found, seat=Seat.ON_CALL)
    on_call: dict[object, str] = {}
    for shift in shifts:
        on_call.setdefault(shift.service_id, shift.person.username)
    points = recent_points(found, now)
    firing = set(Alert.objects.filter(service__in=found, state="firing").values_list("service_id", flat=True))
    return [_health(s, now, on_call.get(s.pk, ""), points.get(s.pk, []), s.pk in firing) for s in found]


def _health(service: Service, now: datetime, on_call: str, points: list[Point], firing: bool) -> ServiceHealth:
    sample = last_value(service, points, now)
    value = sample.value if sample else None
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
        chart=spark(service, points),
        on_call=on_call,
    )


def _judgement(service: Service, value: float | None, firing: bool) -> tuple[Tone, str]:
    if firing:
        return "danger", f"{service.alert_name} fires"
    if not service.has_alert:
        return "idle", "no alert in the catalogue"
    if value is None:
        return "wait", "no data: silence is not health"
    threshold = service.alert_threshold or 0
    over = value > threshold if service.alert_above else value < threshold
    return ("warn", "over its threshold") if over else ("ok", "under its threshold")


def incidents_page(person: User, wanted: IncidentFilter) -> tuple[list[IncidentCard], str]:
    """One page of the incidents a person may see, newest first, and the cursor of the next; at any depth alike."""
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
    if wanted.severity in {"1", "2", "3"}:
        found = found.filter(severity=int(wanted.severity))
    return _before(found, wanted.before)


def _before(found: QuerySet[Incident], cursor: str) -> QuerySet[Incident]:
    moment, _, pk = cursor.partition("~")
    at = moment_in(moment)
    if at is None:
        return found
    try:
        return found.filter(Q(declared_at__lt=at) | Q(declared_at=at, pk__lt=UUID(pk)))
    except ValueError:
        return found.filter(declared_at__lt=at)
