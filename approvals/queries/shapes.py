"""What the approver's pages show of a request: plain rows, already in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from approvals.models import Vote
from approvals.queries.requests import Standing
from approvals.quorum import LIVE, Answer, How, Seat, State
from approvals.wiring import step_up_rules


@dataclass(frozen=True, slots=True)
class Badge:
    """A state as a word, a shape and a tone."""

    words: str
    tone: str
    icon: str
    solid: bool = False


STATES: Final = {
    State.OPEN: Badge("waits", "wait", "hourglass"),
    State.GRANTED: Badge("approved", "ok", "check"),
    State.REFUSED: Badge("refused", "danger", "x"),
    State.EXPIRED: Badge("expired", "idle", "timer-off"),
    State.WITHDRAWN: Badge("taken back", "idle", "undo-2"),
    State.CONSUMED: Badge("approved, used", "ok", "check-check"),
    State.VOIDED: Badge("content changed", "warn", "file-diff"),
}
FLAG_WORDS: Final = {
    "self": Badge("approved by who asked", "warn", "user-check"),
    "deputy": Badge("by a deputy", "warn", "users"),
    "two seats": Badge("one person, two seats", "warn", "copy-check"),
    "broken glass": Badge("glass broken: nobody approved it", "danger", "siren"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A word and its value; as code where it is one."""

    words: str
    value: str


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of evidence under its title."""

    title: str
    lines: list[str] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Said:
    """One vote in words, standing or not."""

    who: str
    did: str
    at: datetime
    reason: str
    fate: str
    flags: list[Badge]
    tone: str


@dataclass(frozen=True, slots=True)
class Place:
    """A seat, and who fills it."""

    words: str
    filled_by: str


@dataclass(frozen=True, slots=True)
class Card:
    """A request as its page and the inbox show it, and what this person can press."""

    standing: Standing
    url: str
    state: Badge
    flags: list[Badge]
    glue: str
    places: list[Place]
    approve_in: list[Seat]
    refuse_in: str
    why_not: str
    own: list[Said]
    said: list[Said]
    evidence: list[Section]
    may_take_back: bool
    changes: list[dict[str, Any]]
    proves: bool

    @property
    def stamp(self) -> str:
        """Changes with all that the card shows: an open page is left alone while it stays the same."""
        request = self.standing.request
        return f"{request.pk} {request.version} {self.state.words} {len(self.approve_in)}"


def card_of(standing: Standing) -> Card:
    """The request in words."""
    request, weighing = standing.request, standing.weighing
    live = weighing.state in LIVE
    return Card(
        standing=standing,
        url=reverse("approvals:detail", args=[request.pk]),
        state=STATES[weighing.state],
        flags=badges_of(weighing.flags),
        glue="and" if request.rule.how is How.ALL else "or",
        places=places_of(standing),
        approve_in=[chair.seat for chair in standing.chairs if not chair.why_not],
        refuse_in=next((chair.seat.role for chair in standing.chairs if chair.may_refuse), ""),
        why_not="" if standing.own or not live else next((chair.why_not for chair in standing.chairs), ""),
        own=[said(vote) for vote in standing.own],
        said=[said(vote) for vote in standing.votes],
        evidence=sections_of(request.evidence),
        may_take_back=live,
        proves=request.rule_id in step_up_rules(),
        changes=request.changes or (request.replaces.changes if request.replaces else []),
    )


def places_of(standing: Standing) -> list[Place]:
    """Every seat with who fills it; empty where it waits."""
    seated = standing.weighing.seated
    places = []
    for seat in standing.request.rule.seats:
        names = [each.name for each in seated if each.seat == seat]
        places += [Place(seat.words, name) for name in [*names, *[""] * (seat.count - len(names))]]
    return places


def badges_of(flags: Iterable[str]) -> list[Badge]:
    return [FLAG_WORDS[str(flag)] for flag in sorted(flags)]


def said(vote: Vote) -> Said:
    """A vote in words: “approved as CTO”, and what became of it."""
    seat = vote.request.rule.seat(vote.seat)
    approved = vote.answer == Answer.APPROVE
    fate = "withdrawn" if vote.withdrawn_at else "replaced by a later answer" if vote.superseded_at else ""
    return Said(
        who=vote.person.get_username(),
        did=f"{'approved' if approved else 'refused'} as {seat.words if seat else vote.seat}",
        at=vote.cast_at,
        reason=vote.reason,
        fate=fate,
        flags=badges_of(vote.flags),
        tone="idle" if fate else "ok" if approved else "danger",
    )


def sections_of(evidence: Mapping[str, Any]) -> list[Section]:
    """Frozen evidence by title: a list is lines, a mapping is facts, anything else is one line."""
    return [_section(title, content) for title, content in evidence.items()]


def _section(title: str, content: Any) -> Section:
    if isinstance(content, Mapping):
        return Section(title, facts=[Fact(words, str(value)) for words, value in content.items()])
    return Section(title, [str(line) for line in content] if isinstance(content, list) else [str(content)])
