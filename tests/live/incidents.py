"""An incident to look at."""

from datetime import UTC, datetime

from incidents.models import Incident, Service


def make_incident(slug: str = "shop") -> Incident:
    now = datetime(2026, 5, 8, 3, tzinfo=UTC)
    service = Service.objects.create(slug=slug, name=slug, repository=f"acme/{slug}")
    number = f"INC-2026-{Incident.objects.count() + 1:04}"
    return Incident.objects.create(
        number=number, service=service, title="Errors", trigger="U3", onset_at=now, declared_at=now
    )
