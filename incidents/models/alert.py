"""What machines told the console: raw deliveries first, then the alerts read from them."""

from django.db import models
from django.db.models import Q

from incidents.models.fields import Identified
from incidents.models.incident import Incident
from incidents.models.service import Service


class Delivery(Identified):
    """A webhook as it arrived, stored before it is read."""

    class Verdict(models.TextChoices):
        RECEIVED = "received", "received"
        ACTED_ON = "acted_on", "acted on"
        IGNORED = "ignored", "not for us"
        UNREADABLE = "unreadable", "unreadable"
        REFUSED = "refused", "refused"

    source = models.CharField(max_length=20)
    key = models.CharField(max_length=200, help_text="the sender's delivery id, or the digest of the body")
    event = models.CharField(max_length=100, blank=True)
    body = models.BinaryField()
    verdict = models.CharField(max_length=12, choices=Verdict.choices, default=Verdict.RECEIVED)
    words = models.TextField(blank=True)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "key"], condition=~Q(verdict="refused"), name="a_delivery_counts_once"
            )
        ]
        indexes = [
            models.Index(fields=["received_at"], name="delivery_unread", condition=Q(verdict="received")),
        ]


class Alert(Identified):
    """One firing of one alert rule; a repeat of it is the same row."""

    class State(models.TextChoices):
        FIRING = "firing", "firing"
        RESOLVED = "resolved", "resolved"

    source = models.CharField(max_length=20)
    fingerprint = models.CharField(max_length=100)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="alerts")
    incident = models.ForeignKey(Incident, null=True, on_delete=models.PROTECT, related_name="alerts")
    labels = models.JSONField(default=dict)
    annotations = models.JSONField(default=dict)
    url = models.URLField(max_length=500, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "fingerprint", "started_at"], name="one_row_a_firing"),
            models.CheckConstraint(condition=Q(state__in=["firing", "resolved"]), name="an_alert_fires_or_is_over"),
        ]
        indexes = [models.Index(fields=["service", "state"], name="alert_by_service")]
