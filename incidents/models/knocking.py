"""Sign-ins that failed since the record last told of them: counted here, so that an attack queues on no stream."""

from django.db import models


class FailedSignIn(models.Model):
    """How often somebody came with this name from this address, and was not let in."""

    login = models.CharField(max_length=150)
    address = models.CharField(max_length=60)
    how = models.CharField(max_length=20)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.IntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["login", "address", "how"], name="one_row_a_knock")]

    def __str__(self) -> str:
        return f"{self.times} × {self.how}"
