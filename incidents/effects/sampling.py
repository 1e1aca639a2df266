"""Follow the alert's own series of every service, so that pages show it without asking the metrics themselves."""

from datetime import UTC, datetime, timedelta

import structlog

from incidents.effects.wiring import World
from incidents.integrations.errors import IntegrationError
from incidents.models.service import Service
from incidents.services.clock import database_now
from incidents.services.sampling import keep_samples, last_sample_at

FIRST_LOOK = timedelta(minutes=10)
SHORTEST_STEP = 2
log = structlog.get_logger(__name__)


def sample_series(world: World) -> None:
    """The new samples of each service with an alert; a metrics server that is away is tried again at the next tick."""
    now = database_now()
    for service in Service.objects.in_use().exclude(alert_query=""):
        try:
            _sample(service, world, now)
        except IntegrationError as failure:
            log.warning("series_not_sampled", service=service.slug, why=failure.words)


def _sample(service: Service, world: World, now: datetime) -> None:
    step = max(SHORTEST_STEP, service.alert_every_seconds)
    since = max(last_sample_at(service) or now - FIRST_LOOK, now - FIRST_LOOK)
    start, end = _on_the_grid(since + timedelta(seconds=step), step), _on_the_grid(now, step)
    if start <= end:
        found = world.metrics.series(service.alert_query, start=start, end=end, step_seconds=step)
        keep_samples(service=service, samples=[(each.at, each.value) for each in found], now=now)


def _on_the_grid(moment: datetime, step: int) -> datetime:
    """The last moment that a whole number of steps has passed, so that every look samples the same moments."""
    return datetime.fromtimestamp(int(moment.timestamp()) // step * step, tz=UTC)
