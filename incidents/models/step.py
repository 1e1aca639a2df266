"""A step: one effect in the world, its state, its lease and its evidence."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.models.decision import Plan
from incidents.models.fields import Identified, choices_of, one_of
from incidents.models.incident import Incident
from incidents.procedure.steps import StepKind, StepState

DUE_STATES = [StepState.READY.value, StepState.RUNNING.value, StepState.WATCHING.value]


class StepQuerySet(models.QuerySet["Step"]):
    """Steps by their use."""

    def in_order(self) -> "StepQuerySet":
        """A plan's steps as they run."""
        return self.order_by("position")

    def cancel(self, at: datetime, **also: str) -> int:
        """What has not begun never will: nobody holds it, and nothing is due."""
        return self.update(state=StepState.CANCELLED, finished_at=at, due_at=None, lease=None, **also)

    def of_incident_alone(self) -> "StepQuerySet":
        """Steps outside any plan: stop the bleed, and words (E3), oldest first."""
        return self.filter(plan__isnull=True).order_by("asked_at", "id")


class Step(Identified):
    """One effect with its rule; the row is the truth, a message in the broker only a doorbell (trust.md §1)."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="steps")
    plan = models.ForeignKey(Plan, null=True, blank=True, on_delete=models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField(default=0)
    after = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="before")
    kind = models.CharField(max_length=30, choices=choices_of(StepKind))
    rule = models.CharField(max_length=4)
    state = models.CharField(max_length=10, choices=choices_of(StepState))
    parameters = models.JSONField(default=dict)
    key = models.UUIDField(default=uuid.uuid4, unique=True, help_text="the idempotency key sent outside")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="asked_steps"
    )
    asked_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, help_text="when the runner must look at it next")
    lease = models.BigIntegerField(null=True, blank=True, help_text="the fencing token of who works on it")
    call_ends_at = models.DateTimeField(
        null=True, blank=True, help_text="until then a call of a lost attempt may still take effect"
    )
    sentence = models.TextField(blank=True, help_text="what is waited for, or what came of it, for an on-call")
    evidence = models.JSONField(default=dict)
    url = models.URLField(max_length=500, blank=True)
    by_hand = models.BooleanField(default=False, help_text="a person did it and left evidence")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = StepQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of("state", StepState, name="a_step_is_in_a_known_state"),
            one_of("kind", StepKind, name="a_step_is_of_a_known_kind"),
            models.UniqueConstraint(
                fields=["plan", "position"], condition=Q(plan__isnull=False), name="steps_of_a_plan_are_ordered"
            ),
            models.CheckConstraint(
                condition=Q(state__in=DUE_STATES, due_at__isnull=False)
                | (~Q(state__in=DUE_STATES) & Q(due_at__isnull=True, lease__isnull=True)),
                name="what_moves_is_due_and_what_rests_is_not",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["done", "skipped", "cancelled"], finished_at__isnull=False)
                | (~Q(state__in=["done", "skipped", "cancelled"]) & Q(finished_at__isnull=True)),
                name="an_ended_step_says_when",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="step_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["incident", "plan", "position"], name="step_by_incident"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.state})"
