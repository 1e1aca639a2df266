"""The metrics in our words: what proves the recovery (R5, E12)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Sample:
    """One point of a series; `value` is None where it is not a number: missing data, never a recovery (E12)."""

    at: datetime
    value: float | None


class AlertState(StrEnum):
    """Where an alert stands; `pending` has crossed its threshold but not yet for long enough to fire."""

    FIRING = "firing"
    PENDING = "pending"
    INACTIVE = "inactive"


class Metrics(Protocol):
    """The alert dashboard's source. A query must select one series; every method raises only IntegrationError."""

    def value(self, query: str, *, at: datetime | None = None) -> Sample | None:
        """The query's value now or at a time; None is "no data" and never counts as recovered (E12)."""

    def series(self, query: str, *, start: datetime, end: datetime, step_seconds: int) -> list[Sample]:
        """The query's values over time, oldest first; empty where there is no data."""

    def alert_state(self, name: str, *, labels: Mapping[str, str]) -> AlertState:
        """Where the alert of this name with at least these labels stands; the worst of them where several match."""
