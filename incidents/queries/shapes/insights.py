"""Figures over many incidents: spans, shares and counts, ready to be drawn and read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.queries.shapes.parts import Link


@dataclass(frozen=True, slots=True)
class Strip:
    """One span figure drawn on a time axis, in percent of its width; `dots` where there are too few for a figure."""

    median: float | None = None
    p90: float | None = None
    dots: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class SpanRow:
    """How long something took: seconds of the median and the 90th percentile, of `count` incidents."""

    name: str
    count: int
    median: float | None
    p90: float | None
    strip: Strip
    definition: str = ""
    rules: tuple[str, ...] = ()
    url: str = ""
    chosen: bool = False

    @property
    def few(self) -> str:
        """Why a figure is missing; empty where none is."""
        if self.median is None:
            return "too few for a median" if self.count else "none"
        return "too few for a 90th percentile" if self.p90 is None else ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A figure on an axis, at a place in percent or in units of the drawing."""

    words: str
    at: float


@dataclass(frozen=True, slots=True)
class SpanTable:
    """Rows of spans under one axis."""

    title: str
    rows: tuple[SpanRow, ...]
    ticks: tuple[Tick, ...]
    csv_url: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A month of a drawing: where it stands, its parts from the bottom up, and what a span of it came to."""

    words: str
    x: float
    width: float
    parts: tuple[tuple[str, float, float], ...] = ()
    median_y: float | None = None
    p90_y: float | None = None
    dots: tuple[float, ...] = ()
    shown: bool = True

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True, slots=True)
class MonthChart:
    """A drawing over months: columns between `top` and `bottom`, with ticks at the left; the table says the same."""

    title: str
    words: str
    definition: str
    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]
    head: tuple[str, ...]
    table: tuple[tuple[str, ...], ...]
    legend: tuple[tuple[str, str], ...] = ()
    csv_url: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many, with what is counted."""

    name: str
    part: int
    whole: int
    definition: str
    rules: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """A percentage only where it is honest."""
        if not self.whole:
            return "none"
        return f"{self.part} of {self.whole}" if self.whole < 5 else f"{100 * self.part / self.whole:.0f} %"


@dataclass(frozen=True, slots=True)
class InsightsPage:
    """The whole page."""

    counted: int
    as_of: datetime | None
    measure: str
    headline: SpanRow
    shares: tuple[Share, ...]
    stages: SpanTable
    waits: SpanTable
    months: MonthChart
    paths: MonthChart
    previews: MonthChart
    retrospectives: MonthChart
    services: SpanTable
    severities: SpanTable


@dataclass(frozen=True, slots=True)
class Milestone:
    """A moment of one incident: when, how long since its onset and since the one before, and what was waited for."""

    letter: str
    name: str
    at: datetime
    since_onset: float
    since_last: float | None
    definition: str
    x: float
    flag_y: int = 40
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CoursePage:
    """One incident as an annotated line."""

    number: str
    title: str
    service: str
    room: Link
    milestones: tuple[Milestone, ...]
    ticks: tuple[Tick, ...]
    drill: bool = False
    running: bool = False
