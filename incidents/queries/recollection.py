"""What the record knows of an incident, read once: what a retrospective is filled in from and measured against (T2)."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from incidents.models.alert import Alert
from incidents.models.decision import Decision
from incidents.models.incident import Incident, Suspect
from incidents.models.ledger import LedgerEntry, stream_of
from incidents.models.step import Step
from incidents.models.words import StatusUpdate
from incidents.procedure.retrospective import Silence, silences
from incidents.procedure.steps import PASSED
from incidents.queries.shapes import TimelineEntry
from incidents.queries.timeline import QUIET, entry_in_words

LEFT_OUT: Final = (
    *QUIET, "step.watching", "step.postponed", "step.held", "step.asked", "assessment.computed", "suspect.asked",
    "incident.on_call_seen", "escalation.seen", "approval.judged_again", "confirmation.looked_up",
)  # fmt: skip
"""What moves the runner and the pages, and tells a reader of the outage nothing."""
AFTERWARDS: Final = ("retrospective.", "follow_up.")
TO_REVIEW: Final = ("step.self_approved", "approval.glass_broken", "approval.consumed")


@dataclass(frozen=True)
class Recollection:
    """An incident with its alerts, decisions, steps, public words and record."""

    incident: Incident
    now: datetime

    @cached_property
    def end(self) -> datetime:
        """When it was over for the customers; while it goes on, now."""
        return self.incident.recovered_at or self.incident.closed_at or self.now

    @cached_property
    def alerts(self) -> list[Alert]:
        return list(self.incident.alerts.order_by("started_at"))

    @cached_property
    def suspects(self) -> list[Suspect]:
        found = Suspect.objects.filter(incident=self.incident).select_related("change")
        return list(found.order_by("-chosen", "named_at"))

    @cached_property
    def decisions(self) -> list[Decision]:
        found = self.incident.decisions.select_related("decided_by", "change", "incident__service")
        return list(found.order_by("number"))

    @cached_property
    def steps(self) -> list[Step]:
        """The steps of every plan that took effect or failed, in the order they ran."""
        found = Step.objects.filter(incident=self.incident, plan__isnull=False, started_at__isnull=False)
        return list(found.select_related("plan").order_by("plan__number", "position"))

    @cached_property
    def bleed(self) -> list[Step]:
        """What was done to stop the bleed (S1–S3)."""
        found = Step.objects.filter(incident=self.incident, plan__isnull=True, state__in=PASSED)
        return list(found.filter(rule__in=("S1", "S2", "S3")).order_by("finished_at"))

    @cached_property
    def told(self) -> list[StatusUpdate]:
        return list(StatusUpdate.objects.filter(incident=self.incident).posted())

    @cached_property
    def entries(self) -> list[LedgerEntry]:
        """The record without the runner's noise and without what was written about it afterwards, oldest first."""
        found = LedgerEntry.objects.filter(stream_id=stream_of(self.incident)).exclude(kind__in=LEFT_OUT)
        return [each for each in found.order_by("seq") if not each.kind.startswith(AFTERWARDS)]

    @cached_property
    def timeline(self) -> list[TimelineEntry]:
        return [entry_in_words(each) for each in self.entries]

    @cached_property
    def silences(self) -> tuple[Silence, ...]:
        moments = [each.at for each in self.entries]
        return silences(moments, onset=self.incident.onset_at, end=self.end)

    @cached_property
    def to_review(self) -> list[TimelineEntry]:
        """What E11 and E14 allow on condition that it is looked at afterwards: one's own approval, two seats, glass."""
        flagged = [each for each in self.entries if each.kind in TO_REVIEW and _is_flagged(each)]
        return [entry_in_words(each) for each in flagged]


def _is_flagged(entry: LedgerEntry) -> bool:
    if entry.kind != "approval.consumed":
        return True
    return any(each.get("flags") for each in entry.data.get("approvers", []))
