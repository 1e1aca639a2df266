"""The state machine of incidents over rows and services, and its mutant score. Long under PROVE=1 (`make prove`)."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from guardian.shortcuts import assign_perm
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from pytest_django.fixtures import Settings

from incidents import dispatch
from incidents.effects import performing
from incidents.models import Seat, Service, Shift
from tests.incidents.conftest import NOW
from tests.incidents.defects import DEFECTS, Defect, Story
from tests.incidents.machine import Incidents
from tests.incidents.outside import Judged

Build = Callable[[], Incidents]
LONG = os.environ.get("PROVE") == "1"
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(7200 if LONG else 300)]
RUN = settings(
    max_examples=400 if LONG else 12, stateful_step_count=50 if LONG else 30, deadline=None, derandomize=not LONG,
    database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate], print_blob=False,
)  # fmt: skip


@pytest.fixture
def town(service: Service, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """The people, a service, no broker, and effects that speak to the world in memory."""
    settings.STATUS_FOLDER, settings.POST_COMMANDS, settings.HOLD_AT = str(tmp_path), False, "push"
    monkeypatch.setattr(dispatch, "_send", lambda *_: None)
    monkeypatch.setattr(dispatch, "_ring", lambda _: None)

    def judged(kind: str) -> Judged:
        return Judged(kind, judged.outside)  # type: ignore[attr-defined,arg-type]

    monkeypatch.setattr(performing, "effect_of", judged)
    people = {}
    for name in ("oncall", "engineer", "cto", "chief", "dba", "ciso"):
        people[name] = User.objects.create_user(name, f"{name}@example.com")
        Group.objects.get_or_create(name=name)
    for name in ("oncall", "engineer"):
        assign_perm("respond_service", people[name], service)
    span = {"starts_at": NOW - timedelta(hours=1), "ends_at": NOW + timedelta(days=365)}
    Shift.objects.create(person=people["oncall"], seat=Seat.ON_CALL, service=service, **span)
    Shift.objects.create(person=people["dba"], seat=Seat.DBA, **span)
    service.created = NOW  # type: ignore[attr-defined]
    return lambda: Incidents(people, service)


def live(build: Build, story: Story) -> None:
    """Tell a story to a machine of its own; raises where an invariant does not hold after one of its turns."""
    machine = build()
    try:
        machine.begin()
        for rule, given in story:
            getattr(machine, rule)(**given)
            machine.holds()
    finally:
        machine.teardown()


def found(build: Build, defect: Defect) -> bool:
    """Whether the story that meets the defect comes to harm."""
    with defect.planted():
        try:
            live(build, defect.story)
        except Exception:  # noqa: BLE001 - a defect may fail in any way
            return True
    return False


def test_every_story_is_lived_without_harm_by_the_right_code(town: Build) -> None:
    for story in {str(defect.story): defect.story for defect in DEFECTS}.values():
        live(town, story)


def test_every_planted_defect_is_found(town: Build, record_property: Callable[[str, object], None]) -> None:
    missed = [defect.name for defect in DEFECTS if not found(town, defect)]
    score = f"{len(DEFECTS) - len(missed)} of {len(DEFECTS)} planted defects found"
    record_property("score", f"mutant score of incidents: {score}")
    if LONG:
        alone = sum(found_unaided(town, defect) for defect in DEFECTS)
        record_property("score", f"mutant score of incidents, without stories: {alone} of {len(DEFECTS)}")
    assert len(DEFECTS) >= 20
    assert not missed


def found_unaided(build: Build, defect: Defect) -> bool:
    """Told, not required: some defects need ten turns in one order."""
    with defect.planted():
        try:
            run_state_machine_as_test(build, settings=settings(RUN, max_examples=150, derandomize=True))
        except Exception:  # noqa: BLE001 - a defect may fail in any way
            return True
    return False


def test_every_order_of_events_keeps_to_the_procedure(town: Build) -> None:
    run_state_machine_as_test(town, settings=RUN)
