"""An incident: what broke, which changes are suspect, who leads, and how it ended."""

from django.conf import settings
from django.db import connection, models
from django.db.models import Q
from django.urls import reverse

from incidents.models.change import Change
from incidents.models.fields import Identified, choices_of, one_of
from incidents.models.service import Service
from incidents.procedure.steps import IncidentState, Resolution

OPEN_STATES = [state.value for state in IncidentState if state is not IncidentState.CLOSED]


class Trigger(models.TextChoices):
    """Why the procedure is used (U)."""

    DEPLOY_FAILED = "U1", "a deploy failed"
    REGRESSION = "U2", "a regression was detected"
    ALERT = "U3", "an alert fired"


class IncidentNumber(models.Model):
    """The last number given in a year."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField()

    @staticmethod
    def next_for(year: int) -> str:
        """The next number of the year, `INC-2026-0042`; concurrent callers wait for one another."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO incidents_incidentnumber (year, last) VALUES (%s, 1)"
                " ON CONFLICT (year) DO UPDATE SET last = incidents_incidentnumber.last + 1 RETURNING last",
                [year],
            )
            (last,) = cursor.fetchone()
        return f"INC-{year}-{last:04d}"


class IncidentQuerySet(models.QuerySet["Incident"]):
    """Incidents by their use."""

    def unresolved(self) -> "IncidentQuerySet":
        """Everything that is not closed, the gravest and newest first."""
        return self.filter(state__in=OPEN_STATES).order_by("severity", "-declared_at")

    def locked(self) -> "IncidentQuerySet":
        """Under their row locks, taken after the service's and before a question's and the ledger's.

        Not so strong as to hold up who only refers to the row: a vote writes its entry of the record without this lock,
        and would wait for it at its commit, with the record's row in hand, while its holder waits for the record.
        """
        return self.select_for_update(of=("self",), no_key=True)

    def of(self, service: Service) -> "IncidentQuerySet":
        """Incidents of one service."""
        return self.filter(service=service)


class Incident(Identified):
    """One outage of one service, from its declaring to its closing."""

    number = models.CharField(max_length=20, unique=True)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="incidents")
    title = models.CharField(max_length=200)
    trigger = models.CharField(max_length=2, choices=Trigger.choices)
    state = models.CharField(max_length=10, choices=choices_of(IncidentState), default=IncidentState.DECLARED.value)
    severity = models.PositiveSmallIntegerField(default=2)
    customer_impact = models.BooleanField(default=True)
    onset_at = models.DateTimeField()
    declared_at = models.DateTimeField()
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="declared_incidents"
    )
    lead = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="led_incidents"
    )
    drafter = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="worded_incidents",
        help_text="whom the lead handed the drafting of public words to (E6)",
    )  # fmt: skip
    taken_over_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="taken_over_incidents"
    )
    on_call_seen_at = models.DateTimeField(null=True, blank=True, help_text="first sign of the on-call engineer (E5)")
    recovered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    resolution = models.CharField(max_length=20, choices=choices_of(Resolution), blank=True)
    closing_words = models.TextField(blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="absorbed")
    drill = models.BooleanField(
        default=False, db_default=False, help_text="rehearsed in the sandbox: marked everywhere, counted nowhere"
    )
    version = models.PositiveIntegerField(default=1, help_text="moved by every human act; a page compares it")

    objects = IncidentQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of("state", IncidentState, name="an_incident_is_in_a_known_state"),
            models.CheckConstraint(condition=Q(severity__in=[1, 2, 3]), name="severity_is_one_to_three"),
            models.CheckConstraint(condition=Q(trigger__in=Trigger.values), name="an_incident_has_a_trigger"),
            models.CheckConstraint(
                condition=(Q(state="closed") & Q(closed_at__isnull=False) & ~Q(resolution=""))
                | (~Q(state="closed") & Q(closed_at__isnull=True) & Q(resolution="")),
                name="closed_says_when_and_how",
            ),
            models.CheckConstraint(
                condition=Q(resolution="merged", merged_into__isnull=False)
                | (~Q(resolution="merged") & Q(merged_into__isnull=True)),
                name="merged_names_the_other",
            ),
        ]
        indexes = [
            models.Index(fields=["-declared_at", "-id"], name="incident_by_age"),
            models.Index(fields=["service", "-declared_at"], name="incident_by_service"),
            models.Index(fields=["severity", "-declared_at"], name="incident_open", condition=~Q(state="closed")),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        """Its room."""
        return reverse("incidents:detail", args=[self.number])

    @property
    def address(self) -> str:
        """Where its room is found from outside."""
        return f"{settings.PUBLIC_URL}{self.get_absolute_url()}"

    @property
    def is_open(self) -> bool:
        """Whether anything may still be done about it."""
        return self.state != IncidentState.CLOSED


class Suspect(Identified):
    """A change held to be the cause of an incident; one at a time is chosen."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="suspects")
    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="suspicions")
    chosen = models.BooleanField(default=False)
    tried_at = models.DateTimeField(null=True, blank=True, help_text="rolled back, and it did not help (E17)")
    named_at = models.DateTimeField()
    why = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "change"], name="a_change_is_suspected_once"),
            models.UniqueConstraint(fields=["incident"], condition=Q(chosen=True), name="one_chosen_suspect"),
        ]
