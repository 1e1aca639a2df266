"""Reading what Alertmanager's webhook sends (version 4), and Grafana's, which has the same shape (U3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from incidents.integrations.errors import UnreadableDelivery
from incidents.integrations.fields import Fields, Unexpected

LARGEST_DELIVERY: Final = 1_000_000
_MOST_ALERTS: Final = 1000
_STATUSES: Final = {"firing", "resolved"}
_GO_ZERO_YEAR: Final = 1  # Alertmanager's "no end": 0001-01-01T00:00:00Z


@dataclass(frozen=True, slots=True)
class FiredAlert:
    """One alert; `fingerprint` names its label set for good: a resolved alert bears the one it fired with."""

    fingerprint: str
    status: str
    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime | None
    generator_url: str


def parse(body: bytes) -> list[FiredAlert]:
    """The alerts of one delivery; raises UnreadableDelivery, and nothing else, for whatever is not one.

    https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
    """
    if len(body) > LARGEST_DELIVERY:
        raise UnreadableDelivery(f"The delivery is larger than {LARGEST_DELIVERY} bytes.")
    try:
        return _alerts(Fields.parse(body))
    except Unexpected as error:
        raise UnreadableDelivery(f"This is no delivery of Alertmanager's: {error}.") from None


def _alerts(delivery: Fields) -> list[FiredAlert]:
    version = delivery.text("version")
    if version != "4" and not (version == "1" and delivery.has("orgId")):
        raise Unexpected("version is neither Alertmanager's 4 nor Grafana's 1")
    if not delivery.has("alerts"):
        raise Unexpected("alerts is missing")
    alerts = delivery.each("alerts")
    if len(alerts) > _MOST_ALERTS:
        raise Unexpected(f"it holds more than {_MOST_ALERTS} alerts: set max_alerts in Alertmanager")
    return [_alert(alert) for alert in alerts]


def _alert(alert: Fields) -> FiredAlert:
    status, fingerprint = alert.text("status"), alert.text("fingerprint")
    if status not in _STATUSES:
        raise Unexpected("an alert's status is neither firing nor resolved")
    if not fingerprint:
        raise Unexpected("an alert's fingerprint is empty")
    labels = alert.texts_by_name("labels")
    return FiredAlert(
        fingerprint=fingerprint,
        status=status,
        name=labels.get("alertname", ""),
        labels=labels,
        annotations=alert.texts_by_name("annotations"),
        starts_at=alert.moment("startsAt"),
        ends_at=_end(alert) if status == "resolved" else None,
        generator_url=alert.text("generatorURL", default=""),
    )


def _end(alert: Fields) -> datetime | None:
    at = alert.optional_moment("endsAt")
    return None if at is None or at.year == _GO_ZERO_YEAR else at
