"""The alert's own series as charts: the room's with its moments, the dashboard's as a spark."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from incidents.models.incident import Incident
from incidents.models.series import SeriesSample
from incidents.models.service import Service
from incidents.queries.charts import SPARK, Point, draw
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
    end = min(now, (incident.recovered_at or now) + AFTER)
    start = max(incident.onset_at - BEFORE, end - LONGEST)
    unit, factor = _unit(service)
    return draw(
        _points(service, start, end), title=f"{service.alert_name}: its own series", threshold=service.alert_threshold,
        moments=moments, unit=unit, factor=factor,
    )  # fmt: skip


def spark(service: Service, now: datetime) -> ChartView | None:
    """The last minutes, small."""
    if not service.has_alert:
        return None
    unit, factor = _unit(service)
    points = _points(service, now - SPARK_SPAN, now)
    return draw(points, title=service.name, threshold=service.alert_threshold, unit=unit, factor=factor, box=SPARK)


def last_value(service: Service, now: datetime) -> SeriesSample | None:
    """The newest sample that is not older than a minute; silence has no value."""
    recent = SeriesSample.objects.filter(service=service, at__gt=now - timedelta(minutes=1), value__isnull=False)
    return recent.order_by("-at").first()


def _unit(service: Service) -> tuple[str, float]:
    return ("%", 100.0) if service.alert_unit == "ratio" else (service.alert_unit, 1.0)


def _points(service: Service, start: datetime, end: datetime) -> list[Point]:
    samples = SeriesSample.objects.filter(service=service, at__gte=start, at__lte=end).order_by("at")
    return [Point(at, value) for at, value in samples.values_list("at", "value")]
