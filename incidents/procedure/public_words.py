"""Words for the public (P1): templates to start from, and exactly what is approved and posted, as one digest (E13)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

LONGEST_TITLE: Final = 120
LONGEST_MESSAGE: Final = 2000


class Phase(StrEnum):
    """How far it has come, as the public is told."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class ComponentState(StrEnum):
    """How a part of the service fares, as the public is told; the worst one last."""

    OPERATIONAL = "operational"
    DEGRADED = "degraded"
    DOWN = "down"


class Audience(StrEnum):
    """Where the words are to be read."""

    CONSOLE = "console"
    OUTSIDE = "outside"


AUDIENCE_WORDS: Final[Mapping[Audience, str]] = MappingProxyType(
    {
        Audience.CONSOLE: "the console's own public page",
        Audience.OUTSIDE: "the outside status page",
    }
)


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the service by its public name."""

    name: str
    state: ComponentState


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicWords:
    """Exactly what is approved and posted; `corrects` names the update that it puts right."""

    phase: Phase
    title: str
    message: str
    components: tuple[Component, ...]
    notify: bool
    audiences: tuple[Audience, ...] = (Audience.CONSOLE,)
    corrects: str = ""

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over every word, state and switch of it."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_the_letter(self) -> str:
        """All of it as the approver reads it."""
        return "\n".join(
            (
                f"{self.title} · {self.phase}",
                "",
                self.message,
                "",
                f"Components: {self._components()}.",
                f"Subscribers: {'notified' if self.notify else 'not notified'}.",
                f"Posted on {' and '.join(AUDIENCE_WORDS[audience] for audience in self.audiences)}.",
            )
        )

    def _components(self) -> str:
        return ", ".join(f"{each.name} {each.state}" for each in self.components) or "none named"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a template may be filled with: what is affected since when, and whether it is over."""

    service: str
    components: Sequence[str]
    since: datetime
    until: datetime | None = None

    @property
    def affected(self) -> str:
        """“Storefront and Checkout”; the service's own name where the catalogue names no components."""
        names = list(self.components) or [self.service]
        return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


_TEMPLATES: Final[Mapping[Phase, str]] = MappingProxyType(
    {
        Phase.INVESTIGATING: "We are investigating a disruption of {affected}, seen since {since}. "
        "Updates follow on this page.",
        Phase.IDENTIFIED: "We have found what disrupts {affected} and are restoring normal service. "
        "Updates follow on this page.",
        Phase.MONITORING: "Normal service of {affected} is restored. We keep watching it before we call this over.",
        Phase.RESOLVED: "The disruption of {affected} is over. It began at {since}{ended}.",
    }
)


def title_for(known: Known) -> str:
    """A report's title: what is affected, never why."""
    return f"Disruption of {known.affected}"[:LONGEST_TITLE]


def message_for(phase: Phase, known: Known) -> str:
    """A message to start from: what customers see, no cause, no guess, no promise of a time."""
    ended = f" and ended at {_moment(known.until)}" if known.until else ""
    return _TEMPLATES[phase].format(affected=known.affected, since=_moment(known.since), ended=ended)


def state_for(phase: Phase) -> ComponentState:
    """How a component fares unless somebody says otherwise."""
    mended = phase in {Phase.MONITORING, Phase.RESOLVED}
    return ComponentState.OPERATIONAL if mended else ComponentState.DEGRADED


def following(phase: Phase | None, *, recovered: bool) -> Phase:
    """What is most likely said next: by what the public was told last, and whether the service has recovered."""
    if recovered:
        return Phase.RESOLVED if phase in {Phase.MONITORING, Phase.RESOLVED} else Phase.MONITORING
    return {None: Phase.INVESTIGATING, Phase.INVESTIGATING: Phase.IDENTIFIED}.get(phase, Phase.MONITORING)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M} UTC on {at.astimezone(UTC):%-d %B}"
