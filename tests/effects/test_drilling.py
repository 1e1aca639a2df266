"""Drills against the sandbox: broken on purpose, rolled back by stand-ins through the same services, and scored."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from incidents.effects import drilling, wiring
from incidents.models import Drill as Rehearsed
from incidents.models import Incident, LedgerEntry, Retrospective, Step, Trigger
from incidents.models.ledger import first_broken_entry, stream_of
from incidents.queries.drills import drill_page
from incidents.queries.timeline import entry_in_words
from incidents.services.clock import database_now
from incidents.services.declaring import declare_incident
from incidents.services.drilling import DrillsUnavailable, DrillUnderWay, break_off_drill, start_drill
from incidents.services.reminding import mind_deadlines
from incidents.services.steering import Asked, attest_recovery
from tests.effects.conftest import Drill

pytestmark = pytest.mark.timeout(240)
EVERYBODY = ["oncall", "engineer", "reviewer", "cto"]


@pytest.fixture(autouse=True)
def stage(drill: Drill, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox may be drilled, by its demo accounts, without waiting between two looks."""
    settings.SANDBOX_URL = drill.sandbox.url
    settings.DRILL_STAND_INS = {part: part for part in EVERYBODY}
    monkeypatch.setattr("incidents.services.drilling.LOOK_AGAIN", timedelta(0))
    wiring.world.cache_clear()


def look() -> None:
    drilling.advance_drill(wiring.world(), database_now())


def start(drill: Drill, scenario: str, *stand_ins: str) -> Rehearsed:
    return start_drill(scenario=scenario, stand_ins=stand_ins, actor=drill.oncall, now=database_now())


def alert(drill: Drill, rehearsed: Rehearsed) -> Incident:
    """What the alert does once the bad release is out."""
    look()
    drill.refresh()
    rehearsed.refresh_from_db()
    assert rehearsed.broken_at is not None
    return declare_incident(
        service_id=drill.service.pk, trigger=Trigger.ALERT, title="ShopErrorRatioHigh", now=database_now()
    )


def play(drill: Drill, rehearsed: Rehearsed, holds: Callable[[], bool], within: float = 120) -> None:
    """Workers and stand-ins, until it holds."""
    until = time.monotonic() + within
    while not holds():
        assert time.monotonic() < until, (
            f"{rehearsed.words} {list(Step.objects.values_list('kind', 'state', 'sentence'))}"
        )
        look()
        drill.work()
        attest(drill)
        rehearsed.refresh_from_db()
        time.sleep(0.05)


def attest(drill: Drill) -> None:
    """No alert flagged it here, so that the on-call engineer says that it is well again (E12)."""
    proving = Step.objects.filter(kind="prove_recovery", state="watching").first()
    if proving is not None:
        asked = Asked(
            incident_id=proving.incident_id, step_id=proving.pk, actor=drill.oncall, now=database_now(),
            seen=proving.state,
        )  # fmt: skip
        attest_recovery(asked, evidence="Checkout answers again, seen in the shop.")


@pytest.mark.parametrize("scenario", ["clean_revert", "conflict", "lost_answers"])
def test_stand_ins_play_a_whole_drill_and_it_is_scored(drill: Drill, scenario: str) -> None:
    rehearsed = start(drill, scenario, *EVERYBODY)
    incident = alert(drill, rehearsed)
    play(drill, rehearsed, lambda: rehearsed.state != "running")
    incident.refresh_from_db()
    assert (rehearsed.state, incident.state, incident.drill, rehearsed.incident) == ("done", "closed", True, incident)
    missed = [each["words"] for each in rehearsed.score["kept"] if not each["kept"]]
    assert missed == ["Recovery was proved on the alert’s own series."]
    assert all(each["seconds"] is not None for each in rehearsed.score["phases"])
    assert rehearsed.words.startswith("11 of 12 rules kept")
    assert len(drill.effects("pull_request.opened")) == len({e.key for e in drill.effects("pull_request.opened")})
    assert first_broken_entry(stream_of(incident)) is None
    assert drill.sandbox.faults.armed() == []


def test_the_record_says_of_every_act_that_a_stand_in_did_it(drill: Drill) -> None:
    rehearsed = start(drill, "clean_revert", *EVERYBODY)
    incident = alert(drill, rehearsed)
    play(drill, rehearsed, lambda: Incident.objects.get().state == "executing")
    acts = LedgerEntry.objects.filter(incident=incident, kind="drill.acted").order_by("seq")
    assert [entry_in_words(each).words for each in acts][:3] == [
        "A stand-in plays the on-call engineer: tell the channel",
        "A stand-in plays the on-call engineer: decide",
        "A stand-in plays the on-call engineer: execute the plan",
    ]


