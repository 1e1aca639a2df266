"""Who fills which seat, who blocks, and what the votes come to: trust.md §2 in sentences."""

from datetime import timedelta

import pytest

from approvals import quorum
from approvals.quorum import How, Rule, Seat, UnfitRule
from tests.approvals import properties
from tests.approvals.questions import (
    EDITED,
    EXPIRES_AT,
    FOUR_EYES,
    M3,
    P2,
    R3,
    THREE_SEATS,
    Case,
    Vote,
    cast,
    use,
    weigh,
)

CTO, DBA, CISO, OTHER = 2, 3, 4, 5
HELD = ((CTO, "cto", False), (DBA, "dba", False), (CISO, "ciso", False))
BOTH = (Vote(CTO, "cto"), Vote(DBA, "dba"))
MIGRATION = Case(M3, held=HELD)


def test_the_engine_says_what_the_rules_say():
    properties.the_engine_says_what_the_rules_say(quorum)


@pytest.mark.parametrize(
    ("case", "state"),
    [
        (MIGRATION, "open"),
        (MIGRATION.but(votes=BOTH[:1]), "open"),
        (MIGRATION.but(votes=BOTH), "granted"),
        (MIGRATION.but(votes=BOTH[::-1]), "granted"),
        (Case(P2, held=HELD, votes=(Vote(CTO, "cto"),)), "granted"),
        (Case(P2, held=HELD, votes=(Vote(CISO, "ciso"),)), "granted"),
        (MIGRATION.but(votes=(*BOTH, Vote(CTO, "cto", "refuse"))), "refused"),
        (MIGRATION.but(votes=(Vote(CTO, "cto", "refuse"), *BOTH)), "granted"),
        (MIGRATION.but(votes=(Vote(CTO, "cto"), Vote(DBA, "dba", withdrawn=True))), "open"),
        (MIGRATION.but(votes=(Vote(CTO, "cto"), Vote(DBA, "dba", digest=EDITED))), "open"),
        (MIGRATION.but(votes=BOTH, held=HELD[1:]), "open"),
        (MIGRATION.but(votes=BOTH, now=EXPIRES_AT), "expired"),
        (MIGRATION.but(votes=BOTH, now=EXPIRES_AT - timedelta(microseconds=1)), "granted"),
        (MIGRATION.but(votes=BOTH, asker=CTO), "open"),
    ],
)
def test_what_the_votes_come_to(case, state):
    assert weigh(case).state == state


def test_a_refusal_blocks_only_while_the_refuser_holds_the_seat():
    refused = MIGRATION.but(votes=(*BOTH, Vote(OTHER, "cto", "refuse")))
    assert weigh(refused).state == "granted"
    assert weigh(refused.but(held=(*HELD, (OTHER, "cto", False)))).state == "refused"


def test_one_person_in_both_roles_does_not_grant_m3():
    alone = MIGRATION.but(held=((CTO, "cto", False), (CTO, "dba", False)), votes=(Vote(CTO, "cto"), Vote(CTO, "dba")))
    assert weigh(alone).state == "open"


def test_e14_a_small_team_lets_one_person_sit_twice_and_flags_it():
    alone = MIGRATION.but(
        small_team=True, held=((CTO, "cto", False), (CTO, "dba", False)), votes=(Vote(CTO, "cto"), Vote(CTO, "dba"))
    )
    assert weigh(alone).state == "granted"
    assert weigh(alone).flags == {"two seats"}


def test_not_even_a_small_team_lets_one_person_sit_three_times():
    roles = ("cto", "dba", "ciso")
    alone = Case(
        THREE_SEATS, small_team=True, held=tuple((CTO, role, False) for role in roles),
        votes=tuple(Vote(CTO, role) for role in roles),
    )  # fmt: skip
    assert weigh(alone).state == "open"


def test_e14_not_even_a_small_team_lets_the_asker_vote():
    assert cast(MIGRATION.but(small_team=True, asker=CTO), Vote(CTO, "cto")) == ("AskedByYou", frozenset())


def test_r3_lets_the_asker_approve_and_flags_it():
    review = Case(R3, asker=CTO, held=((CTO, "reviewer", False),))
    assert cast(review, Vote(CTO, "reviewer")) == ("", {"self"})


def test_a_deputy_is_flagged_and_the_holder_of_the_role_is_not():
    deputies = MIGRATION.but(held=((CTO, "cto", True), (CTO, "cto", False), (DBA, "dba", True)), votes=BOTH)
    assert [set(each.flags) for each in weigh(deputies).seated] == [set(), {"deputy"}]


def test_two_of_one_role_are_two_persons():
    held = ((CTO, "cto", False), (DBA, "reviewer", False), (CISO, "reviewer", False))
    case = Case(FOUR_EYES, held=held, votes=(Vote(CTO, "cto"), Vote(DBA, "reviewer"), Vote(DBA, "reviewer")))
    assert weigh(case).state == "open"
    assert weigh(case.but(votes=(*case.votes, Vote(CISO, "reviewer")))).state == "granted"


@pytest.mark.parametrize(("content", "refusal"), [("a" * 64, ""), (EDITED, "ContentChanged")])
def test_e13_a_grant_is_for_one_content_alone(content, refusal):
    assert use(MIGRATION.but(votes=BOTH), content) == refusal


def test_what_is_missing_is_said_with_who_lost_the_seat():
    weighing = weigh(MIGRATION.but(votes=BOTH, held=HELD[1:]))
    rule = Rule("M3", How.ALL, (Seat("cto", "CTO"), Seat("dba", "on-call DBA")))
    assert quorum.why_not_granted(rule, weighing) == "Not approved yet by CTO. person 2 may no longer answer as CTO."


@pytest.mark.parametrize("seats", [(), (Seat("cto", "CTO"), Seat("cto", "CTO")), (Seat("cto", "CTO", 0),)])
def test_a_rule_that_nobody_or_everybody_satisfies_is_no_rule(seats):
    with pytest.raises(UnfitRule):
        Rule("M3", How.ALL, seats)
