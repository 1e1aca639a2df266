"""Signs of life in the database: the sweep's own, and the last one that was sent outside."""

from datetime import datetime, timedelta
from typing import Final

from incidents.models.deadline import Deadline
from incidents.models.readiness import Rehearsal
from incidents.models.step import Step
from incidents.services.rehearsing import HEARTBEAT, SWEEP, Tried, settle_rehearsal

NOTED_EVERY: Final = timedelta(seconds=20)
AT_MOST_EVERY: Final = timedelta(seconds=30)
SWEPT_WITHIN: Final = timedelta(seconds=60)
BEHIND_AFTER: Final = timedelta(minutes=5)
Verdict = Rehearsal.Verdict


def note_sweep(*, now: datetime) -> None:
    """The sweep went through: its sign of life, kept every few rounds."""
    if not _tried_within(SWEEP, NOTED_EVERY, now):
        words = "The sweep goes by, and picks up what is due."
        settle_rehearsal(tried=Tried(SWEEP, "The sweep", "", Verdict.READY, words), now=now)


def beat_is_early(now: datetime) -> bool:
    """Whether the outside was told a moment ago: a second beat would tell it nothing."""
    return _tried_within(HEARTBEAT, AT_MOST_EVERY, now)


def _tried_within(name: str, span: timedelta, now: datetime) -> bool:
    return Rehearsal.objects.filter(check_name=name, tried_at__gt=now - span, tried_at__lte=now).exists()


def why_silent(now: datetime) -> str:
    """Why nothing good can be told outside: the sweep does not go by, or what is due is not done; empty where all is
    well.
    """
    if not _tried_within(SWEEP, SWEPT_WITHIN, now):
        return "Kept silent on purpose: the sweep has not gone by for a minute."
    behind = now - BEHIND_AFTER
    steps, marks = Step.objects.filter(due_at__lt=behind).count(), Deadline.objects.filter(next_at__lt=behind).count()
    if steps or marks:
        return f"Kept silent on purpose: {steps} steps and {marks} reminders are due for five minutes and not done."
    return ""


def note_beat(*, verdict: str, words: str, now: datetime) -> None:
    """What came of the last beat."""
    tried = Tried(HEARTBEAT, "An outside watcher hears the console", "", verdict, words)
    settle_rehearsal(tried=tried, now=now)
