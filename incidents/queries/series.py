"""The alert's own series as charts: the room's with its moments, the dashboard's as a spark."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from incidents.models.incident import Incident
from incidents.models.series import SeriesSample
from incidents.models.service import Service
from incidents.queries.charts import SPARK, Box, Point, draw
from incidents.queries.shapes import ChartView

BEFORE = timedelta(minutes=3)
AFTER = timedelta(minutes=2)
LONGEST = timedelta(hours=1)
SPARK_SPAN = timedelta(minutes=10)


def room_chart(incident: Incident, now: datetime, *, moments: Iterable[tuple[str, datetime]]) -> ChartView | None:
    """The flagging alert's series around the incident, with its moments marked; None where the service has no alert."""
    service = incident.service
    if not service.has_alert:
        return None
    return _room_chart(service, _points(service, *_span(incident, now)), moments)


def kept_chart(incident: Incident, kept: Iterable[Any], *, moments: Iterable[tuple[str, datetime]]) -> ChartView | None:
    """The same of a series that was kept with the retrospective, when its samples are long forgotten (T2)."""
    points = [Point(datetime.fromisoformat(at), value) for at, value in kept]
    return _room_chart(incident.service, points, moments) if points and incident.service.has_alert else None


def series_around(incident: Incident, now: datetime) -> list[tuple[str, float | None]]:
    """The samples around an incident that is over, as they are kept: moment and value, oldest first."""
    points = _points(incident.service, *_span(incident, now)) if incident.service.has_alert else []
    return [(point.at.isoformat(), point.value) for point in points]


def _span(incident: Incident, now: datetime) -> tuple[datetime, datetime]:
    end = min(now, (incident.recovered_at or incident.closed_at or now) + AFTER)
    return max(incident.onset_at - BEFORE, end - LONGEST), end


def _room_chart(service: Service, points: list[Point], moments: Iterable[tuple[str, datetime]]) -> ChartView:
    unit, factor = _unit(service)
    return draw(
        points, title=f"{service.alert_name}: its own series", threshold=service.alert_threshold, moments=moments,
        unit=unit, factor=factor,
    )  # fmt: skip


def recent_points(services: Iterable[Service], now: datetime) -> dict[UUID, list[Point]]:
    """The last minutes of each service's series, oldest first, in one query."""
    samples = SeriesSample.objects.filter(service__in=services, at__gte=now - SPARK_SPAN, at__lte=now).order_by("at")
    found: dict[UUID, list[Point]] = {}
    for service_id, at, value in samples.values_list("service_id", "at", "value"):
        found.setdefault(service_id, []).append(Point(at, value))
    return found


def spark(service: Service, points: list[Point], *, box: Box = SPARK) -> ChartView | None:
    """The last minutes, small unless a larger box is given."""
    if not service.has_alert:
        return None
    unit, factor = _unit(service)
    return draw(points, title=service.name, threshold=service.alert_threshold, unit=unit, factor=factor, box=box)


def last_value(service: Service, points: list[Point], now: datetime) -> Point | None:
    """The newest point that is not older than a minute, or three of the service's steps; silence has no value."""
    oldest = now - max(timedelta(minutes=1), 3 * timedelta(seconds=service.alert_every_seconds))
    return next((point for point in reversed(points) if point.value is not None and point.at > oldest), None)


def _unit(service: Service) -> tuple[str, float]:
    return ("%", 100.0) if service.alert_unit == "ratio" else (service.alert_unit, 1.0)


def _points(service: Service, start: datetime, end: datetime) -> list[Point]:
    samples = SeriesSample.objects.filter(service=service, at__gte=start, at__lte=end).order_by("at")
    return [Point(at, value) for at, value in samples.values_list("at", "value")]
