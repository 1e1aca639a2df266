"""The course of an incident in one row: when each of its phases ended, for figures over many incidents."""

from django.db import models
from django.db.models import Q

from incidents.models.incident import Incident
from incidents.models.service import Service


class CourseQuerySet(models.QuerySet["Course"]):
    """Courses by their use."""

    def counted(self) -> "CourseQuerySet":
        """What figures are made of: neither a false alarm, nor what was merged into another."""
        return self.exclude(resolution__in=["false_alarm", "merged"])


class Course(models.Model):
    """When an incident was declared, decided, approved, reverted, recovered, learnt from; a worker keeps it true.

    It holds nothing that the other rows do not say: it may be emptied, and is written anew within a minute.
    """

    incident = models.OneToOneField(Incident, primary_key=True, on_delete=models.CASCADE, related_name="course")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="courses", db_index=False)
    severity = models.PositiveSmallIntegerField()
    resolution = models.CharField(max_length=20, blank=True)
    path = models.CharField(max_length=20, blank=True, help_text="of the newest decision; empty before the first")
    previewed_clean = models.BooleanField(null=True, help_text="of a rollback's first plan; none for other paths")
    onset_at = models.DateTimeField()
    declared_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    cto_at = models.DateTimeField(null=True, help_text="when the CTO, or the deputy, approved the rollback (M3)")
    dba_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    executed_at = models.DateTimeField(null=True)
    reverted_at = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    merged_at = models.DateTimeField(null=True)
    deployed_at = models.DateTimeField(null=True)
    recovered_at = models.DateTimeField(null=True)
    retrospective_at = models.DateTimeField(null=True, help_text="when it was complete")
    retrospective_due_at = models.DateTimeField(null=True)
    settled = models.BooleanField(default=False, help_text="nothing more is to come: it is not looked at again")

    objects = CourseQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["service", "-declared_at"], name="course_by_service"),
            models.Index(fields=["-declared_at"], name="course_by_age"),
            models.Index(fields=["incident"], name="course_unsettled", condition=Q(settled=False)),
        ]

    def __str__(self) -> str:
        return f"the course of {self.incident_id}"
