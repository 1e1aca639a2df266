"""Figures over incidents: what each phase is measured by, what is counted, and what is too little for a figure."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import assign_perm

from approvals.models import ApprovalRequest
from approvals.quorum import Answer
from approvals.services.voting import Authentication, vote
from incidents.models import Course, Incident, Plan, Retrospective, Service, Step
from incidents.queries.course import course_page
from incidents.queries.insights import InsightsFilter, insights_page
from incidents.queries.shapes.insights import SpanRow
from incidents.queries.spans import Axis, in_words
from incidents.services.deciding import decide
from incidents.services.summing import sum_up_courses

Past = Callable[..., Course]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def past(service: Service, now: datetime) -> Past:
    """The course of an incident that was declared so many minutes before, and recovered after so many."""
    counter = iter(range(1, 10_000))

    def made(*, ago: int = 100, took: int = 30, of: Service = service, severity: int = 2, **other: object) -> Course:
        at = now - ago * MINUTE
        incident = Incident.objects.create(
            number=f"INC-2025-{next(counter)}", service=of, title="It burns", trigger="U2", state="closed",
            resolution="recovered", onset_at=at, declared_at=at, recovered_at=at + took * MINUTE,
            closed_at=at + took * MINUTE,
        )  # fmt: skip
        return Course.objects.create(
            incident=incident, service=of, severity=severity, settled=True,
            **{"onset_at": at, "declared_at": at, "recovered_at": at + took * MINUTE, "path": "rollback", **other},
        )  # fmt: skip

    return made


def headline(person: User, now: datetime, **wanted: object) -> SpanRow:
    return insights_page(person, InsightsFilter(**wanted), now).headline


def test_the_course_of_a_rollback_is_read_from_its_rows(
    incident: Incident, oncall: User, cto: User, dba: User, now: datetime, answers: Callable[..., dict[str, str]]
) -> None:
    given = answers(migration="yes", customer_data="yes", incompatible="no")
    decide(incident_id=incident.pk, actor=oncall, now=now + MINUTE, version=1, answers=given, path="rollback")
    question = ApprovalRequest.objects.get()
    for minute, (person, seat) in enumerate([(dba, "dba"), (cto, "cto")], start=3):
        at = now + minute * MINUTE
        vote(
            request_id=question.pk, actor=person, seat=seat, answer=Answer.APPROVE, reason="", now=at,
            digest=question.digest, version=ApprovalRequest.objects.get().version,
            authentication=Authentication("password", at, fresh=True),
        )  # fmt: skip
    Plan.objects.update(executed_at=now + 2 * MINUTE, executed_by=oncall)
    for minute, kind in enumerate(("push_revert", "review", "merge", "deploy"), start=5):
        Step.objects.filter(kind=kind).update(state="done", finished_at=now + minute * MINUTE, due_at=None)
    Incident.objects.update(state="recovered", recovered_at=now + 10 * MINUTE)
    Retrospective.objects.create(incident=incident, opened_at=now, due_at=now, completed_at=now + 20 * MINUTE)
    assert sum_up_courses() > 0
    course = Course.objects.get()
    moments = {
        "onset": course.onset_at, "decided": course.decided_at, "executed": course.executed_at, "dba": course.dba_at,
        "cto": course.cto_at, "approved": course.approved_at, "reverted": course.reverted_at,
        "reviewed": course.reviewed_at, "merged": course.merged_at, "deployed": course.deployed_at,
        "recovered": course.recovered_at, "learnt": course.retrospective_at,
    }  # fmt: skip
    assert {name: (at - now) // MINUTE if at else None for name, at in moments.items()} == {
        "onset": 0, "decided": 1, "executed": 2, "dba": 3, "cto": 4, "approved": 4, "reverted": 5, "reviewed": 6,
        "merged": 7, "deployed": 8, "recovered": 10, "learnt": 20,
    }  # fmt: skip
    assert (course.path, course.previewed_clean, course.settled) == ("rollback", True, False)


def test_one_approval_of_two_is_none(incident: Incident, past: Past) -> None:
    sum_up_courses()
    assert Course.objects.get(incident=incident).approved_at is None


def test_what_is_not_over_is_read_anew_and_what_is_over_is_left_alone(incident: Incident, now: datetime) -> None:
    sum_up_courses()
    Incident.objects.update(recovered_at=now + MINUTE)
    sum_up_courses()
    assert Course.objects.get().recovered_at == now + MINUTE
    Incident.objects.update(state="closed", closed_at=now, resolution="recovered")
    sum_up_courses()
    assert Course.objects.get().settled
    assert sum_up_courses() == 0


def test_a_closed_incident_is_read_until_its_retrospective_is_complete(incident: Incident, now: datetime) -> None:
    Incident.objects.update(state="closed", closed_at=now, resolution="recovered")
    Retrospective.objects.create(incident=incident, opened_at=now, due_at=now + MINUTE)
    sum_up_courses()
    assert not Course.objects.get().settled
    Retrospective.objects.update(completed_at=now)
    sum_up_courses()
    assert Course.objects.get().settled


def test_a_drill_has_no_course_and_its_own_line_says_that_it_is_one(incident: Incident, now: datetime) -> None:
    Incident.objects.update(drill=True)
    sum_up_courses()
    assert not Course.objects.exists()
    assert course_page(Incident.objects.get(), now).drill


@pytest.mark.parametrize("resolution", ["false_alarm", "merged"])
def test_what_was_no_incident_of_its_own_is_not_counted(
    past: Past, oncall: User, now: datetime, resolution: str
) -> None:
    past(resolution=resolution)
    past()
    assert headline(oncall, now).count == 1


@pytest.mark.parametrize(
    ("incidents", "median", "p90", "few"),
    [
        (0, None, None, "none"),
        (3, None, None, "too few for a median"),
        (4, None, None, "too few for a median"),
        (5, 3 * 60, None, "too few for a 90th percentile"),
        (9, 5 * 60, None, "too few for a 90th percentile"),
        (11, 6 * 60, 10 * 60, ""),
    ],
)
def test_nothing_is_said_from_fewer_incidents_than_carry_it(
    past: Past, oncall: User, now: datetime, incidents: int, median: float | None, p90: float | None, few: str
) -> None:
    for took in range(1, incidents + 1):
        past(took=took)
    row = headline(oncall, now)
    assert (row.count, row.median, row.p90, row.few) == (incidents, median, p90, few)
    assert len(row.strip.dots) == (incidents if p90 is None else 0)


def test_a_moment_that_is_missing_is_not_counted_as_nothing(past: Past, oncall: User, now: datetime) -> None:
    past()
    past(recovered_at=None)
    assert headline(oncall, now).count == 1


def test_who_waited_for_whom_counts_only_the_one_who_waited(past: Past, oncall: User, now: datetime) -> None:
    past(executed_at=now - 10 * MINUTE, approved_at=now - 5 * MINUTE)
    past(executed_at=now - 5 * MINUTE, approved_at=now - 10 * MINUTE)
    past(executed_at=now - 5 * MINUTE, approved_at=now - 20 * MINUTE)
    waits = {row.name: row.count for row in insights_page(oncall, InsightsFilter(), now).waits.rows}
    assert (waits["Execute for the approvers"], waits["The approvers for Execute"]) == (1, 2)


def test_the_revert_is_timed_from_the_last_gate(past: Past, oncall: User, now: datetime) -> None:
    gates = {"executed_at": now - 10 * MINUTE, "reverted_at": now - 2 * MINUTE}
    for approved_at in (*[now - 20 * MINUTE] * 2, None, *[now - 4 * MINUTE] * 3):
        past(**gates, approved_at=approved_at)
    (row,) = (row for row in insights_page(oncall, InsightsFilter(), now).stages.rows if row.name == "To revert")
    assert (row.count, row.median) == (6, (2 + 8) / 2 * 60)


@pytest.mark.parametrize(
    ("wanted", "count"),
    [({}, 3), ({"days": 30}, 2), ({"service": "search"}, 1), ({"severity": "1"}, 1), ({"severity": "3"}, 0)],
)
def test_each_filter_narrows_what_is_counted(
    past: Past, auditor: User, now: datetime, wanted: dict[str, object], count: int
) -> None:
    search = Service.objects.create(slug="search", name="Search", repository="acme/search")
    past(ago=100 * 24 * 60)
    past(severity=1)
    past(of=search)
    assert headline(auditor, now, **wanted).count == count


def test_nobody_sees_figures_of_services_that_are_not_theirs(past: Past, stranger: User, now: datetime) -> None:
    search = Service.objects.create(slug="search", name="Search", repository="acme/search")
    past()
    past(of=search)
    assign_perm("respond_service", stranger, search)
    page = insights_page(stranger, InsightsFilter(), now)
    assert page.counted == 1
    assert [row.name for row in page.services.rows] == ["Search"]


def test_rollbacks_stand_against_roll_forwards_and_other_paths_against_neither(
    past: Past, oncall: User, now: datetime
) -> None:
    for path in ("rollback", "rollback", "roll_forward", "hotfix", "isolate", "escalate", ""):
        past(path=path)
    page = insights_page(oncall, InsightsFilter(), now)
    assert (page.shares[0].part, page.shares[0].whole) == (2, 4)
    assert page.paths.table == (("May 2026", "2", "2"),)


def test_shares_are_of_what_could_have_been(past: Past, oncall: User, now: datetime) -> None:
    due = now - 10 * MINUTE
    past(previewed_clean=True, retrospective_due_at=due, retrospective_at=due)
    past(previewed_clean=False, retrospective_due_at=due, retrospective_at=due + MINUTE)
    past(previewed_clean=None, retrospective_due_at=due, retrospective_at=None)
    past()
    _, previews, retrospectives = insights_page(oncall, InsightsFilter(), now).shares
    assert (previews.words, retrospectives.words) == ("1 of 2", "1 of 3")


def test_a_month_without_incidents_keeps_its_place_on_the_axis(past: Past, oncall: User, now: datetime) -> None:
    past(ago=80 * 24 * 60)
    past()
    months = insights_page(oncall, InsightsFilter(), now).months
    assert [column.words for column in months.columns] == ["Feb 2026", "Mar 2026", "Apr 2026", "May 2026"]
    assert [row[3] for row in months.table] == ["1", "0", "0", "1"]


@pytest.mark.parametrize("table", ["stages", "waits", "months", "services", "severities"])
def test_each_table_comes_as_csv_by_the_same_filter(past: Past, oncall: User, now: datetime, table: str) -> None:
    for _ in range(6):
        past(ago=int((datetime.now(UTC) - now) / MINUTE) * -1 + 60, took=5)
    client = Client()
    client.force_login(oncall)
    answer = client.get(f"/insights/{table}.csv?severity=2&days=30&measure=whole")
    rows = list(csv.reader(StringIO(answer.content.decode())))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert {"incidents", "median_seconds", "p90_seconds"} <= set(rows[0])
    assert any("300.0" in row for row in rows[1:]) is (table != "waits")


def test_a_table_that_there_is_not_is_not_found(oncall: User) -> None:
    client = Client()
    client.force_login(oncall)
    assert client.get("/insights/nonsense.csv").status_code == 404


@pytest.mark.parametrize("query", ["", "?days=x", "?severity=9&measure=nonsense", "?service=nowhere", "?measure=cto"])
def test_the_page_answers_whatever_is_asked_in_its_address(oncall: User, query: str) -> None:
    client = Client()
    client.force_login(oncall)
    assert client.get(f"/insights/{query}").status_code == 200


def test_the_page_asks_as_much_of_the_database_for_many_incidents_as_for_one(past: Past, oncall: User) -> None:
    client = Client()
    client.force_login(oncall)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/insights/?days=1095")
        return len(captured)

    past(ago=10)
    few = asked()
    for number in range(40):
        past(ago=number * 24 * 60, took=1 + number)
    assert asked() == few


def test_the_line_of_one_incident_names_every_moment_in_the_order_in_which_it_came(
    executed: Plan, now: datetime
) -> None:
    page = course_page(Incident.objects.select_related("service").get(), now + 10 * MINUTE)
    assert [each.name for each in page.milestones] == ["Onset", "Declared", "Decided", "Executed"]
    assert [each.letter for each in page.milestones] == ["A", "B", "C", "D"]
    assert page.running
    assert page.milestones[0].since_last is None


@pytest.mark.parametrize(
    ("spans", "ticks"),
    [
        ([], ["1 s", "10 s", "1 min", "10 min", "1 h"]),
        ([70], ["1 min", "10 min"]),
        ([60], ["10 s", "1 min"]),
        ([0.2, 100_000], ["1 s", "10 s", "1 min", "10 min", "1 h", "6 h", "1 d", "1 week"]),
        ([10_000_000], ["1 week", "1 month"]),
    ],
)
def test_an_axis_runs_between_spans_that_people_say(spans: list[float], ticks: list[str]) -> None:
    axis = Axis(spans)
    assert [tick.words for tick in axis.ticks()][: len(ticks)] == ticks
    assert all(0 <= axis.place(span) <= 100 for span in spans)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "–"), (0.72, "0.7 s"), (48, "48 s"), (76, "1 min 16 s"), (7_500, "2 h 05 min"), (273_600, "3 d 4 h")],
)
def test_a_span_is_said_as_people_say_it(seconds: float | None, words: str) -> None:
    assert in_words(seconds) == words
