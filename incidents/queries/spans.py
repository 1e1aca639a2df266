"""Spans of time on a logarithmic axis: from a second to a month, every tick a span that people say."""

from collections.abc import Iterable, Sequence
from math import log10
from typing import Any, Final

from incidents.queries.shapes.insights import SpanRow, Strip, Tick

ENOUGH_FOR_A_MEDIAN: Final = 5
ENOUGH_FOR_P90: Final = 10
_SAID: Final = (
    ("1 s", 1), ("10 s", 10), ("1 min", 60), ("10 min", 600), ("1 h", 3_600), ("6 h", 21_600), ("1 d", 86_400),
    ("1 week", 604_800), ("1 month", 2_592_000),
)  # fmt: skip


class Axis:
    """From the said span beneath the shortest to the one above the longest."""

    def __init__(self, seconds: Iterable[float]) -> None:
        found = [max(each, 1) for each in seconds] or [1, 3_600]
        last = len(_SAID) - 1
        self._first = max((i for i, (_, span) in enumerate(_SAID) if span <= min(found)), default=0)
        self._last = min((i for i, (_, span) in enumerate(_SAID) if span >= max(found)), default=last)
        if self._first == self._last:
            self._first, self._last = max(self._first - 1, 0), min(self._last + 1, last)

    def place(self, seconds: float) -> float:
        """Between 0 and 100."""
        low, high = log10(_SAID[self._first][1]), log10(_SAID[self._last][1])
        return round(min(max(100 * (log10(max(seconds, 1)) - low) / (high - low), 0), 100), 2)

    def ticks(self) -> tuple[Tick, ...]:
        """The spans that people say, each at its place."""
        return tuple(Tick(words, self.place(span)) for words, span in _SAID[self._first : self._last + 1])


def figures(count: int, percentiles: Sequence[float] | None) -> tuple[float | None, float | None]:
    """The median and the 90th percentile, as far as so many incidents carry them."""
    if percentiles is None or count < ENOUGH_FOR_A_MEDIAN:
        return None, None
    return percentiles[0], percentiles[1] if count >= ENOUGH_FOR_P90 else None


def strip(axis: Axis, median: float | None, p90: float | None, few: Iterable[float]) -> Strip:
    """A figure's place on the axis, and each incident's where they are few."""
    return Strip(
        None if median is None else axis.place(median),
        None if p90 is None else axis.place(p90),
        tuple(axis.place(each) for each in few) if p90 is None else (),
    )


Told = tuple[int, Sequence[float] | None, Sequence[float]]
"""How many, their median and 90th percentile, and each of them where they are few."""


def axis_of(told: Iterable[Told]) -> Axis:
    """One axis for all of these, by what is drawn of them."""
    return Axis(
        seconds
        for count, percentiles, few in told
        for seconds in (*few, *(each for each in figures(count, percentiles) if each is not None))
    )


def span_row(
    name: str, axis: Axis, count: int, percentiles: Sequence[float] | None, few: Sequence[float], **other: Any
) -> SpanRow:
    """One row of a table of spans, drawn on its axis."""
    median, p90 = figures(count, percentiles)
    return SpanRow(name, count, median, p90, strip(axis, median, p90, few), **other)


def in_words(seconds: float | None) -> str:
    """A finished span: `0.7 s`, `48 s`, `1 min 16 s`, `2 h 05 min`, `3 d 4 h`."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 172_800:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"
