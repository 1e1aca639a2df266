"""Is it over? Judged on the flagging alert's own series (R5, E12): silence or missing data is never recovery."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from math import isfinite
from typing import Final, Literal

State = Literal["recovered", "not_yet", "inconclusive", "no_data"]

STALE_AFTER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of the alert's series; None where the source gave none."""

    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """The judgement. `good` counts the newest good samples in a row since the deploy, at most `needed`."""

    state: State
    good: int
    needed: int
    sentence: str


@dataclass(frozen=True, slots=True)
class _Bar:
    """Where the alert's threshold lies, and on which side of it the trouble is."""

    threshold: float
    above: bool

    def clears(self, sample: Sample) -> bool:
        return sample.value is not None and isfinite(sample.value) and self._on_the_good_side(sample.value)

    def _on_the_good_side(self, value: float) -> bool:
        return value < self.threshold if self.above else value > self.threshold


def judge(
    samples: Iterable[Sample],
    *,
    threshold: float,
    above: bool,
    deployed_at: datetime,
    needed: int,
    alert_state: str | None,
    now: datetime,
    every: timedelta | None = None,
) -> Recovery:
    """Recovered: the alert is inactive, and the newest `needed` samples after the deploy are on the good side.

    `above` says that the alert fires above its threshold; on the threshold is not good. A missing, infinite or
    not-a-number value breaks the row, and so does a gap of more than one and a half times `every`, where given.
    The newest sample must be no older than `STALE_AFTER`.
    """
    if needed < 1:
        raise ValueError("Recovery needs at least one good sample.")
    bar = _Bar(threshold, above)
    newer = _once_each(samples, bar, after=deployed_at, until=now)
    good = min(_row_of_good(newer, bar, every), needed)
    if not any(_is_known(each) for each in newer):
        return Recovery("no_data", 0, needed, "No sample since the deploy. Silence is not recovery.")
    if now - newer[-1].at > STALE_AFTER:
        return Recovery(
            "no_data", 0, needed, f"The series stopped at {newer[-1].at:%H:%M:%S}. Silence is not recovery."
        )
    if good < needed:
        return _row_too_short(newer, good, needed)
    return _by_the_alert(alert_state, needed)


def _once_each(samples: Iterable[Sample], bar: _Bar, *, after: datetime, until: datetime) -> Sequence[Sample]:
    """The samples of the window, oldest first; of two for one moment the worse one counts."""
    window = (each for each in samples if after < each.at <= until)
    worse_last = sorted(window, key=lambda each: (each.at, not bar.clears(each)))
    return list({each.at: each for each in worse_last}.values())


def _row_of_good(newer: Sequence[Sample], bar: _Bar, every: timedelta | None) -> int:
    """How many good samples in a row end the series, unbroken by a gap."""
    latest_first = list(reversed(newer))
    row = list(takewhile(bar.clears, latest_first))
    if every is None or not row:
        return len(row)
    return 1 + sum(1 for _ in takewhile(lambda pair: pair[0].at - pair[1].at <= 1.5 * every, pairwise(row)))


def _is_known(sample: Sample) -> bool:
    return sample.value is not None and isfinite(sample.value)


def _row_too_short(newer: Sequence[Sample], good: int, needed: int) -> Recovery:
    window = newer[-needed:]
    if all(_is_known(each) for each in window):
        return Recovery("not_yet", good, needed, f"{good} of {needed} good samples since the deploy.")
    words = f"{good} of {needed} good samples since the deploy; some are missing, and missing is not good."
    return Recovery("inconclusive", good, needed, words)


def _by_the_alert(alert_state: str | None, needed: int) -> Recovery:
    if alert_state == "inactive":
        words = f"The alert is inactive, and the last {needed} samples since the deploy are good."
        return Recovery("recovered", needed, needed, words)
    if alert_state in {"firing", "pending"}:
        words = f"{needed} of {needed} good samples, but the alert is still {alert_state}."
        return Recovery("not_yet", needed, needed, words)
    words = f"{needed} of {needed} good samples, but the alert's own state is not known."
    return Recovery("inconclusive", needed, needed, words)
