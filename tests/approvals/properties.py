"""What must hold of an engine for every question; the same checks judge the right one and the planted defects."""

from types import ModuleType

from hypothesis import given
from hypothesis import strategies as st

from tests.approvals import oracle
from tests.approvals.questions import EDITED, SHOWN, Case, Vote, answers_to, cases, cast, use, weigh

judged = cases().flatmap(lambda case: st.tuples(st.just(case), answers_to(case)))
contents = st.sampled_from([SHOWN, SHOWN, SHOWN, EDITED])


def the_engine_says_what_the_rules_say(engine: ModuleType) -> None:
    """Of every question: what its votes come to, whether one more is let in, and whether the grant may be used."""

    @given(judged, contents)
    def check(judged: tuple[Case, Vote], content: str) -> None:
        case, vote = judged
        the_votes_come_to_what_the_rules_say(engine, case)
        a_vote_is_let_in_or_refused_as_the_rules_say(engine, case, vote)
        assert use(case, content, engine) == oracle.use(case, content)

    check()


def the_votes_come_to_what_the_rules_say(engine: ModuleType, case: Case) -> None:
    weighing = weigh(case, engine)
    assert weighing.state == oracle.state(case)
    sitting = [(each.seat.role, each.person) for each in weighing.seated]
    assert sorted(sitting) == sorted((role, who) for role, them in oracle.filled(case).items() for who in them)
    assert {ballot.person for ballot in weighing.refusals} == oracle.refusers(case)
    assert {seat.role: seat.count for seat in weighing.missing} == oracle.missing(case)
    assert {str(flag) for flag in weighing.flags} == oracle.flags_in_seats(case)
    lapsed = [vote for vote in oracle.standing(case) if not oracle.may_fill(case, vote.person, vote.role)]
    assert {(each.person, each.role) for each in weighing.lapsed} == {(vote.person, vote.role) for vote in lapsed}


def a_vote_is_let_in_or_refused_as_the_rules_say(engine: ModuleType, case: Case, vote: Vote) -> None:
    expected = oracle.refusal(case, vote)
    flags = frozenset() if expected else oracle.vote_flags(case, vote)
    assert cast(case, vote, engine) == (expected, flags)
