"""What machines tell the console: stored first, read after, and only ever opening or extending an incident."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from incidents import dispatch
from incidents.models.alert import Alert, Delivery
from incidents.models.change import Change
from incidents.models.incident import OPEN_STATES, Incident, Trigger
from incidents.models.service import Service
from incidents.services.declaring import declare_incident
from incidents.services.locking import lock_incident
from incidents.services.recording import record

LONGEST_KEY, LONGEST_EVENT, LONGEST_ADDRESS = 200, 100, 500
NUDGED_EVERY, ONE_SWEEP = timedelta(seconds=10), timedelta(seconds=2.5)
SEVERITIES = {"critical": 1, "page": 1, "error": 2, "warning": 2, "info": 3}


@dataclass(frozen=True, slots=True)
class SeenAlert:
    """One firing, or its end, in our words."""

    source: str
    fingerprint: str
    name: str
    firing: bool
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    started_at: datetime
    ended_at: datetime | None
    url: str = ""


@transaction.atomic
def store_delivery(*, source: str, key: str, event: str, body: bytes, now: datetime) -> Delivery | None:
    """Keep a verified webhook before anybody reads it; None where the same delivery was kept before."""
    named = key if 0 < len(key) <= LONGEST_KEY else hashlib.sha256(body).hexdigest()
    delivery = Delivery(source=source, key=named, event=event[:LONGEST_EVENT], body=body, received_at=now)
    Delivery.objects.bulk_create([delivery], ignore_conflicts=True)
    if not Delivery.objects.filter(pk=delivery.pk).exists():
        return None
    dispatch.read_delivery(delivery.pk)
    return delivery


def call_unreadable(*, delivery: Delivery, words: str) -> None:
    """It makes no sense; what is wrong with it is kept beside it, and nobody acts on it."""
    delivery.verdict, delivery.words = Delivery.Verdict.UNREADABLE, words
    delivery.save(update_fields=["verdict", "words"])


def unread_deliveries(now: datetime) -> list[UUID]:
    """Deliveries whose nudge may be lost, oldest first, for the sweep.

    Each is named at the first sweep after it came, then every ten seconds: named at every sweep, a backlog fed itself.
    """
    waiting = Delivery.objects.filter(verdict=Delivery.Verdict.RECEIVED, received_at__lt=now).order_by("received_at")
    ages = waiting.values_list("pk", "received_at")[:100]
    return [pk for pk, received_at in ages if (now - received_at) % NUDGED_EVERY < ONE_SWEEP]


def settle_delivery(*, delivery: Delivery, acted: bool, words: str) -> None:
    """Say what became of a delivery."""
    delivery.verdict = Delivery.Verdict.ACTED_ON if acted else Delivery.Verdict.IGNORED
    delivery.words = words
    delivery.save(update_fields=["verdict", "words"])


@transaction.atomic
def receive_alert(*, seen: SeenAlert, now: datetime) -> Alert | None:
    """Open an incident for a firing alert, or attach it to the service's open one; the same firing counts once (U3)."""
    service = service_of(seen)
    if service is None:
        return None
    Service.objects.locked().get(pk=service.pk)
    alert, new = Alert.objects.get_or_create(
        source=seen.source, fingerprint=seen.fingerprint, started_at=seen.started_at,
        defaults={
            "name": seen.name, "service": service, "labels": dict(seen.labels), "annotations": dict(seen.annotations),
            "state": Alert.State.FIRING, "url": seen.url if len(seen.url) <= LONGEST_ADDRESS else "",
        },
    )  # fmt: skip
    if new and seen.firing:
        _attach(alert, now)
    elif not seen.firing and alert.state == Alert.State.FIRING:
        _resolve(alert, seen, now)
    return alert


def service_of(seen: SeenAlert) -> Service | None:
    """The service that listens to this alert: its name and at least its labels."""
    named = Service.objects.in_use().filter(alert_name=seen.name)
    return next((s for s in named if all(seen.labels.get(k) == v for k, v in s.alert_labels.items())), None)


def _attach(alert: Alert, now: datetime) -> None:
    incident = Incident.objects.filter(service=alert.service, state__in=OPEN_STATES).order_by("-declared_at").first()
    if incident is None:
        incident = declare_incident(
            service_id=alert.service.pk, trigger=Trigger.ALERT, title=_title(alert), now=now,
            onset_at=alert.started_at, severity=SEVERITIES.get(alert.labels.get("severity", ""), 2),
        )  # fmt: skip
    dispatch.refresh_mirror(alert.service.repository)
    lock_incident(incident.pk)
    alert.incident = incident
    alert.save(update_fields=["incident"])
    record(incident, "alert.fired", at=now, rule="U3", alert=alert.name, fingerprint=alert.fingerprint, url=alert.url)


def _resolve(alert: Alert, seen: SeenAlert, now: datetime) -> None:
    alert.state, alert.ended_at = Alert.State.RESOLVED, seen.ended_at or now
    alert.save(update_fields=["state", "ended_at"])
    if alert.incident:
        lock_incident(alert.incident.pk)
        record(alert.incident, "alert.resolved", at=now, rule="R5", alert=alert.name, fingerprint=alert.fingerprint)


def _title(alert: Alert) -> str:
    return alert.annotations.get("summary") or f"{alert.name} on {alert.service.name}"


@transaction.atomic
def receive_failed_deploy(*, service: Service, sha: str, url: str, now: datetime) -> Incident | None:
    """A deploy failed (U1): open an incident where the service has none; a second failure is noted on the first."""
    Service.objects.locked().get(pk=service.pk)
    incident = Incident.objects.filter(service=service, state__in=OPEN_STATES).order_by("-declared_at").first()
    if incident is None:
        change = Change.objects.filter(service=service, sha=sha).first()
        named = change.title if change else sha[:8]
        incident = declare_incident(
            service_id=service.pk, trigger=Trigger.DEPLOY_FAILED, title=f"Deploy of “{named}” failed", now=now,
            change_id=change.pk if change else None, why="its deploy failed",
        )  # fmt: skip
    elif incident.entries.filter(kind="deploy.failed", text__contains=f'"sha":"{sha}"').exists():
        return incident
    lock_incident(incident.pk)
    record(incident, "deploy.failed", at=now, rule="U1", sha=sha, url=url)
    return incident
