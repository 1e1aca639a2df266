"""Who is on call and who is known where: shifts, and the logins of a person elsewhere."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from incidents.models.fields import Identified
from incidents.models.service import Service


class Seat(models.TextChoices):
    """What a shift is for."""

    ON_CALL = "oncall", "on-call engineer"
    DBA = "dba", "on-call DBA"


class ShiftQuerySet(models.QuerySet["Shift"]):
    """Shifts by their use."""

    def running(self, now: datetime) -> "ShiftQuerySet":
        """Shifts that hold at `now`; where two overlap, the one begun last comes first and counts."""
        active = self.filter(starts_at__lte=now, ends_at__gt=now, person__is_active=True)
        return active.select_related("person").order_by("-starts_at", "-id")


class Shift(Identified):
    """From when to when a person is on call for a service, or as the DBA (E5)."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="shifts")
    seat = models.CharField(max_length=10, choices=Seat.choices, default=Seat.ON_CALL)
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.PROTECT, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects = ShiftQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a_shift_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(seat__in=Seat.values), name="a_shift_is_for_a_known_seat"),
            models.CheckConstraint(
                condition=Q(seat=Seat.DBA) | Q(service__isnull=False), name="an_on_call_shift_names_its_service"
            ),
        ]
        indexes = [models.Index(fields=["service", "seat", "ends_at"], name="shift_by_service")]

    def __str__(self) -> str:
        return f"{self.person} {self.get_seat_display()} {self.starts_at:%Y-%m-%d %H:%M}"


class Identity(Identified):
    """A person's login somewhere else; only a verified one counts (R3: who approved on the code host)."""

    class Place(models.TextChoices):
        GITHUB = "github", "GitHub"
        SLACK = "slack", "Slack"
        PHONE = "phone", "phone"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities")
    place = models.CharField(max_length=20, choices=Place.choices)
    login = models.CharField(max_length=100)
    verified_at = models.DateTimeField(null=True, blank=True)
    challenge = models.CharField(max_length=128, blank=True, help_text="digest of the code that was sent there")
    challenged_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField(null=True, blank=True, help_text="when a worker was asked to send, or to look")
    words = models.TextField(
        blank=True, default="", db_default="", help_text="what came of it, while nothing is proved"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["place", "login"], name="one_person_a_login"),
            models.UniqueConstraint(fields=["place", "person"], name="one_login_a_place"),
        ]

    def __str__(self) -> str:
        return f"{self.login} on {self.get_place_display()}"


class Deputy(Identified):
    """The person named to stand in for a role's holder who cannot, or does not, answer (E14, E15)."""

    role = models.CharField(
        max_length=20, unique=True, choices=[("cto", "CTO"), ("ciso", "CISO"), ("dba", "on-call DBA")]
    )
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deputyships")

    def __str__(self) -> str:
        return f"{self.person} for {self.get_role_display()}"
