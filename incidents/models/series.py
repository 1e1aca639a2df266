"""The alert's own series as the console sampled it: what charts show, and what a recovery is kept with (R5)."""

from django.db import models

from incidents.models.service import Service


class SeriesSample(models.Model):
    """One value of a service's alert query; none where the metrics had nothing to say."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="samples")
    at = models.DateTimeField()
    value = models.FloatField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "at"], name="one_sample_a_moment")]
