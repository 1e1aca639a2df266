"""What the console itself stands on, asked as the page is opened: what has died cannot report itself."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.utils.module_loading import import_string

from incidents.queries.readiness import BADGES, Verdict
from incidents.queries.shapes.readiness import ReadinessCheck

TITLES: Mapping[str, str] = {
    "database": "The database", "redis": "Redis", "worker": "A worker", "beat": "Beat", "live": "The live process",
}  # fmt: skip


def own_health(now: datetime) -> Iterator[ReadinessCheck]:
    """The looks of /readyz; the settings name them, since no room looks up at the roof."""
    looks = cast("Mapping[str, Callable[[], Any]]", import_string(settings.HEALTH_LOOKS))
    for name, look in looks.items():
        finding = look()
        verdict = Verdict.READY if finding.ok else Verdict.MISSING
        yield ReadinessCheck("console", TITLES.get(name, name), "", verdict, BADGES[verdict], finding.words, now)
