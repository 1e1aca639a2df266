"""Questions as plain data, and how an engine (the right one, or one with a planted defect) is asked about them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

from hypothesis import strategies as st

from approvals import quorum
from approvals.refusals import Refusal

ASKED_AT = datetime(2026, 5, 8, 12, 0, tzinfo=UTC)
EXPIRES_AT = ASKED_AT + timedelta(hours=1)
SHOWN, EDITED = "a" * 64, "b" * 64
PEOPLE = range(1, 6)

# rule id, how, seats as (role, count, self allowed)
M3 = ("M3", "all", (("cto", 1, False), ("dba", 1, False)))
P2 = ("P2", "any", (("cto", 1, False), ("ciso", 1, False)))
R3 = ("R3", "all", (("reviewer", 1, True),))
FOUR_EYES = ("T1", "all", (("reviewer", 2, False), ("cto", 1, False)))
TWO_OR_ONE = ("T2", "any", (("reviewer", 2, True), ("ciso", 1, False)))
THREE_SEATS = ("T3", "all", (("cto", 1, False), ("dba", 1, False), ("ciso", 1, False)))
RULES = (M3, P2, R3, FOUR_EYES, TWO_OR_ONE, THREE_SEATS)
ROLES = ("cto", "dba", "ciso", "reviewer")


@dataclass(frozen=True)
class Vote:
    """A ballot as plain data."""

    person: int
    role: str
    answer: str = "approve"
    digest: str = SHOWN
    withdrawn: bool = False


@dataclass(frozen=True)
class Case:
    """A question, its votes, and who may fill what (role, as a deputy)."""

    rule: tuple[str, str, tuple[tuple[str, int, bool], ...]] = M3
    asker: int = 1
    small_team: bool = False
    ended: str | None = None
    now: datetime = ASKED_AT
    votes: tuple[Vote, ...] = ()
    held: tuple[tuple[int, str, bool], ...] = ()

    def but(self, **other: Any) -> "Case":
        return replace(self, **other)


def rule_of(engine: ModuleType, spec: tuple) -> Any:
    identifier, how, seats = spec
    made = tuple(engine.Seat(role, role.upper(), count, own) for role, count, own in seats)
    return engine.Rule(identifier, engine.How(how), made)


def question_of(engine: ModuleType, case: Case) -> Any:
    ended = engine.State(case.ended) if case.ended else None
    return engine.Question(rule_of(engine, case.rule), case.asker, SHOWN, EXPIRES_AT, case.small_team, ended)


def ballot_of(engine: ModuleType, vote: Vote) -> Any:
    answer = engine.Answer(vote.answer)
    return engine.Ballot(vote.person, f"person {vote.person}", vote.role, answer, vote.digest, vote.withdrawn)


def holdings_of(engine: ModuleType, case: Case) -> Any:
    return {
        person: frozenset(engine.Holding(role, deputy) for who, role, deputy in case.held if who == person)
        for person in PEOPLE
    }


def weigh(case: Case, engine: ModuleType = quorum) -> Any:
    ballots = [ballot_of(engine, vote) for vote in case.votes]
    return engine.weigh(question_of(engine, case), ballots, holdings_of(engine, case), case.now)


def cast(case: Case, vote: Vote, engine: ModuleType = quorum) -> tuple[str, frozenset[str]]:
    """The name of the refusal, or "" with the flags of the vote."""
    ballots = [ballot_of(engine, each) for each in case.votes]
    try:
        flags = engine.check_vote(
            question_of(engine, case), ballots, holdings_of(engine, case), ballot_of(engine, vote), case.now
        )
    except Refusal as refusal:
        return type(refusal).__name__, frozenset()
    return "", frozenset(str(flag) for flag in flags)


def use(case: Case, content: str, engine: ModuleType = quorum) -> str:
    """The name of the refusal to use the grant for this content; "" where it may be used."""
    try:
        engine.check_grant(
            question_of(engine, case), weigh(case, engine), content=content, approved=SHOWN, now=case.now
        )
    except Refusal as refusal:
        return type(refusal).__name__
    return ""


moments = st.sampled_from(
    [*[ASKED_AT] * 6, EXPIRES_AT - timedelta(microseconds=1), EXPIRES_AT, EXPIRES_AT + timedelta(days=1)]
)


def votes_on(rule: tuple, people: Sequence[int] = PEOPLE) -> st.SearchStrategy[Vote]:
    """Mostly in the rule's seats and on what was shown; else astray in every way."""
    roles = [role for role, _, _ in rule[2]]
    return st.builds(
        Vote,
        person=st.sampled_from(people),
        role=st.sampled_from([*roles, *roles, *roles, *ROLES]),
        answer=st.sampled_from(["approve", "approve", "approve", "refuse"]),
        digest=st.sampled_from([SHOWN] * 6 + [EDITED]),
        withdrawn=st.sampled_from([False] * 5 + [True]),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Questions in every state, with votes in every order, and people who hold, stand in, or hold nothing."""
    rule = draw(st.sampled_from([*RULES, THREE_SEATS, THREE_SEATS]))
    roles = [role for role, _, _ in rule[2]]
    people = PEOPLE[: draw(st.sampled_from([1, 2, 3, 5]))]
    somebody = st.sampled_from(people)
    held = draw(st.sets(st.tuples(somebody, st.sampled_from([*roles, *roles, *ROLES]), st.booleans()), max_size=10))
    if draw(st.booleans()):
        held |= {(person, role, False) for person in people for role in roles}
    votes = draw(st.lists(votes_on(rule, people), max_size=7))
    if draw(st.booleans()):
        everybody = draw(st.permutations([Vote(who, role) for who in people[:3] for role in roles]))
        votes = [*everybody[: draw(st.integers(1, len(everybody)))], *votes[:1]]
        votes += [draw(st.builds(Vote, st.sampled_from(people), st.sampled_from(roles), st.just("refuse")))] * draw(
            st.integers(0, 1)
        )
    return Case(
        rule=rule,
        asker=draw(st.sampled_from(PEOPLE)),
        small_team=draw(st.booleans()),
        ended=draw(st.sampled_from([None] * 9 + ["consumed", "withdrawn", "voided", "expired"])),
        now=draw(moments),
        votes=tuple(votes),
        held=tuple(sorted(held)),
    )


def answers_to(case: Case) -> st.SearchStrategy[Vote]:
    """One vote more: mostly of somebody who holds a seat, on what was shown; else astray."""
    seats = [(person, role) for person, role, _ in case.held if role in {role for role, _, _ in case.rule[2]}]
    if not seats:
        return votes_on(case.rule)
    answers = st.sampled_from(["approve", "approve", "refuse"])
    fitting = st.builds(lambda seat, answer: Vote(*seat, answer), st.sampled_from(seats), answers)
    other = {"approve": "refuse", "refuse": "approve"}
    changed = [Vote(vote.person, vote.role, other[vote.answer]) for vote in case.votes]
    minds = st.sampled_from(changed[-2:]) if changed else fitting
    return st.one_of(fitting, fitting, minds, votes_on(case.rule))
