"""The heartbeat to an outside watcher: told while the console really works, and only then."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from incidents.effects.beating import beat_outside
from incidents.effects.rehearsing.watcher import checks
from incidents.effects.wiring import World, world
from incidents.integrations.heartbeat import Heartbeat
from incidents.models import Deadline, Rehearsal, Step
from incidents.queries.readiness import readiness_page
from incidents.services.beating import note_sweep
from incidents.services.rehearsing import follow_catalogue
from tests.live.incidents import make_incident

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 8, 12, tzinfo=UTC)
URL = "https://watcher.example/beat/a-secret"


class Watcher:
    """Hears beats, and answers as it is told."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.status = 200

    def world(self) -> World:
        return replace(world(), heartbeat=Heartbeat(URL, transport=httpx.MockTransport(self._answer)))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(f"{request.method} {request.url}")
        return httpx.Response(self.status)


@pytest.fixture
def watcher(settings: Any) -> Iterator[Watcher]:
    settings.GITHUB_TOKEN = "a-token"
    world.cache_clear()
    yield Watcher()
    world.cache_clear()


def last() -> tuple[str, str]:
    row = Rehearsal.objects.get(check_name="console.heartbeat")
    return row.verdict, row.words


def test_while_the_sweep_goes_by_the_watcher_is_told_at_most_each_minute(watcher: Watcher) -> None:
    for second in range(0, 180, 20):
        at = NOW + timedelta(seconds=second)
        note_sweep(now=at)
        if second % 60 in (0, 20):
            beat_outside(watcher.world(), at)
    assert watcher.heard == [f"POST {URL}"] * 3
    assert last() == ("ready", "It heard the last beat; should they stop, it says so.")


def test_without_a_sweep_it_keeps_silent_and_says_why(watcher: Watcher) -> None:
    note_sweep(now=NOW)
    beat_outside(watcher.world(), NOW + timedelta(seconds=61))
    assert (watcher.heard, last()[0]) == ([], "missing")
    assert "the sweep has not gone by" in last()[1]


@pytest.mark.parametrize("what", ["step", "reminder"])
def test_where_what_is_due_lies_undone_it_keeps_silent(watcher: Watcher, what: str) -> None:
    incident, due = make_incident(), NOW - timedelta(minutes=6)
    if what == "step":
        Step.objects.create(incident=incident, kind="announce", rule="S4", state="ready", asked_at=due, due_at=due)
    else:
        Deadline.objects.create(
            incident=incident, kind="retrospective", subject=incident.pk, since=due, due_at=due, next_at=due
        )
    note_sweep(now=NOW)
    beat_outside(watcher.world(), NOW)
    assert watcher.heard == []
    assert "due for five minutes and not done" in last()[1]


@pytest.mark.parametrize("status", [404, 500, 302])
def test_a_watcher_that_does_not_hear_is_missing_on_the_readiness_page_and_its_address_is_not_told(
    watcher: Watcher, status: int
) -> None:
    watcher.status = status
    note_sweep(now=NOW)
    beat_outside(watcher.world(), NOW)
    verdict, words = last()
    assert verdict == "missing"
    assert "a-secret" not in words


def test_the_last_beat_is_shown_and_an_old_one_is_not_known(watcher: Watcher, django_user_model: Any) -> None:
    note_sweep(now=NOW)
    beat_outside(watcher.world(), NOW)
    follow_catalogue({})
    reader = django_user_model.objects.create_user("engineer")
    (group,) = readiness_page(reader, NOW).groups
    assert sorted(each.title for each in group.checks) == ["An outside watcher hears the console", "The sweep"]
    later = readiness_page(reader, NOW + timedelta(minutes=6))
    assert [each.verdict for each in later.wanting] == ["unknown", "unknown"]


def test_without_an_address_readiness_says_that_nobody_would_notice(watcher: Watcher, settings: Any) -> None:
    beat_outside(world(), NOW)
    assert not Rehearsal.objects.exists()
    settings.HEARTBEAT_URL = ""
    (check,) = checks(world(), [make_incident().service])
    assert check.attempt().verdict == "warning"
