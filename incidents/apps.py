"""The incidents app: from the first alert to the proof of recovery."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Incidents"

    def ready(self) -> None:
        """Connect the receivers: what the sign-in tells goes into the record."""
        from incidents import receivers  # noqa: F401 - models are not loaded before
