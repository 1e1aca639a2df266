"""What is due is told of: whom, when, once; done is told no more; slept through, the newest alone (T1, T2, P1, E15)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import close_old_connections
from pytest_django.fixtures import Settings

from approvals.models import ApprovalRequest
from approvals.services.consuming import expire_due
from incidents.models import (
    Deadline,
    FollowUp,
    Incident,
    LedgerEntry,
    Reminder,
    Retrospective,
    Service,
    StatusUpdate,
    Step,
)
from incidents.models.ledger import first_broken_entry, stream_of
from incidents.procedure.steps import StepKind
from incidents.queries.deadlines import due_for, due_in
from incidents.queries.timeline import entry_in_words
from incidents.services.deciding import decide
from incidents.services.reminding import mind_deadlines

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def tools(settings: Settings) -> Settings:
    settings.BETTER_STACK_TOKEN, settings.SLACK_TOKEN = "a-token", "another"
    settings.WAKE_POLICIES = {"cto": "1021", "ciso": "1022", "oncall": "1024"}
    return settings


@pytest.fixture
def retrospective(incident: Incident, now: datetime) -> Retrospective:
    """Opened now, due in 24 hours."""
    return Retrospective.objects.create(incident=incident, opened_at=now, due_at=now + timedelta(hours=24))


def mind(at: datetime, *, failed: int = 0) -> None:
    assert mind_deadlines(now=at) == failed


def told() -> list[tuple[str, str]]:
    """Every message, in order: to whom, by which way."""
    steps = Step.objects.filter(kind__in=[StepKind.REMIND_BY_CHAT, StepKind.REMIND_BY_MAIL]).order_by("asked_at", "id")
    return sorted((step.parameters["name"], step.kind) for step in steps)


def people() -> list[str]:
    """Whom the record says was told, mark by mark."""
    entries = LedgerEntry.objects.filter(kind__in=["deadline.reminded", "deadline.escalated"]).order_by("seq")
    return [each["person"] for entry in entries for each in entry.data["told"]]


def said(incident: Incident) -> list[str]:
    entries = LedgerEntry.objects.filter(incident=incident, kind__startswith="deadline.").order_by("seq")
    return [entry_in_words(each).words for each in entries if each.kind != "deadline.set"]


# ── the 24 hours of the retrospective ────────────────────────────────────────────────────────────────────────────────
def test_t1_the_lead_is_reminded_before_and_the_matter_climbs_after(
    retrospective: Retrospective, oncall: User, cto: User, ciso: User, now: datetime
) -> None:
    for hours in (0, 17.9, 18, 22.9, 23, 23.9, 24, 24.5, 25, 40, 48, 90):
        mind(now + timedelta(hours=hours))
    assert people() == ["oncall", "oncall", "oncall", "cto", "ciso"]
    assert not Reminder.objects.filter(late=True).exists()
    assert list(Deadline.objects.values_list("next_at", flat=True)) == [None]


def test_t1_each_is_written_to_by_chat_and_mail_and_no_phone_rings(
    retrospective: Retrospective, oncall: User, now: datetime
) -> None:
    mind(now + 18 * HOUR)
    assert told() == [("oncall", "remind_by_chat"), ("oncall", "remind_by_mail")]
    (step, _) = Step.objects.filter(kind__startswith="remind_")
    number = retrospective.incident.number
    assert step.parameters["words"] == f"Due 2026-05-09 12:00 UTC: The retrospective of {number}."
    assert step.parameters["url"] == f"http://localhost:8000/incidents/{number}/retrospective/"
    assert step.rule == "T1"


def test_t1_to_mind_again_and_again_tells_nobody_twice(
    retrospective: Retrospective, oncall: User, now: datetime
) -> None:
    for seconds in range(0, 60, 10):
        mind(now + 18 * HOUR + timedelta(seconds=seconds))
    assert people() == ["oncall"]


def test_t1_a_clock_set_back_and_forward_again_tells_nobody_twice(
    retrospective: Retrospective, oncall: User, now: datetime
) -> None:
    for hours in (18, 2, 17, 18, 18.5):
        mind(now + timedelta(hours=hours))
    assert people() == ["oncall"]


def test_t1_a_scheduler_that_slept_a_day_tells_the_newest_once_marked_late_and_records_the_rest(
    retrospective: Retrospective, incident: Incident, oncall: User, cto: User, now: datetime
) -> None:
    mind(now)
    mind(now + 26 * HOUR)
    assert people() == ["oncall", "cto"]
    marks = {each.mark: (each.late, each.passed_over) for each in Reminder.objects.all()}
    assert marks == {
        "6 hours before": (True, True), "1 hour before": (True, True), "due": (True, False),
        "1 hour after": (True, False),
    }  # fmt: skip
    what = f"The retrospective of {incident.number}, due 2026-05-09 12:00 UTC."
    late, missed = "This was 2 h late.", "Passed over: 6 hours before, 1 hour before."
    assert said(incident) == [
        f"Reminded: {what} Told oncall by chat and mail. {late} {missed}",
        f"Escalated to the CTO: {what} Told cto by chat and mail. This was 60 min late.",
    ]
    assert first_broken_entry(stream_of(incident)) is None


@pytest.mark.parametrize(("hours", "words"), [(20, "Done in time"), (30, "Done late")])
def test_t1_what_is_done_is_told_no_more_and_late_is_recorded_as_late(
    retrospective: Retrospective, incident: Incident, oncall: User, cto: User, now: datetime, hours: int, words: str
) -> None:
    mind(now)
    Retrospective.objects.update(completed_at=now + hours * HOUR)
    mind(now + hours * HOUR)
    mind(now + 100 * HOUR)
    deadline = Deadline.objects.get()
    assert (deadline.end, deadline.was_late, people()) == ("done", hours > 24, [])
    assert said(incident) == [f"{words}: The retrospective of {incident.number}"]


def test_t1_what_was_not_sent_when_it_was_done_is_not_sent(
    retrospective: Retrospective, oncall: User, now: datetime
) -> None:
    mind(now + 18 * HOUR)
    Retrospective.objects.update(completed_at=now)
    mind(now + 18.1 * HOUR)
    assert set(Step.objects.filter(kind__startswith="remind_").values_list("state", flat=True)) == {"cancelled"}


def test_t1_whoever_leads_by_now_is_told(
    retrospective: Retrospective, incident: Incident, oncall: User, engineer: User, now: datetime
) -> None:
    mind(now)
    Incident.objects.update(lead=engineer)
    mind(now + HOUR)
    assert Deadline.objects.get().owner == engineer
    mind(now + 18 * HOUR)
    assert people() == ["engineer"]


def test_t1_that_there_is_nobody_to_tell_is_recorded(
    retrospective: Retrospective, incident: Incident, oncall: User, now: datetime
) -> None:
    mind(now + 25 * HOUR)
    assert people() == ["oncall"]
    assert "There is nobody to tell." in said(incident)[-1]


def test_t1_reminders_go_on_after_the_close(
    retrospective: Retrospective, incident: Incident, oncall: User, now: datetime
) -> None:
    Incident.objects.update(state="closed", closed_at=now, resolution="recovered")
    mind(now + 18 * HOUR)
    assert people() == ["oncall"]


@pytest.mark.django_db(transaction=True)
def test_t1_two_schedulers_at_once_tell_each_once(
    retrospective: Retrospective, oncall: User, cto: User, now: datetime
) -> None:
    together = Barrier(4)

    def run() -> int:
        together.wait()
        try:
            return mind_deadlines(now=now + 25 * HOUR)
        finally:
            close_old_connections()

    with ThreadPoolExecutor(4) as pool:
        failed = sum(each.result() for each in [pool.submit(run) for _ in range(4)])
    assert failed == 0
    assert people() == ["oncall", "cto"]
    assert Deadline.objects.count() == 1


# ── follow-ups ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def follow_up(retrospective: Retrospective, engineer: User) -> FollowUp:
    """Due on the last Sunday of October, in Berlin: a day of 25 hours."""
    Retrospective.objects.update(completed_at=retrospective.opened_at)
    return FollowUp.objects.create(
        retrospective=retrospective, kind="test_gap", words="Test the checkout without a basket.", owner=engineer,
        due_on=date(2026, 10, 25),
    )  # fmt: skip


def test_t2_a_follow_up_is_told_of_at_nine_o_clock_of_the_office_then_climbs(
    follow_up: FollowUp, engineer: User, cto: User, now: datetime, tools: Settings
) -> None:
    tools.OFFICE_ZONE = "Europe/Berlin"
    mind(now)
    assert Deadline.objects.get().due_at == datetime(2026, 10, 25, 23, tzinfo=UTC)
    for at in (
        datetime(2026, 10, 24, 6, 59, tzinfo=UTC), datetime(2026, 10, 24, 7, tzinfo=UTC),
        datetime(2026, 10, 25, 7, 59, tzinfo=UTC), datetime(2026, 10, 25, 8, tzinfo=UTC),
        datetime(2026, 10, 26, 8, tzinfo=UTC), datetime(2026, 10, 28, 8, tzinfo=UTC),
    ):  # fmt: skip
        mind(at)
    assert people() == ["engineer", "engineer", "engineer", "cto"]
    assert not Reminder.objects.filter(late=True).exists()


def test_t2_another_day_is_another_deadline_and_the_old_day_come_back_tells_nobody_again(
    follow_up: FollowUp, engineer: User, now: datetime
) -> None:
    mind(now)
    mind(datetime(2026, 10, 24, 9, tzinfo=UTC))
    FollowUp.objects.update(due_on=date(2026, 11, 30))
    mind(datetime(2026, 10, 24, 10, tzinfo=UTC))
    FollowUp.objects.update(due_on=date(2026, 10, 25))
    mind(datetime(2026, 10, 24, 11, tzinfo=UTC))
    assert people() == ["engineer"]
    assert sorted(Deadline.objects.values_list("due_at__month", "end")) == [(10, ""), (12, "dropped")]


# ── public words ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def posted(incident: Incident, oncall: User, now: datetime) -> StatusUpdate:
    return StatusUpdate.objects.create(
        incident=incident, phase="investigating", state="posted", title="Disruption", message="We are at it.",
        drafted_by=oncall, drafted_at=now, posted_at=now,
    )  # fmt: skip


def test_p1_public_words_are_followed_by_others_within_the_hour_or_it_climbs(
    posted: StatusUpdate, oncall: User, cto: User, ciso: User, now: datetime
) -> None:
    for minutes in (0, 49, 50, 59, 60, 74, 75, 119, 120):
        mind(now + timedelta(minutes=minutes))
    assert people() == ["oncall", "oncall", "cto", "ciso"]


def test_p1_every_update_is_a_new_promise_until_it_says_resolved(
    posted: StatusUpdate, incident: Incident, oncall: User, now: datetime
) -> None:
    mind(now)
    later = now + timedelta(minutes=30)
    StatusUpdate.objects.filter(pk=posted.pk).update(state="withdrawn", posted_at=None)
    for phase, at in (("investigating", now), ("identified", later)):
        StatusUpdate.objects.create(
            incident=incident, phase=phase, state="posted", title="Disruption", message="…", drafted_by=oncall,
            drafted_at=at, posted_at=at,
        )  # fmt: skip
    mind(later)
    assert list(Deadline.objects.order_by("due_at").values_list("end", flat=True)) == ["done", ""]
    StatusUpdate.objects.filter(phase="identified").update(phase="resolved")
    mind(later + timedelta(minutes=1))
    assert not Deadline.objects.standing().exists()
    assert people() == []


def test_p1_what_was_left_standing_at_the_close_is_looked_at_again_within_a_day(
    posted: StatusUpdate, incident: Incident, now: datetime
) -> None:
    mind(now)
    Incident.objects.update(state="closed", closed_at=now, resolution="recovered")
    mind(now + timedelta(minutes=5))
    assert Deadline.objects.standing().get().due_at == now + timedelta(days=1)


# ── questions that wait ──────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def question(
    incident: Incident, oncall: User, cto: User, dba: User, answers: Callable[..., dict[str, str]], now: datetime
) -> ApprovalRequest:
    given = answers(migration="yes", incompatible="no", customer_data="yes")
    decide(incident_id=incident.pk, actor=oncall, now=now, version=incident.version, answers=given, path="rollback")
    return ApprovalRequest.objects.get()


def test_e15_before_a_question_expires_the_empty_seats_are_reminded_and_whoever_asked_once_it_has(
    question: ApprovalRequest, oncall: User, now: datetime
) -> None:
    mind(now)
    mind(question.expires_at - HOUR / 2)
    assert sorted(people()) == ["cto", "dba"]
    expire_due(now=question.expires_at)
    mind(question.expires_at)
    assert people()[2:] == ["oncall"]


def test_e15_an_answered_question_reminds_nobody(question: ApprovalRequest, now: datetime) -> None:
    mind(now)
    ApprovalRequest.objects.update(state="refused")
    mind(question.expires_at + HOUR)
    assert (people(), Deadline.objects.get().end) == ([], "done")


# ── in the page ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_t1_the_room_says_what_is_due_whose_it_is_and_to_whom_it_goes_next(
    retrospective: Retrospective, incident: Incident, oncall: User, cto: User, now: datetime
) -> None:
    mind(now)
    (line,) = due_in(incident, now).lines
    assert (line.words, line.who, line.tone, line.rule) == (
        f"The retrospective of {incident.number}", "oncall", "idle", "T1",
    )  # fmt: skip
    assert (line.then, line.then_at) == ("CTO", now + 25 * HOUR)
    mind(now + 25 * HOUR)
    (line,) = due_in(incident, now + 26 * HOUR).lines
    assert (line.overdue, line.tone, line.then, line.then_at) == (True, "danger", "CISO", now + 48 * HOUR)


def test_e15_a_question_that_waits_says_when_the_deputies_are_woken(
    question: ApprovalRequest, incident: Incident, now: datetime
) -> None:
    mind(now)
    (line,) = due_in(incident, now).lines
    assert (line.who, line.then, line.then_at) == ("CTO and on-call DBA", "the deputies", question.deputies_from)


def test_t1_the_dashboard_shows_what_is_due_within_a_day_of_the_services_one_may_see(
    retrospective: Retrospective, service: Service, now: datetime
) -> None:
    mind(now)
    assert due_for([service], now - HOUR).lines == ()
    assert len(due_for([service], now).lines) == 1
    assert due_for([], now).lines == ()
    Incident.objects.update(drill=True)
    assert due_for([service], now).lines == ()
