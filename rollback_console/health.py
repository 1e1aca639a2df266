"""Is the console well? The process (/healthz), what it stands on (/readyz), its numbers (/metrics)."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.db.utils import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView
from psycopg_pool import PoolTimeout

from rollback_console import heartbeat

TICK_LATE_AFTER_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One part's health; the age is that of its last sign of life, None where there is none to be had."""

    ok: bool
    age_seconds: float | None
    words: str


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """503 only when the database is away: the pages go on without everything else, which is told beside it."""
    findings = {name: look() for name, look in LOOKS.items()}
    body = {name: asdict(finding) for name, finding in findings.items()}
    return JsonResponse(body, status=200 if findings["database"].ok else 503, headers={"Cache-Control": "no-store"})


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The console's own numbers, for the Prometheus that also delivers its alerts, with the same bearer."""
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.ALERT_WEBHOOK_TOKEN or not constant_time_compare(shown, settings.ALERT_WEBHOOK_TOKEN):
        return HttpResponse("A bearer token is needed.\n", status=401, headers={"WWW-Authenticate": "Bearer"})
    numbers: HttpResponse = ExportToDjangoView(request)
    return numbers


def look_at_database() -> Finding:
    """Does the database answer a query?"""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, PoolTimeout):
        return Finding(ok=False, age_seconds=None, words="The database does not answer.")
    return Finding(ok=True, age_seconds=0.0, words="The database answers.")


def look_at_redis() -> Finding:
    """Does Redis answer? Without it everything goes on, a few seconds later."""
    try:
        with heartbeat.redis_client() as client:
            client.ping()
    except heartbeat.RedisAway:
        return Finding(ok=False, age_seconds=None, words="Redis does not answer; the sweep and the polls stand in.")
    return Finding(ok=True, age_seconds=0.0, words="Redis answers.")


def look_at_tick(key: str, who: str) -> Finding:
    """How long ago did this part leave its sign of life?"""
    try:
        with heartbeat.redis_client() as client:
            kept = client.get(key)
    except heartbeat.RedisAway:
        return Finding(
            ok=False, age_seconds=None, words=f"Unknown: {who}'s sign of life is kept in Redis, which is away."
        )
    if kept is None:
        return Finding(ok=False, age_seconds=None, words=f"{who.capitalize()} has never given a sign of life.")
    age = round(max(0.0, time.time() - float(kept)), 1)
    return Finding(
        ok=age <= TICK_LATE_AFTER_SECONDS,
        age_seconds=age,
        words=f"{who.capitalize()} gave a sign of life {age:g} s ago.",
    )


def look_at_worker() -> Finding:
    """Has a worker run the tick lately?"""
    return look_at_tick(heartbeat.WORKER_KEY, "the worker")


def look_at_beat() -> Finding:
    """Has beat sent the tick lately?"""
    return look_at_tick(heartbeat.BEAT_KEY, "beat")


def look_at_live() -> Finding:
    """Does the live process answer? Without it the pages are whole, and move when reloaded."""
    import httpx  # here: a fifth of a second of the pages' start

    try:
        answer = httpx.get(f"{settings.LIVE_URL or settings.PUBLIC_URL}/live/healthz", timeout=1)
    except httpx.HTTPError:
        return Finding(ok=False, age_seconds=None, words="The live process does not answer; pages move when reloaded.")
    if not answer.is_success:
        return Finding(ok=False, age_seconds=None, words=f"The live process answers {answer.status_code}.")
    return Finding(ok=True, age_seconds=0.0, words="The live process answers.")


LOOKS: Final[dict[str, Callable[[], Finding]]] = {
    "database": look_at_database,
    "redis": look_at_redis,
    "worker": look_at_worker,
    "beat": look_at_beat,
    "live": look_at_live,
}
