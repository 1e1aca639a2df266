"""A change that reached production, where it was deployed, and what its revert would do."""

from django.db import models
from django.db.models import Q

from incidents.models.fields import Identified
from incidents.models.service import Service


class ChangeQuerySet(models.QuerySet["Change"]):
    """Changes by their use."""

    def recent(self) -> "ChangeQuerySet":
        """Newest on the deploy branch first, with what their revert would do now."""
        return self.select_related("service", "assessment").order_by("-merged_at", "-id")


class Change(Identified):
    """A merged pull request or a commit on the deploy branch of a service."""

    class Kind(models.TextChoices):
        MERGE = "merge", "merge commit"
        SQUASH = "squash", "squash merge"
        REBASE = "rebase", "rebase merge"
        COMMIT = "commit", "single commit"

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="changes")
    sha = models.CharField(max_length=64, help_text="the commit on the deploy branch, the last one of a rebase merge")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.COMMIT)
    commits = models.JSONField(default=list, help_text="what must be reverted, newest first")
    title = models.CharField(max_length=500)
    author = models.CharField(max_length=200, blank=True)
    pull_request = models.PositiveIntegerField(null=True, blank=True)
    url = models.URLField(max_length=500, blank=True)
    merged_at = models.DateTimeField()
    reverted_by = models.CharField(max_length=64, blank=True, help_text="the commit that took it back")

    objects = ChangeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "sha"], name="one_change_a_commit_and_service")]
        indexes = [models.Index(fields=["service", "-merged_at"], name="change_by_age")]

    def __str__(self) -> str:
        return f"{self.short_sha} {self.title}"

    @property
    def short_sha(self) -> str:
        """The first eight digits, as people say them."""
        return self.sha[:8]


class Deployment(Identified):
    """One deployment of a commit to the service's environment, as the code host reports it."""

    class State(models.TextChoices):
        PENDING = "pending", "pending"
        RUNNING = "running", "running"
        SUCCEEDED = "succeeded", "succeeded"
        FAILED = "failed", "failed"
        REPLACED = "replaced", "replaced"

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="deployments")
    outside_id = models.BigIntegerField()
    sha = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    url = models.URLField(max_length=500, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "outside_id"], name="one_row_a_deployment"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "running"]) | Q(finished_at__isnull=False),
                name="an_ended_deployment_says_when",
            ),
        ]
        indexes = [models.Index(fields=["service", "-started_at"], name="deployment_by_age")]


class Assessment(Identified):
    """What reverting a change onto `base` would do, computed ahead of the click and again on each push."""

    class Verdict(models.TextChoices):
        CLEAN = "clean", "reverts cleanly"
        CONFLICT = "conflict", "conflicts"
        ALREADY_UNDONE = "already_undone", "already undone"
        NOT_AN_ANCESTOR = "not_an_ancestor", "never deployed from here"
        ERROR = "error", "could not be computed"

    class Schema(models.TextChoices):
        FORWARD = "F", "forward-compatible"
        BACKWARD = "B", "backwards-incompatible"
        HUMAN = "H", "needs a person"

    change = models.OneToOneField(Change, on_delete=models.CASCADE, related_name="assessment")
    base = models.CharField(max_length=64)
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    tree = models.CharField(max_length=64, blank=True)
    patch_id = models.CharField(max_length=64, blank=True)
    words = models.TextField()
    conflicts = models.JSONField(default=list)
    files = models.JSONField(default=list)
    dependents = models.JSONField(default=list)
    survivors = models.JSONField(default=list)
    broken = models.JSONField(default=list)
    computed_at = models.DateTimeField()
    schema = models.CharField(
        max_length=1, blank=True, choices=Schema.choices, help_text="empty: no migration, or not read yet"
    )
    read = models.JSONField(
        default=dict, blank=True, help_text="migrations, customer data, credentials and flags as the console read them"
    )
    engine = models.CharField(max_length=20, blank=True, help_text="which version of the reading; empty: not read yet")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(verdict="clean") | (~Q(tree="") & ~Q(patch_id="")), name="a_clean_revert_has_a_tree"
            )
        ]


class Reversion(Identified):
    """A change that was taken back: it must not ship again without its revert, until it is reapplied knowingly."""

    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="reversions")
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="reversions")
    revert_sha = models.CharField(max_length=64, help_text="the revert as it stands on the branch")
    reverted_at = models.DateTimeField()
    reapplied_at = models.DateTimeField(null=True, blank=True)
    reapplied_sha = models.CharField(max_length=64, blank=True)
    judged = models.JSONField(default=dict, blank=True, help_text="the commit last looked at, by place")
    back_sha = models.CharField(max_length=64, blank=True, help_text="the commit that ships the change again")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "change"], name="a_change_is_taken_back_once_an_incident")
        ]

    def __str__(self) -> str:
        return f"{self.change_id} taken back by {self.revert_sha[:8]}"
