"""Which panels an entry touches, and their HTML for an audience."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.template.loader import render_to_string

from incidents.live.audiences import Audience
from incidents.live.feeds import Entry
from incidents.live.tickets import INCIDENT_PREFIX
from incidents.queries import room as rooms
from incidents.queries.shapes import IncidentRoom
from incidents.services.clock import database_now

TEMPLATE: Final = "incidents/detail.html"
IN_ORDER: Final = (
    *("head", "due", "now", "escalation", "bleed", "words", "change", "decision", "plan"),
    *("chart", "timeline", "people", "others", "closing"),
)
TOUCHED: Final[dict[str, frozenset[str]]] = {
    "deadline": frozenset({"due"}),
    "drill": frozenset(),
    "suspect": frozenset({"change", "now", "head"}),
    "assessment": frozenset({"change"}),
    "decision": frozenset({"escalation", "decision", "now", "head", "plan", "chart"}),
    "plan": frozenset({"plan", "now", "head", "bleed", "chart"}),
    "step": frozenset({"escalation", "words", "plan", "now", "head", "bleed", "chart", "decision"}),
    "status": frozenset({"words", "decision"}),
    "people": frozenset({"people", "escalation", "words", "plan", "now"}),
    "approval": frozenset({"people", "words", "plan", "now", "decision"}),
    "escalation": frozenset({"escalation", "now"}),
    "alert": frozenset({"chart", "head"}),
    "retrospective": frozenset({"head", "due"}),
    "follow_up": frozenset({"due"}),
}
KEPT: Final = 256


class Panels:
    """Prints panels and keeps the newest prints: a storm of pages at many cursors costs one print a panel."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Entry, Audience, str], str] = OrderedDict()
        self._room: tuple[Entry, IncidentRoom] | None = None

    def render(self, entries: Sequence[Entry], audience: Audience) -> str:
        """Every panel that one of the entries touched, out of band, as it is after the last of them."""
        newest = entries[-1]
        keys = [(newest, audience, panel) for panel in panels_of(entries)]
        for key in keys:
            if key not in self._kept:
                self._kept[key] = _print_panel(key[-1], self._room_at(newest), audience)
        html = "".join(self._kept[key] for key in keys)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return html

    def _room_at(self, newest: Entry) -> IncidentRoom:
        """The room as it is after an entry, read once for all audiences."""
        if self._room is None or self._room[0] != newest:
            self._room = (newest, rooms.room_by_id(_incident_of(newest.stream), database_now()))
        return self._room[1]


def draw_chart(stream: str) -> str | None:
    """The chart with its newest samples, which move without an entry."""
    room = rooms.room_by_id(_incident_of(stream), database_now())
    return _print_panel("chart", room, Audience.VIEWER) if room.chart else None


def panels_of(entries: Sequence[Entry]) -> list[str]:
    """The panels to show anew, in the page's order.

    What concerns the incident itself, and any kind that nobody foresaw, shows them all, so that nothing is missed.
    """
    touched = {"timeline"}.union(*(TOUCHED.get(entry.kind.partition(".")[0], IN_ORDER) for entry in entries))
    return [panel for panel in IN_ORDER if panel in touched]


def _print_panel(panel: str, room: IncidentRoom, audience: Audience) -> str:
    return render_to_string(f"{TEMPLATE}#{panel}", {"room": room, "audience": audience, "oob": True})


def _incident_of(stream: str) -> UUID:
    return UUID(stream.removeprefix(INCIDENT_PREFIX))
