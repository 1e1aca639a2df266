"""Samples of the alert's series, written in bulk and forgotten after hours; no ledger entry: nothing changed state."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from incidents.models.series import SeriesSample
from incidents.models.service import Service

KEPT = timedelta(hours=6)


def keep_samples(*, service: Service, samples: Iterable[tuple[datetime, float | None]], now: datetime) -> int:
    """Insert what is new, forget what is old; the number of samples offered."""
    rows = [SeriesSample(service=service, at=at, value=value) for at, value in samples]
    SeriesSample.objects.bulk_create(rows, ignore_conflicts=True)
    SeriesSample.objects.filter(service=service, at__lt=now - KEPT).delete()
    return len(rows)


def last_sample_at(service: Service) -> datetime | None:
    """When the newest sample was taken."""
    return SeriesSample.objects.filter(service=service).order_by("-at").values_list("at", flat=True).first()
