"""Which panels an entry touches, and their HTML."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from incidents.live.audiences import Audience
from incidents.live.feeds import Entry, Feed, GapInStream
from incidents.live.frames import IN_ORDER, Panels, draw_chart, panels_of
from incidents.live.tickets import stream_of_incident
from incidents.models import Incident
from tests.live.incidents import make_incident


def entries(*kinds: str, first: int = 1) -> list[Entry]:
    now = datetime(2026, 5, 8, 3, tzinfo=UTC)
    return [Entry("incident:x", seq, kind, now) for seq, kind in enumerate(kinds, first)]


@pytest.mark.parametrize(
    ("kinds", "panels"),
    [
        (("assessment.computed",), ["change", "timeline"]),
        (("suspect.named",), ["head", "now", "change", "timeline"]),
        (("alert.resolved",), ["head", "chart", "timeline"]),
        (("decision.taken",), ["head", "now", "escalation", "decision", "plan", "chart", "timeline"]),
        (("escalation.seen",), ["now", "escalation", "timeline"]),
        (("assessment.computed", "alert.resolved"), ["head", "change", "chart", "timeline"]),
        (("incident.not_helped",), list(IN_ORDER)),
        (("nobody.foresaw_this",), list(IN_ORDER)),
        (("alert.resolved", "nobody.foresaw_this"), list(IN_ORDER)),
    ],
)
def test_an_entry_shows_the_panels_that_it_touches(kinds: tuple[str, ...], panels: list[str]) -> None:
    assert panels_of(entries(*kinds)) == panels


def test_a_feed_refuses_a_gap() -> None:
    feed = Feed("incident:x")
    feed.load(1, entries("step.done"))
    with pytest.raises(GapInStream):
        feed.grow(entries("step.done", first=3))


def test_history_before_a_gap_is_left_out_of_the_window() -> None:
    feed = Feed("incident:x")
    feed.load(4, [*entries("step.done"), *entries("step.done", "step.done", first=3)])
    assert [feed.reaches(cursor) for cursor in range(6)] == [False, False, True, True, True, False]


@pytest.mark.django_db
def test_every_panel_is_printed_out_of_band_once_a_cursor_and_audience() -> None:
    incident = make_incident()
    stream = stream_of_incident(incident.pk)
    panels = Panels()
    declared = [replace(entry, stream=stream) for entry in entries("incident.declared")]
    html = panels.render(declared, Audience.VIEWER)
    assert re.findall(r'id="panel-(\w+)"[^>]*hx-swap-oob="true"', html) == list(IN_ORDER)
    Incident.objects.update(title="Another title")
    assert panels.render(declared, Audience.VIEWER) == html
    later = [replace(entry, stream=stream) for entry in entries("alert.fired", first=2)]
    assert "Another title" in panels.render(later, Audience.VIEWER)
    assert draw_chart(stream) is None


@pytest.mark.django_db
def test_an_entry_of_another_history_is_printed_anew() -> None:
    stream = stream_of_incident(make_incident().pk)
    panels = Panels()
    (before,) = [replace(entry, stream=stream) for entry in entries("incident.declared")]
    panels.render([before], Audience.VIEWER)
    Incident.objects.update(title="After the restore")
    restored = replace(before, at=before.at + timedelta(seconds=1))
    assert "After the restore" in panels.render([restored], Audience.VIEWER)
