"""The state of a request from its votes and seats: pure, asked at every vote and once more at the execution."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from approvals import refusals


class Answer(StrEnum):
    """What a vote says."""

    APPROVE = "approve"
    REFUSE = "refuse"


class How(StrEnum):
    """How seats combine: every seat filled, or one of them."""

    ALL = "all"
    ANY = "any"


class State(StrEnum):
    """Where a request stands. The first three follow from its votes, the others are for ever."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    CONSUMED = "consumed"
    VOIDED = "voided"


LIVE: Final = (State.OPEN, State.GRANTED, State.REFUSED)
SEATS_OF_ONE: Final = 2
"""How many seats one person may fill where the small-team switch is on (E14)."""


class Flag(StrEnum):
    """What is shown wherever the vote is: an exception that the procedure, or its owner, allows (E11, E14)."""

    SELF = "self"
    DEPUTY = "deputy"
    TWO_SEATS = "two seats"
    GLASS = "broken glass"


class UnfitRule(ValueError):
    """A rule that nobody, or everybody, would satisfy."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A role that must say yes; `count` different persons of it. `self_allowed` lets the asker fill it, flagged."""

    role: str
    words: str
    count: int = 1
    self_allowed: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Which seats must be filled, under which rule of the procedure. Raises `UnfitRule` for an empty or doubled one."""

    id: str
    how: How
    seats: tuple[Seat, ...]

    def __post_init__(self) -> None:
        roles = [seat.role for seat in self.seats]
        if not roles or len(set(roles)) != len(roles) or any(seat.count < 1 for seat in self.seats):
            raise UnfitRule("A rule names at least one seat, each role once, each with at least one person.")

    def seat(self, role: str) -> Seat | None:
        return next((seat for seat in self.seats if seat.role == role), None)


@dataclass(frozen=True, slots=True)
class Holding:
    """A seat that a person may fill now; as a deputy where the role itself is another's."""

    role: str
    deputy: bool = False


Holdings = Mapping[int, frozenset[Holding]]
"""By person, what they may fill at this moment; who is missing here fills nothing."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """One vote as it was cast, with the digest that was shown."""

    person: int
    name: str
    role: str
    answer: Answer
    digest: str
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, by whom, until when; `ended` once it is consumed, withdrawn, voided or expired."""

    rule: Rule
    asked_by: int
    digest: str
    expires_at: datetime
    small_team: bool = False
    ended: State | None = None


@dataclass(frozen=True, slots=True)
class Seated:
    """A person who fills a seat, and the exceptions that made it possible."""

    seat: Seat
    person: int
    name: str
    flags: frozenset[Flag]


@dataclass(frozen=True, slots=True)
class Weighing:
    """What the votes come to at one moment."""

    state: State
    seated: tuple[Seated, ...]
    refusals: tuple[Ballot, ...]
    missing: tuple[Seat, ...]
    lapsed: tuple[Ballot, ...]

    @property
    def flags(self) -> frozenset[Flag]:
        return frozenset().union(*(each.flags for each in self.seated))


def weigh(question: Question, ballots: Sequence[Ballot], holdings: Holdings, now: datetime) -> Weighing:
    """What the votes, in the order they were cast, come to now.

    A vote counts while its person may fill its seat; one live refusal that counts blocks; an approval counts once, and
    for one seat only (for two where the team is small, E14).
    """
    standing = live(question, ballots)
    counted = [ballot for ballot in standing if counts(question, ballot, holdings)]
    refused = tuple(ballot for ballot in counted if ballot.answer is Answer.REFUSE)
    seated = _seat_by_seat(question, [ballot for ballot in counted if ballot.answer is Answer.APPROVE], holdings)
    return Weighing(
        state=_state(question, seated, refused, now),
        seated=seated,
        refusals=refused,
        missing=missing(question.rule, seated),
        lapsed=tuple(ballot for ballot in standing if ballot not in counted),
    )


