"""A rehearsal: the sandbox is broken on purpose, people or stand-ins roll it back, and it is scored."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.models.fields import Identified, choices_of, one_of
from incidents.models.incident import Incident
from incidents.models.service import Service
from incidents.procedure.drills import Scenario


class Drill(Identified):
    """One drill, from the breaking to its score; one at a time, since there is one sandbox."""

    class State(models.TextChoices):
        RUNNING = "running", "running"
        DONE = "done", "done"
        BROKEN_OFF = "broken_off", "broken off"

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="drills")
    scenario = models.CharField(max_length=20, choices=choices_of(Scenario))
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    stand_ins = models.JSONField(default=list, help_text="the parts that the console plays itself")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="drills")
    started_at = models.DateTimeField()
    broken_at = models.DateTimeField(null=True, blank=True, help_text="when the sandbox was broken")
    incident = models.OneToOneField(
        Incident, null=True, blank=True, on_delete=models.PROTECT, related_name="rehearsed_by"
    )
    change = models.CharField(max_length=40, blank=True, help_text="the merge that broke it")
    words = models.TextField(blank=True, help_text="what it waits for, or why it ended")
    next_look_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    score = models.JSONField(default=dict)

    class Meta:
        constraints = [
            one_of("scenario", Scenario, name="a_drill_is_of_a_known_scenario"),
            models.UniqueConstraint(fields=["state"], condition=Q(state="running"), name="one_drill_at_a_time"),
            models.CheckConstraint(
                condition=Q(state="running", ended_at__isnull=True)
                | (~Q(state="running") & Q(ended_at__isnull=False, next_look_at__isnull=True)),
                name="an_ended_drill_says_when",
            ),
        ]
        indexes = [models.Index(fields=["-started_at"], name="drill_by_age")]

    def __str__(self) -> str:
        return f"{self.scenario} ({self.state})"
