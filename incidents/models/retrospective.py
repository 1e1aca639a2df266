"""What is learnt afterwards: the retrospective with its two terms, its texts with their history, its follow-ups (T)."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.models.fields import Identified, choices_of, one_of
from incidents.models.incident import Incident
from incidents.procedure.retrospective import Section

PERSON = settings.AUTH_USER_MODEL


class Retrospective(Identified):
    """Opened when the rollback was done; registered with the intake and completed, each by its own term (T1, E21)."""

    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="retrospective")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="by when it is registered: 24 hours after the rollback was done (T1)")
    registered_at = models.DateTimeField(null=True, blank=True)
    registered_by = models.ForeignKey(PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=500, blank=True, default="", db_default="", help_text="at the intake")
    complete_by = models.DateTimeField(null=True, blank=True, help_text="the service's own term (E21)")
    completed_at = models.DateTimeField(null=True, blank=True)
    completed_by = models.ForeignKey(PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    none_because = models.TextField(blank=True, default="", db_default="", help_text="why nothing is to be mended")
    series = models.JSONField(null=True, blank=True, help_text="the alert's own series around it, kept for good")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["opened_at"], name="retro_without_series", condition=Q(series__isnull=True)),
            models.Index(fields=["complete_by"], name="retro_incomplete", condition=Q(completed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"Retrospective of {self.incident_id}"


class RetrospectiveSection(Identified):
    """One text of T2; at version 0 nobody has written, and the page shows what the record says."""

    retrospective = models.ForeignKey(Retrospective, on_delete=models.CASCADE, related_name="sections")
    name = models.CharField(max_length=15, choices=choices_of(Section))
    text = models.TextField(blank=True, default="")
    version = models.PositiveIntegerField(default=0, help_text="moved by every save; a form compares it")
    written_by = models.ForeignKey(PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(null=True, blank=True)
    written_in = models.CharField(max_length=36, blank=True, default="", help_text="the open page it was written in")

    class Meta:
        constraints = [
            one_of("name", Section, name="a_section_is_one_of_t2"),
            models.UniqueConstraint(fields=["retrospective", "name"], name="a_section_stands_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.version}"


class SectionRevision(Identified):
    """What a section said: the last text of each sitting, the record's own at the beginning, and what was set aside."""

    section = models.ForeignKey(RetrospectiveSection, on_delete=models.CASCADE, related_name="revisions")
    version = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    written_by = models.ForeignKey(PERSON, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField()
    written_at = models.DateTimeField()
    set_aside = models.BooleanField(default=False, help_text="lost to another version; kept, never shown as the text")

    class Meta:
        indexes = [models.Index(fields=["section", "-written_at"], name="revision_by_section")]

    def __str__(self) -> str:
        return f"{self.section_id} at {self.version}"


class SectionDraft(Identified):
    """What somebody typed on a version that another had meanwhile left behind: kept until they choose."""

    section = models.ForeignKey(RetrospectiveSection, on_delete=models.CASCADE, related_name="drafts")
    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(blank=True)
    based_on = models.PositiveIntegerField(help_text="the version it was typed on")
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["section", "person"], name="one_draft_a_person")]

    def __str__(self) -> str:
        return f"{self.section_id} by {self.person_id}"


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    """Follow-ups by their use."""

    def unsettled(self) -> "FollowUpQuerySet":
        """Neither done nor given up."""
        return self.filter(done_at__isnull=True, cancelled_at__isnull=True)


class FollowUp(Identified):
    """One thing to mend, found by the retrospective (T2)."""

    class Kind(models.TextChoices):
        TEST_GAP = "test_gap", "test gap"
        MONITORING_GAP = "monitoring_gap", "monitoring gap"
        RUNBOOK = "runbook", "runbook update"

    retrospective = models.ForeignKey(Retrospective, on_delete=models.CASCADE, related_name="follow_ups")
    kind = models.CharField(max_length=15, choices=Kind.choices)
    words = models.TextField()
    owner = models.ForeignKey(PERSON, null=True, blank=True, on_delete=models.PROTECT)
    due_on = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1, help_text="moved by every act; a form compares it")
    outside_url = models.URLField(max_length=500, blank=True)
    issue_number = models.PositiveIntegerField(null=True, blank=True, help_text="in the service's repository")
    looked_at = models.DateTimeField(null=True, blank=True, help_text="when its issue was last read")
    done_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_because = models.TextField(blank=True, default="", db_default="")

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(cancelled_at__isnull=True), name="done_or_given_up_not_both"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_on"], name="follow_up_open", condition=Q(done_at__isnull=True, cancelled_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.words[:40]}"

    @property
    def settled(self) -> bool:
        """Whether nothing more is to be done about it."""
        return self.done_at is not None or self.cancelled_at is not None
