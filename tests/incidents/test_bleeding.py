"""Stop the bleed by its rules (E3, E4, E22): who may, what is refused, what is written down, what may be pressed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from incidents.models import Incident, Service, Step
from incidents.models.ledger import LedgerEntry
from incidents.queries.bleeding import bleed_controls
from incidents.queries.duty import NotPermitted, roles_of
from incidents.queries.shapes.bleeding import BleedAction, BleedControls
from incidents.services.bleeding import (
    NotAnEmergency,
    NothingToUndo,
    NotOfThisService,
    UnderWay,
    drain,
    page_on_call,
    turn_flag_off,
    turn_flag_on,
    undrain,
)
from incidents.services.locking import NotInThatState

FLAG, FIRST, SECOND = "loyalty-points", "eu-1", "eu-2"
Act = Callable[..., Step]
ACTS: list[tuple[Act, dict[str, Any], str, str]] = [
    (page_on_call, {"emergency": True}, "page_on_call", "S1"),
    (turn_flag_off, {"flag": FLAG}, "flag_off", "S2"),
    (drain, {"target": FIRST}, "drain", "S3"),
]


@pytest.fixture
def service(service: Service) -> Service:
    service.flags, service.drain_targets = [FLAG], [FIRST, SECOND]
    service.save()
    return service


@pytest.fixture
def press(incident: Incident, oncall: User, now: datetime) -> Act:
    def pressed(act: Act, actor: User | None = None, at: datetime | None = None, **facts: Any) -> Step:
        return act(incident_id=incident.pk, actor=actor or oncall, now=at or now, **facts)

    return pressed


def end(step: Step, state: str, **evidence: Any) -> Step:
    """What a worker writes down."""
    ended = timezone.now() if state in ("done", "skipped", "cancelled") else None
    due = timezone.now() if state in ("ready", "running", "watching") else None
    Step.objects.filter(pk=step.pk).update(
        state=state, evidence=evidence, finished_at=ended, due_at=due, sentence=f"It is {state}."
    )
    step.refresh_from_db()
    return step


def asked_for(incident: Incident, kind: str) -> list[LedgerEntry]:
    entries = LedgerEntry.objects.filter(incident=incident, kind="step.asked").order_by("seq")
    return [entry for entry in entries if entry.data["step_kind"] == kind]


def controls(incident: Incident, person: User, now: datetime) -> BleedControls:
    incident.refresh_from_db()
    roles = roles_of(person, incident.service, now=now, incident=incident)
    return bleed_controls(incident, roles, Step.objects.filter(incident=incident))


def flag_of(incident: Incident, person: User, now: datetime) -> BleedAction:
    return controls(incident, person, now).flags[0]


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("act", "facts", "kind", "rule"), ACTS)
def test_e3_every_engineer_of_the_service_stops_the_bleed_at_once(
    press: Act, engineer: User, act: Act, facts: dict[str, Any], kind: str, rule: str
) -> None:
    step = press(act, engineer, **facts)
    assert (step.kind, step.rule, step.plan) == (kind, rule, None)
    step.refresh_from_db()
    assert step.state == "ready"


@pytest.mark.parametrize(("act", "facts", "kind", "rule"), ACTS)
@pytest.mark.parametrize("who", ["cto", "auditor", "administrator", "stranger", "reviewer"])
def test_e3_nobody_else_does(
    press: Act, request: pytest.FixtureRequest, act: Act, facts: dict[str, Any], kind: str, rule: str, who: str
) -> None:
    with pytest.raises(NotPermitted) as refusal:
        press(act, request.getfixturevalue(who), **facts)
    assert refusal.value.rule == "E3"
    assert not Step.objects.filter(kind=kind).exists()


@pytest.mark.parametrize(("act", "facts", "kind", "rule"), ACTS)
def test_each_act_is_one_entry_that_names_who_and_what(
    press: Act, incident: Incident, engineer: User, act: Act, facts: dict[str, Any], kind: str, rule: str
) -> None:
    press(act, engineer, **facts)
    (asked,) = asked_for(incident, kind)
    assert (asked.who, asked.rule) == ("engineer", rule)
    assert asked.data["said"]


@pytest.mark.parametrize(("act", "facts", "kind", "rule"), ACTS)
@pytest.mark.parametrize("state", ["declared", "decided", "executing", "recovered", "escalated"])
def test_e3_it_stays_open_from_the_declaring_through_the_escalation(
    press: Act, incident: Incident, act: Act, facts: dict[str, Any], kind: str, rule: str, state: str
) -> None:
    Incident.objects.filter(pk=incident.pk).update(state=state)
    assert press(act, **facts).kind == kind


def test_nothing_is_pressed_in_a_closed_incident(press: Act, incident: Incident, now: datetime) -> None:
    Incident.objects.filter(pk=incident.pk).update(state="closed", closed_at=now, resolution="false_alarm")
    with pytest.raises(NotInThatState):
        press(turn_flag_off, flag=FLAG)


# ── E4 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_e4_a_page_asks_once_whether_it_is_a_production_emergency(press: Act) -> None:
    with pytest.raises(NotAnEmergency, match="Is this a production emergency") as refusal:
        press(page_on_call, emergency=False)
    assert refusal.value.rule == "E4"
    assert press(page_on_call, emergency=True).parameters["emergency"] is True


def test_e4_nobody_is_woken_for_what_is_not_in_production(
    press: Act, service: Service, incident: Incident, oncall: User, now: datetime
) -> None:
    Service.objects.filter(pk=service.pk).update(production=False)
    with pytest.raises(NotAnEmergency, match="not in production"):
        press(page_on_call, emergency=True)
    incident = Incident.objects.get(pk=incident.pk)
    assert controls(incident, oncall, now).page is None


def test_s1_a_second_press_wakes_nobody_twice(press: Act, engineer: User, now: datetime) -> None:
    first = press(page_on_call, emergency=True)
    with pytest.raises(UnderWay, match="oncall asked for a page"):
        press(page_on_call, engineer, emergency=True)
    end(first, "done")
    with pytest.raises(UnderWay, match="oncall paged at 12:00:00 UTC"):
        press(page_on_call, engineer, at=now + timedelta(seconds=59), emergency=True)
    assert press(page_on_call, engineer, at=now + timedelta(seconds=61), emergency=True).key != first.key


@pytest.mark.parametrize("state", ["failed", "unknown"])
def test_s1_a_page_in_doubt_is_retried_never_sent_anew(press: Act, now: datetime, state: str) -> None:
    end(press(page_on_call, emergency=True), state)
    with pytest.raises(UnderWay, match="Retry it"):
        press(page_on_call, at=now + timedelta(hours=1), emergency=True)


# ── S2, S3 ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("act", "facts"), [(turn_flag_off, {"flag": "another"}), (drain, {"target": "us-1"}), (drain, {"target": ""})]
)
def test_only_what_the_catalogue_names_is_touched(press: Act, act: Act, facts: dict[str, Any]) -> None:
    with pytest.raises(NotOfThisService):
        press(act, **facts)


@pytest.mark.parametrize(("act", "facts"), [(turn_flag_on, {"flag": FLAG}), (undrain, {"target": FIRST})])
def test_only_what_this_incident_did_is_taken_back(press: Act, act: Act, facts: dict[str, Any]) -> None:
    with pytest.raises(NothingToUndo):
        press(act, **facts)


@pytest.mark.parametrize(
    ("act", "back", "facts"),
    [(turn_flag_off, turn_flag_on, {"flag": FLAG}), (drain, undrain, {"target": FIRST})],
)
def test_an_act_and_its_undo_wait_for_each_other(
    press: Act, now: datetime, act: Act, back: Act, facts: dict[str, Any]
) -> None:
    first = press(act, **facts)
    with pytest.raises(UnderWay):
        press(act, **facts)
    with pytest.raises(UnderWay, match="opposite"):
        press(back, **facts)
    end(first, "done")
    undone = end(press(back, at=now + timedelta(seconds=1), **facts), "done")
    assert press(act, at=now + timedelta(seconds=2), **facts).pk not in (first.pk, undone.pk)


def test_s3_the_undo_ends_the_waiting_for_running_requests(press: Act) -> None:
    watching = end(press(drain, target=FIRST), "watching")
    press(undrain, target=FIRST)
    watching.refresh_from_db()
    assert (watching.state, watching.sentence) == ("cancelled", "Gave way to a newer order of oncall.")


def test_s3_one_target_is_drained_at_a_time(press: Act) -> None:
    first = press(drain, target=FIRST)
    with pytest.raises(UnderWay, match="one at a time"):
        press(drain, target=SECOND)
    end(first, "watching")
    assert press(drain, target=SECOND).parameters["target"] == SECOND


def test_e22_only_the_on_call_engineer_insists_and_the_reason_is_written_down(
    press: Act, incident: Incident, engineer: User
) -> None:
    refused = end(press(drain, target=FIRST), "failed", refused="E22")
    with pytest.raises(NotPermitted) as refusal:
        press(drain, engineer, target=FIRST, override="The region is flooded.")
    assert refusal.value.rule == "E22"
    step = press(drain, target=FIRST, override=" The region is flooded. ")
    assert step.parameters["override"] == "The region is flooded."
    refused.refresh_from_db()
    assert refused.state == "cancelled"
    assert "The region is flooded." in asked_for(incident, "drain")[-1].data["said"]


def test_e22_a_blank_reason_is_none(press: Act) -> None:
    assert "override" not in press(drain, target=FIRST, override="   ").parameters


# ── what may be pressed ──────────────────────────────────────────────────────────────────────────────────────────────
def test_an_engineer_sees_every_act_and_a_reader_why_not(
    incident: Incident, oncall: User, auditor: User, now: datetime
) -> None:
    seen = controls(incident, oncall, now)
    assert seen.page
    assert [seen.page.act, *(each.act for each in (*seen.flags, *seen.drains))] == [
        "Page on-call", "Turn it off", "Drain it", "Drain it",
    ]  # fmt: skip
    refused = controls(incident, auditor, now)
    assert (refused.allowed, refused.nothing) == (False, True)
    assert refused.why_not


@pytest.mark.parametrize(
    ("state", "act", "undo", "stuck"),
    [
        ("ready", "", "", False),
        ("running", "", "", False),
        ("watching", "", "Turn it on again", False),
        ("done", "", "Turn it on again", False),
        ("failed", "", "Turn it on again", True),
        ("unknown", "", "Turn it on again", True),
        ("skipped", "Turn it off", "", False),
    ],
)
def test_what_is_offered_follows_the_newest_step(
    press: Act, incident: Incident, oncall: User, now: datetime, state: str, act: str, undo: str, stuck: bool
) -> None:
    step = end(press(turn_flag_off, flag=FLAG), state)
    shown = flag_of(incident, oncall, now)
    assert (shown.act, shown.undo, shown.undo_now) == (act, undo, False)
    assert (shown.stuck.id if shown.stuck else "") == (str(step.pk) if stuck else "")


def test_the_undo_comes_first_once_the_service_has_recovered(
    press: Act, incident: Incident, oncall: User, now: datetime
) -> None:
    end(press(turn_flag_off, flag=FLAG), "done")
    Incident.objects.filter(pk=incident.pk).update(state="recovered")
    assert flag_of(incident, oncall, now).undo_now
    end(press(turn_flag_on, at=now + timedelta(seconds=1), flag=FLAG), "done")
    assert (flag_of(incident, oncall, now).act, flag_of(incident, oncall, now).undo) == ("Turn it off", "")


def test_e22_the_reason_is_asked_of_the_on_call_engineer_alone(
    press: Act, incident: Incident, oncall: User, engineer: User, now: datetime
) -> None:
    end(press(drain, target=FIRST), "failed", refused="E22")
    mine, theirs = (controls(incident, person, now).drains[0] for person in (oncall, engineer))
    assert (mine.act, mine.needs_reason, mine.undo, mine.stuck) == ("Drain it all the same", True, "", None)
    assert (theirs.act, theirs.needs_reason) == ("Ask again", False)
