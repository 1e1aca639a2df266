"""Stop the bleed as one reader may press it (S1, S2, S3): each act with its state, its undo, or why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from incidents.queries.shapes.parts import Badge, Link


@dataclass(frozen=True, slots=True)
class StuckStep:
    """The last try waits for a person, who retries it or records it as done by hand; both go by this step."""

    id: str
    state: str


@dataclass(frozen=True, slots=True)
class BleedAction:
    """One thing to press. `act` and `undo` are the button's words, empty where there is nothing to press.

    `needs_reason`: refused by E22, pressed again only by the on-call engineer with a reason. `undo_now`: the service
    has recovered, so the undo is what to press next.
    """

    what: Literal["page", "flag", "drain"]
    target: str
    rule: str
    title: str
    badge: Badge
    words: str
    act: str = ""
    undo: str = ""
    undo_now: bool = False
    needs_reason: bool = False
    stuck: StuckStep | None = None
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class BleedControls:
    """Every act of S1 to S3 for one reader. `page` is None where the service is not in production (E4)."""

    allowed: bool
    page: BleedAction | None = None
    form: Link | None = None
    flags: tuple[BleedAction, ...] = ()
    drains: tuple[BleedAction, ...] = ()
    why_not: str = ""

    @property
    def nothing(self) -> bool:
        """Whether the catalogue names nothing to press for this service."""
        return self.page is None and not self.flags and not self.drains
