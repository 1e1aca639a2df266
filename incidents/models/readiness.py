"""What was rehearsed with the outside world before it is needed, and what came of it."""

from django.db import models

from incidents.models.fields import Identified


class Rehearsal(Identified):
    """One check of one integration or permission, as it last went; a check keeps one row."""

    class Verdict(models.TextChoices):
        READY = "ready", "ready"
        WARNING = "warning", "works, with a caveat"
        MISSING = "missing", "missing"
        UNKNOWN = "unknown", "not tried yet"

    check_name = models.CharField(max_length=80, help_text="what is checked: flags.read, code_host.push:acme/shop")
    title = models.CharField(max_length=200)
    rule = models.CharField(max_length=4, blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, default=Verdict.UNKNOWN)
    words = models.TextField(blank=True, help_text="what holds, or what is missing and how to mend it")
    facts = models.JSONField(default=dict, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["check_name"], name="one_row_a_check"),
            models.CheckConstraint(
                condition=models.Q(verdict__in=["ready", "warning", "missing", "unknown"]),
                name="a_rehearsal_has_a_known_verdict",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_name}: {self.verdict}"
