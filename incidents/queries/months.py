"""Drawings over months: a span with its spread, counts on top of one another, and shares of a whole."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from incidents.queries.measures import Measure, Proportion
from incidents.queries.shapes.insights import Column, MonthChart, Share, SpanRow, Tick
from incidents.queries.spans import axis_of, in_words, span_row

LEFT, RIGHT, TOP, BOTTOM = 64, 890, 14, 190
MOST_WORDS: Final = 12
IN_HALF: Final = 6
Months = Sequence[Mapping[str, Any]]


def months_of_spans(rows: Months, measure: Measure, csv_url: str) -> MonthChart:
    """The measure month by month on a logarithmic axis; single incidents where they are few."""
    told = [(row["one_n"], row["one_p"], row["one_few"] or ()) for row in rows]
    axis = axis_of(told)
    lines = [span_row(words, axis, *told[number]) for number, words, _ in _named(rows)]
    columns = tuple(_spread(number, line, len(rows)) for number, line in enumerate(lines))
    through = [f"{column.middle},{column.median_y}" for column in columns if column.median_y is not None]
    return MonthChart(
        title=f"{measure.name}, by month",
        words=_sentence(measure.name, lines),
        definition=measure.definition,
        columns=columns,
        ticks=tuple(Tick(tick.words, _y(tick.at / 100)) for tick in axis.ticks()),
        head=("Month", "Median", "90th percentile", "Incidents", "Note"),
        table=tuple(
            (each.name, in_words(each.median), in_words(each.p90), str(each.count), each.few) for each in lines
        ),
        legend=(("median", "median"), ("p90", "90th percentile"), ("dot", "one incident, where they are few")),
        csv_url=csv_url,
        line=" ".join(through),
    )


def _spread(number: int, line: SpanRow, months: int) -> Column:
    drawn = line.strip
    return Column(
        line.name,
        *_place(number, months),
        shown=_is_shown(number, months),
        median_y=None if drawn.median is None else _y(drawn.median / 100),
        p90_y=None if drawn.p90 is None else _y(drawn.p90 / 100),
        dots=tuple(_y(dot / 100) for dot in drawn.dots),
    )


def _sentence(name: str, lines: Sequence[SpanRow]) -> str:
    known = [each for each in lines if each.median is not None]
    if not known:
        return f"{name}: too few incidents for a median in any month."
    first, last = known[0], known[-1]
    return f"{name}: the median was {in_words(last.median)} in {last.name}, {in_words(first.median)} in {first.name}."


def months_of_paths(rows: Months, csv_url: str) -> MonthChart:
    """Rollbacks against roll-forwards, as counts on top of one another."""
    most = max((row["decided"] for row in rows), default=0) or 1
    back, forward = sum(row["back"] for row in rows), sum(row["forward"] for row in rows)
    return MonthChart(
        title="Rollbacks and roll-forwards",
        words=f"{back} rollbacks and {forward} roll-forwards.",
        definition="By the last decision of each incident; a hotfix that tolerates a schema counts as a roll-forward.",
        columns=tuple(_stack(number, words, row, most, len(rows)) for number, words, row in _named(rows)),
        ticks=tuple(Tick(str(count), _y(count / most)) for count in sorted({0, most // 2, most})),
        head=("Month", "Rollbacks", "Roll-forwards"),
        table=tuple((words, str(row["back"]), str(row["forward"])) for _, words, row in _named(rows)),
        legend=(("back", "rollback"), ("forward", "roll-forward or hotfix")),
        csv_url=csv_url,
    )


def _stack(number: int, words: str, row: Mapping[str, Any], most: int, months: int) -> Column:
    middle, top = _y(row["back"] / most), _y(row["decided"] / most)
    parts = (("back", middle, round(BOTTOM - middle, 1)), ("forward", top, round(middle - top, 1)))
    return Column(words, *_place(number, months), parts=parts, shown=_is_shown(number, months, most=IN_HALF))


def months_of_shares(rows: Months, share: Proportion, csv_url: str) -> MonthChart:
    """A share by month, with how many it is of."""
    counts = [(words, row[share.part], row[share.whole]) for _, words, row in _named(rows)]
    part, whole = sum(each[1] for each in counts), sum(each[2] for each in counts)
    return MonthChart(
        title=share.name,
        words=f"{share.name}: {part} of {whole}.",
        definition=share.definition,
        columns=tuple(_filled(number, *each, months=len(rows)) for number, each in enumerate(counts)),
        ticks=(Tick("0 %", _y(0)), Tick("50 %", _y(0.5)), Tick("100 %", _y(1))),
        head=("Month", "Share", "Incidents"),
        table=tuple((words, Share(share.name, p, w, "").words, f"{p} of {w}") for words, p, w in counts),
        csv_url=csv_url,
    )


def _filled(number: int, words: str, part: int, whole: int, *, months: int) -> Column:
    place, shown = _place(number, months), _is_shown(number, months, most=IN_HALF)
    if not whole:
        return Column(words, *place, shown=shown)
    top = _y(part / whole)
    parts = (("share", top, round(BOTTOM - top, 1)), ("rest", float(TOP), round(top - TOP, 1)))
    return Column(words, *place, parts=parts, shown=shown)


def every_month(rows: Months) -> Months:
    """The same with the months in which nothing happened, so that the axis is true."""
    found: list[Mapping[str, Any]] = []
    for row in rows:
        while found and (following := _after(found[-1]["month"])) < row["month"]:
            found.append(defaultdict(int, month=following, one_p=None, one_few=None))
        found.append(row)
    return found


def _after(month: datetime) -> datetime:
    return (month + timedelta(days=32)).replace(day=1)


def _named(rows: Months) -> Iterable[tuple[int, str, Mapping[str, Any]]]:
    return ((number, f"{row['month']:%b %Y}", row) for number, row in enumerate(rows))


def _place(number: int, months: int) -> tuple[float, float]:
    """Where a month's column begins, and how wide it is."""
    each = (RIGHT - LEFT) / max(months, 1)
    width = min(each * 0.62, 40)
    return round(LEFT + each * (number + 0.5) - width / 2, 1), round(width, 1)


def _y(share: float) -> float:
    """The height of a place between 0 and 1, in units of the drawing."""
    return round(BOTTOM - (BOTTOM - TOP) * share, 1)


def _is_shown(number: int, months: int, *, most: int = MOST_WORDS) -> bool:
    """Not more words under the axis than fit, the newest month's among them."""
    return (months - 1 - number) % max(1, -(-months // most)) == 0