def live(question: Question, ballots: Iterable[Ballot]) -> list[Ballot]:
    """The votes that stand: on this very content, the person's last, not withdrawn (and none before it revived)."""
    last: dict[tuple[int, str], Ballot] = {}
    for ballot in ballots:
        if ballot.digest != question.digest:
            continue
        place = (ballot.person, ballot.role if question.small_team else "")
        last.pop(place, None)
        last[place] = ballot
    return [ballot for ballot in last.values() if not ballot.withdrawn]


def counts(question: Question, ballot: Ballot, holdings: Holdings) -> bool:
    """Whether the person may fill that seat now, and did not ask for it."""
    seat = question.rule.seat(ballot.role)
    return (
        seat is not None
        and may_judge(question, ballot.person, seat)
        and holding(holdings, ballot.person, seat.role) is not None
    )


def may_judge(question: Question, person: int, seat: Seat) -> bool:
    """Nobody judges what they asked for, unless that seat says so (E14, R3)."""
    return person != question.asked_by or seat.self_allowed


def holding(holdings: Holdings, person: int, role: str) -> Holding | None:
    """How the person may fill the seat now: in their own right before as a deputy; None where not at all."""
    held = [each for each in holdings.get(person, frozenset()) if each.role == role]
    return min(held, key=lambda each: each.deputy, default=None)


def missing(rule: Rule, seated: Sequence[Seated]) -> tuple[Seat, ...]:
    """The seats that lack somebody, each with how many; none once the rule is satisfied."""
    lacking = [(seat, seat.count - sum(each.seat == seat for each in seated)) for seat in rule.seats]
    short = tuple(Seat(seat.role, seat.words, count, seat.self_allowed) for seat, count in lacking if count > 0)
    satisfied = not short if rule.how is How.ALL else len(short) < len(rule.seats)
    return () if satisfied else short


def flags_of(question: Question, person: int, held: Holding, *, sits: int) -> frozenset[Flag]:
    """The exceptions under which a person who `sits` in so many seats already fills one more."""
    found = {Flag.SELF: person == question.asked_by, Flag.DEPUTY: held.deputy, Flag.TWO_SEATS: sits > 0}
    return frozenset(flag for flag, holds in found.items() if holds)


def _seat_by_seat(question: Question, approvals: Iterable[Ballot], holdings: Holdings) -> tuple[Seated, ...]:
    seated: list[Seated] = []
    for ballot in approvals:
        seat, held = question.rule.seat(ballot.role), holding(holdings, ballot.person, ballot.role)
        sits = sum(each.person == ballot.person for each in seated)
        if seat is None or held is None or _full(seat, seated) or sits >= SEATS_OF_ONE:
            continue
        flags = flags_of(question, ballot.person, held, sits=sits)
        seated.append(Seated(seat, ballot.person, ballot.name, flags))
    return tuple(seated)


def _full(seat: Seat, seated: Iterable[Seated]) -> bool:
    return sum(each.seat == seat for each in seated) >= seat.count


def _state(question: Question, seated: Sequence[Seated], refused: Sequence[Ballot], now: datetime) -> State:
    if question.ended is not None:
        return question.ended
    if now >= question.expires_at:
        return State.EXPIRED
    if refused:
        return State.REFUSED
    return State.OPEN if missing(question.rule, seated) else State.GRANTED


def check_live(question: Question, now: datetime) -> None:
    """Raise `AlreadyEnded` once nothing about the request can change."""
    if question.ended is not None:
        raise refusals.AlreadyEnded(question.rule.id, f"This question is {question.ended} by now.")
    if now >= question.expires_at:
        raise refusals.AlreadyEnded(question.rule.id, f"This question expired at {_time(question.expires_at)}.")


