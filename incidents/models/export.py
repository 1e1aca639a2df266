"""An export of the record: a request, a worker's progress with it, and the file until it expires."""

from pathlib import Path

from django.conf import settings
from django.db import models

from incidents.models.fields import Identified, one_of
from incidents.models.incident import Incident
from incidents.procedure.exporting import ExportForm, ExportState


class Export(Identified):
    """What an auditor asked for, how far it is, and what came of it."""

    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="exports")
    asked_at = models.DateTimeField()
    form = models.CharField(max_length=10)
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.PROTECT, related_name="exports")
    since = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, default=ExportState.WAITING)
    rows = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(help_text="the worker's last sign of life on it")
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    words = models.TextField(blank=True)

    class Meta:
        constraints = [
            one_of("form", ExportForm, name="an_export_has_a_known_form"),
            one_of("state", ExportState, name="an_export_has_a_known_state"),
        ]
        indexes = [models.Index(fields=["state", "moved_at"], name="export_due")]

    def __str__(self) -> str:
        return f"{self.form} of {self.incident or 'a period'}: {self.state}"

    @property
    def path(self) -> Path:
        """Where its file lies; the name is the console's own."""
        return Path(settings.EXPORT_FOLDER) / f"{self.pk}.{ExportForm(self.form).suffix}"

    @property
    def file_name(self) -> str:
        """What the browser saves it as; nothing of it is typed by anybody."""
        what = self.incident.number if self.incident else "record"
        return f"{what}-{self.asked_at:%Y%m%dT%H%M%SZ}.{ExportForm(self.form).suffix}"
