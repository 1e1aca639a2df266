"""The course of one incident: its moments on a line, each with the time since the onset and since the one before."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from incidents.models.incident import Incident
from incidents.queries.courses import courses_of
from incidents.queries.shapes import Link
from incidents.queries.shapes.insights import CoursePage, Milestone, Tick

LETTERS: Final = "ABCDEFGHIJKLMNOP"
MOMENTS: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "onset_at": ("Onset", "The alert’s own start, or as it was declared by hand.", ()),
    "declared_at": ("Declared", "It waited for somebody, or an alert, to say so.", ("U3",)),
    "decided_at": ("Decided", "It waited for the on-call engineer’s decision.", ("D6",)),
    "asked_at": ("Asked", "The approvers were asked.", ("M3",)),
    "cto_at": ("Approved by the CTO", "It waited for the CTO, or the deputy.", ("M3",)),
    "dba_at": ("Approved by the DBA", "It waited for the on-call DBA, or the deputy.", ("M3",)),
    "executed_at": ("Executed", "It waited for the on-call engineer to press Execute.", ("D6",)),
    "reverted_at": ("Reverted", "The revert was computed and pushed.", ("R1",)),
    "reviewed_at": ("Reviewed", "It waited for a reviewer.", ("R3",)),
    "merged_at": ("Merged", "The code host merged it.", ("R4",)),
    "deployed_at": ("Deployed", "It waited for the deploy.", ("R4",)),
    "recovered_at": ("Recovered", "It waited for enough good samples, or for an attested recovery.", ("R5",)),
    "retrospective_at": ("Learnt from", "The retrospective was complete.", ("T1",)),
}
LEFT, RIGHT = 20.0, 980.0
FLAGS: Final = (40, 22, 4)
"""Heights that flags take in turn, so that moments close to one another can be told apart."""


def course_page(incident: Incident, now: datetime) -> CoursePage:
    """Every moment that is known, in the order in which they came; the line is as long as the incident until now."""
    (told,) = courses_of(Incident.objects.filter(pk=incident.pk), drills=True)
    known = sorted(((at, name) for name in MOMENTS if (at := told[name])), key=lambda each: each[0])
    drawn = [at for at, name in known if name != "retrospective_at"]
    start, running = told["onset_at"], incident.recovered_at is None and incident.is_open
    end = now if running else max(drawn)
    long = max((end - start).total_seconds(), 1)
    return CoursePage(
        number=incident.number,
        title=incident.title,
        service=incident.service.name,
        room=Link("The incident’s room", reverse("incidents:detail", args=[incident.number])),
        milestones=tuple(_milestones(known, start, long)),
        ticks=tuple(_ticks(long)),
        drill=incident.drill,
        running=running,
    )


def _milestones(known: list[tuple[datetime, str]], start: datetime, long: float) -> Iterable[Milestone]:
    before: datetime | None = None
    for letter, (at, name) in zip(LETTERS, known, strict=False):
        words, definition, rules = MOMENTS[name]
        since = (at - start).total_seconds()
        yield Milestone(
            letter, words, at, since, None if before is None else (at - before).total_seconds(), definition,
            x=_x(min(since / long, 1)), flag_y=FLAGS[LETTERS.index(letter) % len(FLAGS)], rules=rules,
        )  # fmt: skip
        before = at


def _x(share: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * max(share, 0), 1)


def _ticks(long: float) -> Iterable[Tick]:
    """Four or so round spans along the line."""
    steps: Any = (1, 5, 10, 30, 60, 300, 600, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000)
    step = next((each for each in steps if long / each <= 6), steps[-1])
    return (Tick(_said(step * number), _x(step * number / long)) for number in range(int(long // step) + 1))


def _said(seconds: int) -> str:
    for unit, words in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"+{seconds / unit:g} {words}"
    return f"+{seconds} s"
