"""Figures over many incidents: how long each phase took, by month, service and severity; what was chosen."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.db.models.functions import TruncMonth
from django.urls import reverse

from incidents.models.course import Course
from incidents.models.service import Service
from incidents.queries.duty import visible_services
from incidents.queries.measures import (
    MEASURES,
    PREVIEWS,
    RETROSPECTIVES,
    ROLLED_BACK,
    STAGES,
    WAITS,
    Measure,
    counts_of,
    spans_of,
)
from incidents.queries.months import every_month, months_of_paths, months_of_shares, months_of_spans
from incidents.queries.shapes.insights import InsightsPage, Share, SpanTable
from incidents.queries.spans import axis_of, figures, span_row

LONGEST_LIST: Final = 60
Counted = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightsFilter:
    """What is counted, and which measure is shown by month, service and severity."""

    days: int = 365
    service: str = ""
    severity: str = ""
    measure: str = "whole"

    def query(self, **other: str) -> str:
        """The same filter as a query string, with something put another way."""
        told = {"days": self.days, "service": self.service, "severity": self.severity, "measure": self.measure}
        return urlencode({name: value for name, value in (told | other).items() if value not in ("", None)})


def counted_courses(person: User, wanted: InsightsFilter, now: datetime) -> QuerySet[Course]:
    """The incidents that figures are made of: visible to the person, of the time, service and severity asked for."""
    found = Course.objects.counted().filter(service__in=visible_services(person), declared_at__lte=now)
    if wanted.days:
        found = found.filter(declared_at__gte=now - timedelta(days=wanted.days))
    if wanted.service:
        found = found.filter(service__slug=wanted.service)
    return found.filter(severity=int(wanted.severity)) if wanted.severity else found


def insights_page(person: User, wanted: InsightsFilter, now: datetime) -> InsightsPage:
    """Every figure of the page, by a handful of aggregates whatever the number of incidents."""
    found = counted_courses(person, wanted, now)
    total = found.aggregate(**spans_of(MEASURES), **counts_of())
    months, csv_url = list(_of_months(found, wanted)), _csv("months", wanted)
    by_month = every_month([row for _, row in months])
    shares = (Share(each.name, total[each.part], total[each.whole], each.definition, each.rules) for each in SHARES)
    return InsightsPage(
        counted=total["counted"],
        as_of=now,
        measure=MEASURES[wanted.measure].name,
        headline=_table("", {"whole": STAGES["whole"]}, total, wanted).rows[0],
        shares=tuple(shares),
        stages=_table("Phase by phase", STAGES, total, wanted, csv="stages"),
        waits=_table("Who waited for whom", WAITS, total, wanted, csv="waits"),
        months=months_of_spans(by_month, MEASURES[wanted.measure], csv_url),
        paths=months_of_paths(by_month, csv_url),
        previews=months_of_shares(by_month, PREVIEWS, csv_url),
        retrospectives=months_of_shares(by_month, RETROSPECTIVES, csv_url),
        services=_groups("By service", _of_services(found, wanted), wanted, csv="services"),
        severities=_groups("By severity", _of_severities(found, wanted), wanted, csv="severities"),
    )


SHARES: Final = (ROLLED_BACK, PREVIEWS, RETROSPECTIVES)


def _by(found: Any, group: str, wanted: InsightsFilter) -> Any:
    spans = spans_of({"one": MEASURES[wanted.measure]})
    return found.order_by().values(group).annotate(**spans, **counts_of()).order_by(group)


def _of_months(found: QuerySet[Course], wanted: InsightsFilter) -> list[tuple[str, Counted]]:
    by_month = found.annotate(month=TruncMonth("declared_at", tzinfo=UTC))
    return [(f"{row['month']:%Y-%m}", row) for row in _by(by_month, "month", wanted)]


def _of_services(found: QuerySet[Course], wanted: InsightsFilter) -> list[tuple[str, Counted]]:
    rows = list(_by(found, "service", wanted))
    names = dict(Service.objects.filter(pk__in=[row["service"] for row in rows]).values_list("pk", "name"))
    return sorted(((names[row["service"]], row) for row in rows), key=lambda each: (-each[1]["counted"], each[0]))


def _of_severities(found: QuerySet[Course], wanted: InsightsFilter) -> list[tuple[str, Counted]]:
    return [(f"SEV {row['severity']}", row) for row in _by(found, "severity", wanted)]


GROUPED: Final[Mapping[str, Callable[[QuerySet[Course], InsightsFilter], list[tuple[str, Counted]]]]] = {
    "months": _of_months,
    "services": _of_services,
    "severities": _of_severities,
}
TABLES: Final = ("stages", "waits", *GROUPED)


def _table(
    title: str, measures: Mapping[str, Measure], found: Counted, wanted: InsightsFilter, *, csv: str = ""
) -> SpanTable:
    told = {key: (found[f"{key}_n"], found[f"{key}_p"], found[f"{key}_few"] or ()) for key in measures}
    axis = axis_of(told.values())
    rows = tuple(
        span_row(
            each.name, axis, *told[key], definition=each.definition, rules=each.rules,
            url=f"?{wanted.query(measure=key)}#by-month", chosen=key == wanted.measure,
        )
        for key, each in measures.items()
    )  # fmt: skip
    return SpanTable(title, rows, axis.ticks(), _csv(csv, wanted))


def _groups(title: str, found: list[tuple[str, Counted]], wanted: InsightsFilter, *, csv: str) -> SpanTable:
    told = [(name, row["one_n"], row["one_p"], row["one_few"] or ()) for name, row in found]
    axis = axis_of(each[1:] for each in told)
    shown = tuple(span_row(name, axis, *figure) for name, *figure in told[:LONGEST_LIST])
    left = f"{len(told) - LONGEST_LIST} more stand in the CSV." if len(told) > LONGEST_LIST else ""
    return SpanTable(title, shown, axis.ticks(), _csv(csv, wanted), words=left)


def _csv(table: str, wanted: InsightsFilter) -> str:
    return f"{reverse('incidents:insights-csv', args=[table])}?{wanted.query()}" if table else ""


SECONDS: Final = ("incidents", "median_seconds", "p90_seconds")


def csv_rows(table: str, person: User, wanted: InsightsFilter, now: datetime) -> Iterable[Iterable[object]]:
    """One of `TABLES` as rows, its head first."""
    found = counted_courses(person, wanted, now)
    if table in GROUPED:
        return _csv_of_groups(GROUPED[table](found, wanted), wanted)
    return _csv_of_measures(STAGES if table == "stages" else WAITS, found)


def _csv_of_measures(measures: Mapping[str, Measure], found: QuerySet[Course]) -> Iterable[Iterable[object]]:
    total = found.aggregate(**spans_of(measures))
    yield ("measure", *SECONDS, "definition")
    for key, each in measures.items():
        yield (each.name, *_seconds(total[f"{key}_n"], total[f"{key}_p"]), each.definition)


def _csv_of_groups(groups: list[tuple[str, Counted]], wanted: InsightsFilter) -> Iterable[Iterable[object]]:
    counts = tuple(counts_of())
    yield ("group", *counts, "measure", *SECONDS)
    for name, row in groups:
        yield (name, *(row[each] for each in counts), wanted.measure, *_seconds(row["one_n"], row["one_p"]))


def _seconds(count: int, percentiles: list[float] | None) -> tuple[object, ...]:
    median, p90 = figures(count, percentiles)
    return (count, "" if median is None else round(median, 1), "" if p90 is None else round(p90, 1))
