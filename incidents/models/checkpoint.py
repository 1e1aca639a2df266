"""Signed checkpoints over the heads of all streams, where they were pinned outside, and what was verified lately."""

from django.db import models

from incidents.models.ledger import LedgerStream


class Checkpoint(models.Model):
    """All streams' heads at one moment as one digest, signed; the database refuses to change or remove it."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    text = models.TextField(help_text="canonical JSON: the very bytes that are signed")
    hash = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(number__gt=0), name="checkpoints_begin_at_one")]

    def __str__(self) -> str:
        return f"checkpoint {self.number}"


class CheckpointHead(models.Model):
    """A stream's head as a checkpoint found it, where it had moved since the checkpoint before."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="heads")
    stream = models.CharField(max_length=60)
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "seq"], name="a_head_is_told_once"),
            models.UniqueConstraint(fields=["checkpoint", "stream"], name="a_checkpoint_tells_a_head_once"),
        ]

    def __str__(self) -> str:
        return f"{self.stream}#{self.seq}"


class CheckpointSink(models.Model):
    """A place outside the machine: how far checkpoints are pinned there, and since when it refuses."""

    name = models.CharField(max_length=20, primary_key=True)
    pinned = models.BigIntegerField(default=0, help_text="the number of the last checkpoint that it took")
    pinned_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    words = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.name} to {self.pinned}"


class StreamCheck(models.Model):
    """How far a worker has found a stream intact, and when; the first entry that is not, where there is one."""

    stream = models.OneToOneField(LedgerStream, primary_key=True, on_delete=models.PROTECT, related_name="check_made")
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)
    at = models.DateTimeField()
    from_start_at = models.DateTimeField(help_text="when it was last read from its first entry on")
    broken = models.BigIntegerField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["from_start_at"], name="stream_checked_longest_ago")]

    def __str__(self) -> str:
        return f"{self.stream_id} to {self.seq}"
