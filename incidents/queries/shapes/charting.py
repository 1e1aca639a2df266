"""A chart ready to write as SVG; made by `queries/charts.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from incidents.queries.shapes.parts import Tone


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A line across the chart with its figure, in the chart's own units."""

    words: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class ChartMark:
    """A moment under the chart, shown in local time; `form`: to the minute, or to the second on a short span."""

    at: datetime
    x: float
    anchor: Literal["start", "middle", "end"] = "middle"
    form: Literal["minute", "time"] = "minute"


@dataclass(frozen=True, slots=True)
class ChartMoment:
    """A moment marked on the chart; `at` is shown in local time in the legend beneath."""

    words: str
    at: datetime
    x: float
    letter: str


@dataclass(frozen=True, slots=True)
class ChartRow:
    """One line of the table that says the same as the chart."""

    at: datetime
    value: str
    over: bool
    moment: str = ""


@dataclass(frozen=True, slots=True)
class ChartView:
    """A line chart ready to write as SVG: paths in user units of a `width` × `height` box."""

    title: str
    words: str
    unit: str
    width: int
    height: int
    left: float
    top: float
    right: float
    bottom: float
    paths: tuple[str, ...]
    area: tuple[str, ...]
    lines: tuple[ChartLine, ...]
    marks: tuple[ChartMark, ...]
    moments: tuple[ChartMoment, ...]
    rows: tuple[ChartRow, ...]
    threshold_y: float | None
    threshold_words: str
    last_x: float | None
    last_y: float | None
    last_words: str
    last_at: datetime | None
    tone: Tone
    empty: bool = False

    @property
    def inner_width(self) -> float:
        return self.right - self.left

    @property
    def over_height(self) -> float:
        """How far down from the top the threshold lies."""
        return (self.threshold_y or self.top) - self.top
