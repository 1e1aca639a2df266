"""A service: what is deployed, from where, watched by which alert, and who looks after it."""

from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from incidents.models.fields import Identified


class ServiceQuerySet(models.QuerySet["Service"]):
    """Services by their use."""

    def in_use(self) -> "ServiceQuerySet":
        """Services of the catalogue that were not retired, by name."""
        return self.filter(retired=False).order_by("name")

    def locked(self) -> "ServiceQuerySet":
        """Under their row locks: whoever also locks an incident of the service takes this one first."""
        return self.select_for_update(no_key=True)

    def of_repository(self, repository: str) -> "ServiceQuerySet":
        """Services built from `owner/name`; a monorepo has several."""
        return self.in_use().filter(repository__iexact=repository)


class Database(models.TextChoices):
    """Which database the service's migrations run on: a branch for another one is not judged (M1, M2)."""

    POSTGRESQL = "postgresql", "PostgreSQL"
    MYSQL = "mysql", "MySQL or MariaDB"
    SQLITE = "sqlite", "SQLite"


class Service(Identified):
    """One deployable service of the catalogue; the file named in settings is its source, the admin pages its edit."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    repository = models.CharField(max_length=200, help_text="owner/name on the code host")
    branch = models.CharField(max_length=200, default="master", help_text="the branch production is deployed from")
    workflow = models.CharField(max_length=200, default=".github/workflows/deploy.yml")
    environment = models.CharField(max_length=100, default="production")
    production = models.BooleanField(default=True)
    customer_facing = models.BooleanField(default=True)
    alert_name = models.CharField(max_length=200, blank=True)
    alert_labels = models.JSONField(default=dict, blank=True)
    alert_query = models.TextField(blank=True, help_text="PromQL of the flagging alert's own series (R5)")
    alert_threshold = models.FloatField(null=True, blank=True)
    alert_unit = models.CharField(max_length=20, default="ratio", blank=True)
    alert_above = models.BooleanField(default=True, help_text="the alert fires above the threshold, else below it")
    alert_every_seconds = models.PositiveSmallIntegerField(default=15, help_text="how often the series has a new value")
    retrospective_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="the term of E21 in days; empty: that of the settings"
    )
    recovery_samples = models.PositiveSmallIntegerField(default=5, help_text="N of E12")
    dashboard_url = models.URLField(blank=True)
    flags = models.JSONField(default=list, blank=True)
    drain_targets = models.JSONField(default=list, blank=True)
    minimum_healthy = models.PositiveSmallIntegerField(default=1)
    customer_tables = models.JSONField(
        default=list, blank=True, help_text="names or patterns (orders, billing.*) of tables with customer data (M3)"
    )
    database = models.CharField(max_length=20, choices=Database.choices, default=Database.POSTGRESQL)
    flag_wrappers = models.JSONField(
        default=list, blank=True, help_text="own functions whose first argument is a flag's key"
    )
    status_components = models.JSONField(default=list, blank=True)
    channel_id = models.CharField(max_length=100, blank=True)
    channel_name = models.CharField(max_length=100, default="#engineering-incidents", blank=True)
    retired = models.BooleanField(default=False)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        permissions = [
            ("respond_service", "Can respond to incidents of the service (engineer)"),
            ("review_service", "Can review reverts of the service (R3)"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_alert(self) -> bool:
        """Whether recovery can be proved on an alert's own series (E12)."""
        return bool(self.alert_query) and self.alert_threshold is not None


class ServiceUserObjectPermission(UserObjectPermissionBase):
    """A person's right on one service: a direct foreign key, so a grant goes when its service goes."""

    content_object = models.ForeignKey(Service, on_delete=models.CASCADE)


class ServiceGroupObjectPermission(GroupObjectPermissionBase):
    """A group's right on one service."""

    content_object = models.ForeignKey(Service, on_delete=models.CASCADE)
