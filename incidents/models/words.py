"""Public words and what is learnt afterwards: status updates, the retrospective and its follow-ups."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.models.fields import Identified
from incidents.models.incident import Incident


class StatusUpdate(Identified):
    """Words for customers: drafted by the lead (P1), posted only once approved (P2)."""

    class Phase(models.TextChoices):
        INVESTIGATING = "investigating", "investigating"
        IDENTIFIED = "identified", "identified"
        MONITORING = "monitoring", "monitoring"
        RESOLVED = "resolved", "resolved"

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        ASKED = "asked", "waits for approval"
        APPROVED = "approved", "approved"
        REFUSED = "refused", "refused"
        POSTED = "posted", "posted"
        WITHDRAWN = "withdrawn", "withdrawn"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="status_updates")
    phase = models.CharField(max_length=15, choices=Phase.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    message = models.TextField()
    components = models.JSONField(default=list)
    notify = models.BooleanField(default=False)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="status_updates")
    drafted_at = models.DateTimeField()
    posted_at = models.DateTimeField(null=True, blank=True)
    corrects = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrections")
    content_digest = models.CharField(max_length=64, blank=True, help_text="of exactly what was approved (E13)")
    outside = models.JSONField(default=dict, blank=True, help_text="its report and update at the outside status page")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="posted", posted_at__isnull=False) | (~Q(state="posted") & Q(posted_at__isnull=True)),
                name="a_posted_update_says_when",
            )
        ]


class Retrospective(Identified):
    """Opened within 24 hours of the rollback (T1), with the sections of T2."""

    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="retrospective")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="24 hours after the rollback was done (T1)")
    sections = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    completed_at = models.DateTimeField(null=True, blank=True)


class FollowUp(Identified):
    """One thing to mend, found by the retrospective (T2)."""

    class Kind(models.TextChoices):
        TEST_GAP = "test_gap", "test gap"
        MONITORING_GAP = "monitoring_gap", "monitoring gap"
        RUNBOOK = "runbook", "runbook update"

    retrospective = models.ForeignKey(Retrospective, on_delete=models.CASCADE, related_name="follow_ups")
    kind = models.CharField(max_length=15, choices=Kind.choices)
    words = models.TextField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)
    due_on = models.DateField(null=True, blank=True)
    outside_url = models.URLField(max_length=500, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