def test_what_people_play_waits_for_people_and_the_page_says_for_whom(drill: Drill) -> None:
    rehearsed = start(drill, "clean_revert", "reviewer", "cto")
    incident = alert(drill, rehearsed)
    for _ in range(3):
        look()
    rehearsed.refresh_from_db()
    assert rehearsed.words == "Waits for people. on-call engineer: tell the channel."
    assert drill_page(rehearsed, drill.oncall).awaited == ("on-call engineer: tell the channel",)
    assert not LedgerEntry.objects.filter(incident=incident, kind="drill.acted").exists()


def test_one_drill_at_a_time_and_never_beside_an_incident(drill: Drill) -> None:
    rehearsed = start(drill, "clean_revert", *EVERYBODY)
    with pytest.raises(DrillUnderWay, match="A drill is running"):
        start(drill, "conflict", *EVERYBODY)
    alert(drill, rehearsed)
    break_off_drill(drill_id=rehearsed.pk, actor=drill.oncall, now=database_now(), why="Enough.")
    with pytest.raises(DrillUnderWay, match="is open on Shop"):
        start(drill, "conflict", *EVERYBODY)


def test_after_a_drill_is_broken_off_the_next_incident_is_a_real_one(drill: Drill) -> None:
    rehearsed = start(drill, "clean_revert", *EVERYBODY)
    look()
    break_off_drill(drill_id=rehearsed.pk, actor=drill.oncall, now=database_now(), why="Enough.")
    found = declare_incident(
        service_id=drill.service.pk, trigger=Trigger.ALERT, title="ShopErrorRatioHigh", now=database_now()
    )
    assert found.drill is False
    look()
    rehearsed.refresh_from_db()
    assert (rehearsed.state, rehearsed.words, rehearsed.incident) == ("broken_off", "Enough.", None)


def test_a_second_incident_during_a_drill_is_not_the_drills(drill: Drill) -> None:
    rehearsed = start(drill, "clean_revert")
    alert(drill, rehearsed)
    look()
    other = declare_incident(
        service_id=drill.service.pk, trigger=Trigger.REGRESSION, title="Search is slow", now=database_now()
    )
    assert other.drill is False


@pytest.mark.parametrize(("scenario", "url"), [("customer_data", "set"), ("earthquake", "set"), ("clean_revert", "")])
def test_what_cannot_be_drilled_is_refused_in_words(drill: Drill, settings: Settings, scenario: str, url: str) -> None:
    settings.SANDBOX_URL = settings.SANDBOX_URL if url else ""
    with pytest.raises(DrillsUnavailable):
        start(drill, scenario, *EVERYBODY)
    assert not Rehearsed.objects.exists()


def test_without_an_account_nobody_stands_in(drill: Drill, settings: Settings) -> None:
    settings.DRILL_STAND_INS = {"oncall": "oncall"}
    with pytest.raises(DrillsUnavailable, match="stands in for reviewer"):
        start(drill, "clean_revert", "oncall", "reviewer")


def test_a_sandbox_that_is_broken_already_ends_the_drill_with_its_words(drill: Drill) -> None:
    drill.sandbox.control("break", scenario="errors")
    rehearsed = start(drill, "clean_revert", *EVERYBODY)
    look()
    rehearsed.refresh_from_db()
    assert rehearsed.state == "broken_off"
    assert "broken in this way already" in rehearsed.words


def test_t1_a_rehearsal_sets_no_deadline_for_a_retrospective(drill: Drill) -> None:
    incident = alert(drill, start(drill, "clean_revert"))
    now = database_now()
    Retrospective.objects.create(incident=incident, opened_at=now, due_at=now + timedelta(hours=24))
    assert mind_deadlines(now=now) == 0
    assert not incident.deadlines.exists()


def test_what_is_refused_to_somebody_in_a_drill_is_part_of_its_score(drill: Drill, client: object) -> None:
    incident = alert(drill, start(drill, "clean_revert"))
    client.force_login(User.objects.get(username="engineer"))  # type: ignore[attr-defined]  # Django's test client
    client.post(f"/incidents/{incident.number}/close", {"version": incident.version})  # type: ignore[attr-defined]  # as above
    entry = LedgerEntry.objects.get(incident=incident, kind="drill.refused")
    assert (entry.who, entry.rule) == ("engineer", "D6")
