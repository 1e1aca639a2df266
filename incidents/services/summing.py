"""The course of each incident kept in its row; no ledger entry: it says nothing that other rows do not."""

from collections.abc import Mapping
from typing import Any, Final

from incidents.models.course import Course
from incidents.models.incident import Incident
from incidents.procedure.steps import IncidentState
from incidents.queries.courses import READ, courses_of, without_course

AT_ONCE: Final = 2_000


def sum_up_courses() -> int:
    """Write the courses that may have changed, and those that are missing; the number of rows written.

    Whatever is not over is read anew each time, so that nothing has to tell this what happened.
    """
    unsettled = Course.objects.filter(settled=False).values("incident")
    written = _write(Incident.objects.filter(pk__in=unsettled))
    while added := _write(Incident.objects.filter(pk__in=without_course().values("pk")[:AT_ONCE])):
        written += added
    return written


def _write(incidents: Any) -> int:
    rows = [_course(told) for told in courses_of(incidents)]
    Course.objects.bulk_create(
        rows, batch_size=AT_ONCE, update_conflicts=True, unique_fields=["incident"],
        update_fields=[*READ, "settled"],
    )  # fmt: skip
    return len(rows)


def _course(told: Mapping[str, Any]) -> Course:
    closed = told["state"] == IncidentState.CLOSED
    learnt = told["retrospective_due_at"] is None or told["retrospective_at"] is not None
    columns = {name: told[name] for name in READ} | {"path": told["path"] or ""}
    return Course(incident_id=told["pk"], settled=closed and learnt, **columns)
