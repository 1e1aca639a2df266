"""A line chart as the paths of an SVG: computed here, written by `components/_chart.html`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil, floor, log10
from typing import Final, Literal

from incidents.queries.shapes import ChartLine, ChartMark, ChartMoment, ChartRow, ChartView, Tone

_STEPS: Final = (1, 2, 2.5, 5, 10)
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_ANCHORS: Final[tuple[Literal["start", "middle", "end"], ...]] = ("start", "middle", "middle", "end")
_TABLE_ROWS: Final = 24
_SECONDS_TELL: Final = 300


@dataclass(frozen=True, slots=True)
class Point:
    """A measured value; `None` where the metrics had nothing to say: the line breaks there."""

    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class Box:
    """The drawing's size in user units, and the margins inside it."""

    width: int = 900
    height: int = 220
    left: float = 64
    top: float = 26
    right: float = 10
    bottom: float = 30


ROOM: Final = Box()
SPARK: Final = Box(width=240, height=44, left=0, top=4, right=4, bottom=2)


@dataclass(frozen=True, slots=True)
class _Scale:
    box: Box
    start: datetime
    seconds: float
    top: float

    def x(self, at: datetime) -> float:
        inner = self.box.width - self.box.left - self.box.right
        return round(self.box.left + inner * (at - self.start).total_seconds() / self.seconds, 1)

    def y(self, value: float) -> float:
        inner = self.box.height - self.box.top - self.box.bottom
        return round(self.box.height - self.box.bottom - inner * min(value, self.top) / self.top, 1)

    def holds(self, at: datetime) -> bool:
        return 0 <= (at - self.start).total_seconds() <= self.seconds


def draw(
    points: Sequence[Point],
    *,
    title: str,
    threshold: float | None = None,
    moments: Iterable[tuple[str, datetime]] = (),
    unit: str = "%",
    factor: float = 100,
    box: Box = ROOM,
) -> ChartView:
    """The chart of a series, in `unit` after multiplying by `factor` (ratios become percentages).

    Moments outside the series' span are left out. A series without any value gives an empty chart that says so.
    """
    scaled = [Point(p.at, None if p.value is None else p.value * factor) for p in points]
    limit = None if threshold is None else threshold * factor
    values = [p.value for p in scaled if p.value is not None]
    if len(values) < 2:
        return _empty(title, unit, box)
    scale = _Scale(
        box, scaled[0].at, max((scaled[-1].at - scaled[0].at).total_seconds(), 1), _round_up(max(*values, limit or 0))
    )
    marked = _moments(moments, scale)
    last = next(p for p in reversed(scaled) if p.value is not None)
    last_value = last.value or 0.0
    runs = _runs(scaled)
    return ChartView(
        title=title,
        words=_sentence(title, values, last_value, limit, unit),
        unit=unit,
        width=box.width,
        height=box.height,
        left=box.left,
        top=box.top,
        right=box.width - box.right,
        bottom=box.height - box.bottom,
        paths=tuple(_path(run, scale) for run in runs),
        area=tuple(_area(run, scale) for run in runs),
        lines=_lines(scale, unit),
        marks=_marks(scale),
        moments=marked,
        rows=_rows(scaled, limit, unit, marked),
        threshold_y=None if limit is None else scale.y(limit),
        threshold_words="" if limit is None else f"threshold {_figure(limit, unit)}",
        last_x=scale.x(last.at),
        last_y=scale.y(last_value),
        last_words=_figure(last_value, unit),
        last_at=last.at,
        tone=_tone(last_value, limit),
    )


def _tone(value: float, limit: float | None) -> Tone:
    if limit is None:
        return "accent"
    return "danger" if value > limit else "ok"


def _empty(title: str, unit: str, box: Box) -> ChartView:
    words = f"{title}: no data. Silence is never read as recovered."
    return ChartView(
        title=title, words=words, unit=unit, width=box.width, height=box.height, left=box.left, top=box.top,
        right=box.width - box.right, bottom=box.height - box.bottom, paths=(), area=(), lines=(), marks=(), moments=(),
        rows=(), threshold_y=None, threshold_words="", last_x=None, last_y=None, last_words="no data", last_at=None,
        tone="idle", empty=True,
    )  # fmt: skip


def _round_up(value: float) -> float:
    """The next round figure above, so that the lines across fall on readable values."""
    if value <= 0:
        return 1.0
    size: float = 10.0 ** floor(log10(value))
    return next(step * size for step in _STEPS if step * size >= value * 1.02)


def _runs(points: Sequence[Point]) -> list[list[Point]]:
    runs: list[list[Point]] = [[]]
    for point in points:
        if point.value is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if len(run) > 1]


def _path(run: Sequence[Point], scale: _Scale) -> str:
    return "M" + " ".join(f"{scale.x(p.at)} {scale.y(p.value or 0)}" for p in run)


def _area(run: Sequence[Point], scale: _Scale) -> str:
    floor_y = scale.y(0)
    return f"{_path(run, scale)} L{scale.x(run[-1].at)} {floor_y} {scale.x(run[0].at)} {floor_y}Z"


def _lines(scale: _Scale, unit: str) -> tuple[ChartLine, ...]:
    return tuple(
        ChartLine(_figure(scale.top * part / 4, unit), x=scale.box.left - 6, y=scale.y(scale.top * part / 4))
        for part in (0, 2, 4)
    )


def _marks(scale: _Scale) -> tuple[ChartMark, ...]:
    inner = scale.box.width - scale.box.left - scale.box.right
    return tuple(
        ChartMark(
            at=scale.start + timedelta(seconds=scale.seconds * part / 3),
            x=round(scale.box.left + inner * part / 3, 1),
            anchor=anchor,
            form="minute" if scale.seconds > _SECONDS_TELL else "time",
        )
        for part, anchor in enumerate(_ANCHORS)
    )


def _moments(moments: Iterable[tuple[str, datetime]], scale: _Scale) -> tuple[ChartMoment, ...]:
    seen = sorted(((words, at) for words, at in moments if scale.holds(at)), key=lambda each: each[1])
    return tuple(
        ChartMoment(words=words, at=at, x=scale.x(at), letter=letter)
        for letter, (words, at) in zip(_LETTERS, seen, strict=False)
    )


def _rows(
    points: Sequence[Point], limit: float | None, unit: str, moments: Sequence[ChartMoment]
) -> tuple[ChartRow, ...]:
    every = max(1, ceil(len(points) / _TABLE_ROWS))
    kept = [*points[::-1][::every]][::-1]
    return tuple(
        ChartRow(
            at=point.at,
            value="no data" if point.value is None else _figure(point.value, unit),
            over=limit is not None and point.value is not None and point.value > limit,
            moment=", ".join(m.words for m in moments if (before is None or m.at > before.at) and m.at <= point.at),
        )
        for before, point in pairwise([None, *kept])
        if point is not None
    )


def _sentence(title: str, values: Sequence[float], last: float, limit: float | None, unit: str) -> str:
    shown = f"{title}: now {_figure(last, unit)}, between {_figure(min(values), unit)} and {_figure(max(values), unit)}"
    if limit is None:
        return f"{shown}."
    return f"{shown}; {'over' if last > limit else 'under'} the threshold of {_figure(limit, unit)}."


def _figure(value: float, unit: str) -> str:
    digits = 0 if value >= 10 or value == round(value) else 1 if value >= 1 else 2
    return f"{value:.{digits}f} {unit}".strip()