def check_vote(
    question: Question, ballots: Sequence[Ballot], holdings: Holdings, vote: Ballot, now: datetime
) -> frozenset[Flag]:
    """Under which exceptions this vote may be cast now; raises the refusal that says why not, and who was faster."""
    check_live(question, now)
    if vote.digest != question.digest:
        raise refusals.ContentChanged("E13", "What is asked has changed since. Look at it again, then answer.")
    seat, held = _place(question, holdings, vote)
    own = [ballot for ballot in live(question, ballots) if ballot.person == vote.person]
    _check_own(question, own, vote)
    if vote.answer is Answer.APPROVE:
        others = [ballot for ballot in live(question, ballots) if ballot not in own or ballot.role != vote.role]
        _check_room(question, weigh(question, others, holdings, now), seat)
    return flags_of(question, vote.person, held, sits=sum(ballot.role != vote.role for ballot in own))


def _place(question: Question, holdings: Holdings, vote: Ballot) -> tuple[Seat, Holding]:
    seat = question.rule.seat(vote.role)
    if seat is None:
        raise refusals.NoSuchSeat(question.rule.id, "This question has no such seat.")
    if not may_judge(question, vote.person, seat):
        raise refusals.AskedByYou("E14", "You asked for this. Nobody votes on what they asked for.")
    held = holding(holdings, vote.person, seat.role)
    if held is None:
        raise refusals.NotEligible(question.rule.id, f"You cannot answer as {seat.words} now.")
    return seat, held


def _check_own(question: Question, own: Sequence[Ballot], vote: Ballot) -> None:
    here = [ballot for ballot in own if ballot.role == vote.role]
    if any(ballot.answer is vote.answer for ballot in here):
        raise refusals.AnsweredAlready(question.rule.id, "That is your answer already.")
    allowed = SEATS_OF_ONE if question.small_team else 1
    elsewhere = [ballot for ballot in own if ballot.role != vote.role]
    if len(elsewhere) >= allowed:
        seats = " and ".join(sorted(_words_of(question.rule, ballot.role) for ballot in elsewhere))
        raise refusals.SeatedElsewhere("E14", f"You have answered as {seats}. Withdraw that first.")


def _check_room(question: Question, others: Weighing, seat: Seat) -> None:
    if others.state is State.GRANTED:
        raise refusals.AlreadyGranted(question.rule.id, f"{_who(others.seated)}. Nothing is left to approve.")
    if _full(seat, others.seated):
        faster = [each for each in others.seated if each.seat == seat]
        raise refusals.SeatTaken(question.rule.id, f"{_who(faster)} before you.")


def check_grant(question: Question, weighing: Weighing, *, content: str, approved: str, now: datetime) -> None:
    """Raise unless exactly this content is approved now, by people who still may (trust.md §2)."""
    check_live(question, now)
    if content != approved:
        raise refusals.ContentChanged("E13", "What would run is not what was approved. It has to be asked again.")
    if weighing.state is not State.GRANTED:
        raise refusals.NotGranted(question.rule.id, why_not_granted(question.rule, weighing))


def why_not_granted(rule: Rule, weighing: Weighing) -> str:
    """One sentence on what is missing; empty once it is granted."""
    if weighing.refusals:
        return f"{' and '.join(ballot.name for ballot in weighing.refusals)} refused it."
    glue = " and " if rule.how is How.ALL else " or "
    wanted = glue.join(seat.words if seat.count == 1 else f"{seat.count} × {seat.words}" for seat in weighing.missing)
    lapsed = "".join(
        f" {ballot.name} may no longer answer as {_words_of(rule, ballot.role)}." for ballot in weighing.lapsed
    )
    return f"Not approved yet by {wanted}.{lapsed}" if wanted else ""


def _who(seated: Iterable[Seated]) -> str:
    return ", ".join(f"{each.name} approved as {each.seat.words}" for each in seated)


def _words_of(rule: Rule, role: str) -> str:
    seat = rule.seat(role)
    return seat.words if seat else role


def _time(at: datetime) -> str:
    return f"{at:%H:%M:%S} UTC"
