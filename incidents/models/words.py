"""Public words: what customers are told, from the draft to the post."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.models.fields import Identified, choices_of, one_of
from incidents.models.incident import Incident
from incidents.procedure.public_words import LONGEST_TITLE, Audience, Component, ComponentState, Phase, PublicWords

IN_WORK = ["draft", "asked", "refused", "approved"]


class StatusUpdateQuerySet(models.QuerySet["StatusUpdate"]):
    """Public words by their use."""

    def posted(self) -> "StatusUpdateQuerySet":
        """What the public was told, in the order it was told."""
        return self.filter(state="posted").order_by("posted_at", "id")

    def in_work(self) -> "StatusUpdateQuerySet":
        """What is written, asked, refused, or on its way: one an incident at most."""
        return self.filter(state__in=IN_WORK)


class StatusUpdate(Identified):
    """Words for customers: drafted by the lead (P1), posted only once approved (P2)."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        ASKED = "asked", "waits for approval"
        APPROVED = "approved", "approved"
        REFUSED = "refused", "refused"
        POSTED = "posted", "posted"
        WITHDRAWN = "withdrawn", "withdrawn"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="status_updates")
    phase = models.CharField(max_length=15, choices=choices_of(Phase))
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    title = models.CharField(max_length=LONGEST_TITLE, default="")
    message = models.TextField()
    components = models.JSONField(default=list, help_text="each with its name and the state the public is told")
    notify = models.BooleanField(default=False)
    audiences = models.JSONField(default=list, help_text="the pages it is posted on")
    version = models.PositiveIntegerField(default=1, help_text="moved by every act on it; a form compares it")
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="status_updates")
    drafted_at = models.DateTimeField()
    posted_at = models.DateTimeField(null=True, blank=True)
    corrects = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrections")
    content_digest = models.CharField(max_length=64, blank=True, help_text="of exactly what was approved (E13)")
    outside = models.JSONField(default=dict, blank=True, help_text="its report and update at the outside status page")

    objects = StatusUpdateQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of("phase", Phase, name="public_words_are_of_a_known_phase"),
            models.UniqueConstraint(
                fields=["incident"], condition=Q(state__in=IN_WORK), name="one_update_in_work_an_incident"
            ),
            models.CheckConstraint(
                condition=Q(state="posted", posted_at__isnull=False) | (~Q(state="posted") & Q(posted_at__isnull=True)),
                name="a_posted_update_says_when",
            ),
        ]
        indexes = [models.Index(fields=["incident", "posted_at"], name="update_by_incident")]

    def __str__(self) -> str:
        return f"{self.phase}: {self.title} ({self.state})"

    def as_words(self) -> PublicWords:
        """Exactly what stands in the row, as it would be approved and posted."""
        return PublicWords(
            phase=Phase(self.phase),
            title=self.title,
            message=self.message,
            components=tuple(Component(each["name"], ComponentState(each["state"])) for each in self.components),
            notify=self.notify,
            audiences=tuple(Audience(each) for each in self.audiences),
            corrects=str(self.corrects_id or ""),
        )
