"""What is due, and who was told of it: a row a deadline, a row a mark, so that nobody is told twice."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.models.fields import Identified, choices_of, one_of
from incidents.models.incident import Incident
from incidents.procedure.deadlines import DeadlineKind


class DeadlineQuerySet(models.QuerySet["Deadline"]):
    """Deadlines by their use."""

    def standing(self) -> "DeadlineQuerySet":
        """What is due and not done, the most urgent first."""
        return self.filter(ended_at__isnull=True).order_by("due_at", "id")


class Deadline(Identified):
    """One thing due at one moment; a moment that is moved is another deadline."""

    class End(models.TextChoices):
        DONE = "done", "done"
        DROPPED = "dropped", "no longer due"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="deadlines")
    kind = models.CharField(max_length=15, choices=choices_of(DeadlineKind))
    subject = models.UUIDField(help_text="the row that is due, by its kind")
    rule = models.CharField(max_length=4)
    words = models.CharField(max_length=300, help_text="what is due, in a sentence without a time")
    path = models.CharField(max_length=300, help_text="where it is done, on these pages")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="deadlines"
    )
    since = models.DateTimeField()
    due_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, blank=True, help_text="the mark that comes next")
    ended_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=10, choices=End.choices, blank=True)

    objects = DeadlineQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of("kind", DeadlineKind, name="a_deadline_is_of_a_known_kind"),
            models.UniqueConstraint(fields=["kind", "subject", "due_at"], name="one_deadline_a_thing_and_moment"),
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(ended_at__isnull=True), name="one_standing_deadline_a_thing"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end="")
                | (Q(ended_at__isnull=False, next_at__isnull=True) & ~Q(end="")),
                name="an_ended_deadline_says_how",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], name="deadline_next", condition=Q(next_at__isnull=False)),
            models.Index(fields=["due_at"], name="deadline_standing", condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.words} due {self.due_at:%Y-%m-%d %H:%M}"

    @property
    def was_late(self) -> bool:
        """Whether it was done, but after its moment."""
        return self.end == self.End.DONE and self.ended_at is not None and self.ended_at > self.due_at


class Reminder(Identified):
    """One mark of a deadline, settled: somebody was told, late or in time, or it was passed over for a newer one."""

    deadline = models.ForeignKey(Deadline, on_delete=models.PROTECT, related_name="reminders")
    mark = models.CharField(max_length=30)
    planned_for = models.DateTimeField()
    settled_at = models.DateTimeField()
    late = models.BooleanField(default=False)
    passed_over = models.BooleanField(default=False)
    told = models.JSONField(default=list, help_text="who, and by which ways")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deadline", "mark"], name="a_mark_is_settled_once"),
            models.CheckConstraint(
                condition=Q(settled_at__gte=models.F("planned_for")), name="nobody_is_reminded_before_the_moment"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mark}: {self.deadline_id}"
