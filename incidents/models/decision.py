"""The decision, the plans made of it, and what was confirmed about it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.models.change import Change
from incidents.models.fields import Identified, choices_of, one_of
from incidents.models.incident import Incident
from incidents.procedure.decision import Path


class Decision(Identified):
    """What was answered, what was advised, and which path the on-call engineer took (D6)."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="decisions")
    number = models.PositiveSmallIntegerField()
    answers = models.JSONField()
    advice = models.JSONField(help_text="the advice as it was shown")
    path = models.CharField(max_length=20, choices=choices_of(Path))
    change = models.ForeignKey(Change, null=True, blank=True, on_delete=models.PROTECT, related_name="decisions")
    against_advice = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    decided_at = models.DateTimeField()
    procedure_version = models.CharField(max_length=10)
    switches = models.JSONField(default=dict)
    particulars = models.JSONField(
        default=dict,
        blank=True,
        help_text="what the path goes by, and what was found: the fix's pull request, the flag, the credential",
    )
    overruled = models.JSONField(
        default=list, blank=True, help_text="what the console had found and the engineer answered otherwise, looser"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "number"], name="decisions_are_numbered"),
            one_of("path", Path, name="a_decision_takes_a_known_path"),
            models.CheckConstraint(
                condition=Q(against_advice=False) | ~Q(reason=""), name="against_the_advice_says_why"
            ),
        ]

    @property
    def plan(self) -> "Plan":
        """The newest plan made of it: a fix that moves on before it is executed makes another one (E13)."""
        return self.plans.latest("number")


class Plan(Identified):
    """An ordered set of steps made from a decision; never edited, only replaced."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="plans")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="plans")
    number = models.PositiveSmallIntegerField()
    content_digest = models.CharField(max_length=64)
    instance_digest = models.CharField(max_length=64)
    base = models.CharField(max_length=64)
    tree = models.CharField(max_length=64)
    patch_id = models.CharField(max_length=64)
    branch = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    executed_at = models.DateTimeField(null=True, blank=True)
    executed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="executed_plans"
    )
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="stopped_plans"
    )
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "number"], name="plans_are_numbered"),
            models.UniqueConstraint(
                fields=["incident"], condition=Q(replaced_at__isnull=True), name="one_plan_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(executed_at__isnull=True, executed_by__isnull=True)
                | Q(executed_at__isnull=False, executed_by__isnull=False),
                name="an_executed_plan_says_by_whom",
            ),
        ]


class Confirmation(Identified):
    """A word that a rule waits for, given once by a person or by a machine: C1's, or a finding made looser."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="confirmations")
    decision = models.ForeignKey(
        Decision, null=True, blank=True, on_delete=models.PROTECT, related_name="confirmations"
    )
    rule = models.CharField(max_length=4)
    question = models.CharField(max_length=40, help_text="the field of the form that it answers")
    words = models.TextField(help_text="what was confirmed, and how it was found out")
    evidence = models.JSONField(default=dict, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="confirmations"
    )
    confirmed_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "rule", "question"], condition=Q(withdrawn_at__isnull=True),
                name="confirmed_once_for_a_decision",
            ),
        ]  # fmt: skip
