"""What customers met at the front door, as counters that only grow and a snapshot of them every moment."""

import math
import time
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

SNAPSHOT_SECONDS = 0.25
_KEPT_SECONDS = 2 * 3600
_KEPT = int(_KEPT_SECONDS / SNAPSHOT_SECONDS)
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0)
_STALE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Window:
    """What happened between two moments; `up` is as it stood at the end."""

    requests: int
    errors: int
    wrong_totals: int
    buckets: tuple[int, ...]
    seconds: float
    up: Mapping[str, bool]

    @property
    def error_ratio(self) -> float:
        """Share of answers with a 5xx status; NaN where nobody came, as in Prometheus."""
        return self.errors / self.requests if self.requests else math.nan

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    def latency(self, quantile: float) -> float:
        """Seconds, interpolated within the bucket as Prometheus' histogram_quantile does."""
        if not self.requests:
            return math.nan
        rank, seen, lower = quantile * self.requests, 0, 0.0
        for count, upper in zip(self.buckets, _BOUNDS, strict=False):
            if count and seen + count >= rank:
                return lower + (upper - lower) * (rank - seen) / count
            seen, lower = seen + count, upper
        return _BOUNDS[-1]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    at: float
    requests: int
    errors: int
    wrong_totals: int
    buckets: tuple[int, ...]
    up: Mapping[str, bool]


class Traffic:
    def __init__(self) -> None:
        self._requests = self._errors = self._wrong_totals = 0
        self._buckets = [0] * (len(_BOUNDS) + 1)
        self._snapshots: list[_Snapshot] = []

    def record(self, status: int, seconds: float) -> None:
        self._requests += 1
        self._errors += status >= 500
        self._buckets[bisect_left(_BOUNDS, seconds)] += 1

    def record_wrong_total(self) -> None:
        self._wrong_totals += 1

    def snapshot(self, up: Mapping[str, bool], *, at: float | None = None) -> None:
        now = time.time() if at is None else at
        taken = _Snapshot(now, self._requests, self._errors, self._wrong_totals, tuple(self._buckets), dict(up))
        self._snapshots.append(taken)
        if len(self._snapshots) > 2 * _KEPT:
            del self._snapshots[:_KEPT]

    def window(self, *, end: float, seconds: float) -> Window | None:
        """The last `seconds` before `end`; None where nothing was being watched then."""
        last = self._before(end)
        if last is None or end - last.at > _STALE_SECONDS:
            return None
        first = self._before(end - seconds) or self._snapshots[0]
        if first.at >= last.at:
            return None
        return _between(first, last)

    def _before(self, moment: float) -> _Snapshot | None:
        index = bisect_right(self._snapshots, moment, key=lambda taken: taken.at)
        return self._snapshots[index - 1] if index else None


def _between(first: _Snapshot, last: _Snapshot) -> Window:
    return Window(
        requests=last.requests - first.requests,
        errors=last.errors - first.errors,
        wrong_totals=last.wrong_totals - first.wrong_totals,
        buckets=tuple(late - early for early, late in zip(first.buckets, last.buckets, strict=True)),
        seconds=last.at - first.at,
        up=last.up,
    )
