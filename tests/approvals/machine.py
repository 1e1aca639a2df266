"""Asks, votes, withdrawals, content changes, expiry, role loss and time in every order, beside a plain reckoning."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.approvals import oracle
from tests.approvals.houses import House, with_other_content, with_vote_withdrawn
from tests.approvals.questions import EDITED, EXPIRES_AT, PEOPLE, ROLES, RULES, SHOWN, Case, Vote

some_person = st.sampled_from(PEOPLE)
some_digest = st.sampled_from([SHOWN] * 7 + [EDITED])
some_answer = st.sampled_from(["approve", "approve", "approve", "refuse"])


@st.composite
def fresh(draw: st.DrawFn) -> Case:
    """A question whose seats nearly always have somebody, and an asker who often holds one of them."""
    spec = draw(st.sampled_from(RULES))
    roles = [role for role, _, _ in spec[2]]
    sure = {(draw(some_person), role, False) for role in roles for _ in range(2)}
    more = draw(st.sets(st.tuples(some_person, st.sampled_from([*roles, *ROLES]), st.booleans()), max_size=4))
    return Case(
        rule=spec, asker=draw(some_person), small_team=draw(st.booleans()), held=tuple(sorted(sure | more))
    )  # fmt: skip


class Approvals(RuleBasedStateMachine):
    """`self.case` is the reckoning; whatever a house answers must be what the rules say of it."""

    def __init__(self, build: Callable[[], House]) -> None:
        super().__init__()
        self.house = build()
        self.uses = 0

    @initialize(case=fresh())
    def begin(self, case: Case) -> None:
        self.case, self.uses = case, 0
        self.house.ask(case)

    @precondition(lambda self: self.case.ended)
    @rule(case=fresh())
    def ask_something_else(self, case: Case) -> None:
        self.begin(case)

    @rule(data=st.data(), answer=some_answer, digest=some_digest)
    def somebody_with_a_seat_votes(self, data: st.DataObject, answer: str, digest: str) -> None:
        holders = [(person, role) for person, role, _ in self.case.held if role in oracle.seats(self.case)]
        if holders:
            person, role = data.draw(st.sampled_from(holders))
            self._vote(Vote(person, role, answer, digest))

    @rule(person=some_person, role=st.sampled_from(ROLES), answer=some_answer, digest=some_digest)
    def anybody_votes(self, person: int, role: str, answer: str, digest: str) -> None:
        self._vote(Vote(person, role, answer, digest))

    def _vote(self, vote: Vote) -> None:
        expected = oracle.refusal(self.case, vote)
        flags = frozenset() if expected else oracle.vote_flags(self.case, vote)
        assert self.house.vote(vote, self.case.now) == (expected, flags)
        if not expected:
            self.case = self.case.but(votes=(*self.case.votes, vote))

    @precondition(lambda self: self.case.votes)
    @rule(data=st.data())
    def somebody_withdraws(self, data: st.DataObject) -> None:
        vote = data.draw(st.sampled_from(self.case.votes))
        expected = self._ended() or ("" if self._stands(vote) else "NothingToWithdraw")
        assert self.house.withdraw_vote(vote.person, vote.role, self.case.now) == expected
        if not expected:
            self.case = with_vote_withdrawn(self.case, vote.person, vote.role)

    def _stands(self, vote: Vote) -> bool:
        return any((each.person, each.role) == (vote.person, vote.role) for each in oracle.standing(self.case))

    def _ended(self) -> str:
        return "AlreadyEnded" if self.case.ended or self.case.now >= EXPIRES_AT else ""

    @rule()
    def the_content_changes(self) -> None:
        expected = self._ended()
        assert self.house.edit(self.case.now) == expected
        if not expected:
            self.case = with_other_content(self.case)

    @rule(content=st.sampled_from([SHOWN, SHOWN, SHOWN, EDITED]))
    def the_grant_is_used(self, content: str) -> None:
        expected = oracle.use(self.case, content)
        assert self.house.consume(content, self.case.now) == expected
        if not expected:
            self.uses += 1
            self.case = self.case.but(ended="consumed")

    @precondition(lambda self: len(self.case.votes) > 2)
    @rule()
    def the_question_is_taken_back(self) -> None:
        expected = self._ended()
        assert self.house.withdraw_request(self.case.now) == expected
        if not expected:
            self.case = self.case.but(ended="withdrawn")

    @precondition(lambda self: self.case.held)
    @rule(data=st.data())
    def somebody_loses_a_role(self, data: st.DataObject) -> None:
        lost = data.draw(st.sampled_from(self.case.held))
        self._hold(tuple(each for each in self.case.held if each != lost))

    @rule(person=some_person, role=st.sampled_from(ROLES), deputy=st.booleans())
    def somebody_is_given_a_role(self, person: int, role: str, deputy: bool) -> None:
        self._hold(tuple(sorted({*self.case.held, (person, role, deputy)})))

    def _hold(self, held: tuple[tuple[int, str, bool], ...]) -> None:
        self.case = self.case.but(held=held)
        self.house.hold(held, self.case.now)

    @rule(minutes=st.sampled_from([1, 1, 1, 20, 59]))
    def time_passes(self, minutes: int) -> None:
        self.case = self.case.but(now=self.case.now + timedelta(minutes=minutes))

    @rule()
    def the_sweep_comes(self) -> None:
        self.house.sweep(self.case.now)
        if self.case.now >= EXPIRES_AT and not self.case.ended:
            self.case = self.case.but(ended="expired")

    @invariant()
    def the_state_is_what_the_rules_say(self) -> None:
        weighing = self.house.weigh(self.case.now)
        assert weighing.state == oracle.state(self.case)
        assert {each.person for each in weighing.seated} == {
            person for people in oracle.filled(self.case).values() for person in people
        }

    @invariant()
    def nobody_judges_what_they_asked_for_nor_sits_twice(self) -> None:
        seated = self.house.weigh(self.case.now).seated
        for each in seated:
            sits = sum(other.person == each.person for other in seated)
            assert each.seat.self_allowed or each.person != self.case.asker
            assert sits <= (2 if self.case.small_team else 1)

    @invariant()
    def a_grant_is_used_once(self) -> None:
        assert self.uses <= 1
