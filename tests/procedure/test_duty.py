"""Who is on call, who may take over, who may do what."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.procedure.duty import (
    RIGHTS,
    Action,
    AlreadyOnCall,
    Role,
    Shift,
    StillOnCall,
    TakeOver,
    grounds_to_take_over,
    may,
    on_call_of,
    why_not,
)
from incidents.procedure.rules import RULES

NIGHT = datetime(2026, 5, 8, 0, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SHIFTS = [Shift("oncall", NIGHT, NIGHT + 8 * HOUR), Shift("engineer", NIGHT + 8 * HOUR, NIGHT + 16 * HOUR)]
TABLE = {
    Action.SEE: set(Role),
    Action.DECLARE: {"engineer", "on_call"},
    Action.STOP_THE_BLEED: {"engineer", "on_call"},
    Action.TAKE_OVER: {"engineer", "on_call"},
    Action.DECIDE: {"on_call"},
    Action.EXECUTE: {"on_call"},
    Action.SELF_APPROVE: {"on_call"},
    Action.DRAFT_STATUS: {"lead", "drafter"},
    Action.HAND_OVER: {"lead"},
    Action.REVIEW: {"reviewer"},
    Action.APPROVE_ROLLBACK: {"cto", "dba"},
    Action.CONFIRM_CREDENTIAL: {"on_call", "ciso"},
    Action.APPROVE_STATUS: {"cto", "ciso"},
    Action.WRITE_RETROSPECTIVE: {"engineer", "on_call", "lead", "reviewer", "cto", "ciso", "dba"},
    Action.COMPLETE_RETROSPECTIVE: {"on_call", "lead"},
    Action.EXPORT: {"auditor"},
    Action.CONFIGURE: {"administrator"},
}


@pytest.mark.parametrize(
    ("now", "person"),
    [
        (NIGHT - MINUTE, None),
        (NIGHT, "oncall"),
        (NIGHT + 8 * HOUR - MINUTE, "oncall"),
        (NIGHT + 8 * HOUR, "engineer"),
        (NIGHT + 16 * HOUR, None),
    ],
)
def test_e5_shifts_say_who_is_on_call(now, person):
    assert on_call_of(SHIFTS, [], now) == person


def test_e5_where_shifts_overlap_the_one_begun_last_counts():
    assert on_call_of([Shift("reviewer", NIGHT + HOUR, NIGHT + 2 * HOUR), *SHIFTS], [], NIGHT + HOUR) == "reviewer"


def test_e5_who_took_over_stays_on_call_through_the_change_of_shift():
    taken = [TakeOver("reviewer", NIGHT + HOUR), TakeOver("engineer", NIGHT)]
    assert on_call_of(SHIFTS, taken, NIGHT + 9 * HOUR) == "reviewer"


def test_e5_a_take_over_counts_from_its_moment():
    assert on_call_of(SHIFTS, [TakeOver("reviewer", NIGHT + HOUR)], NIGHT + HOUR - MINUTE) == "oncall"


def grounds(*, on_call="oncall", person="engineer", last_sign_at=None, now):
    return grounds_to_take_over(
        person, on_call, last_sign_at=last_sign_at, declared_at=NIGHT, now=now, after=5 * MINUTE
    )


def test_e5_with_nobody_on_call_anyone_takes_over_at_once():
    assert grounds(on_call=None, now=NIGHT) == "Nobody is on call by the shifts."


def test_e5_after_five_minutes_without_a_sign_another_takes_over():
    assert grounds(now=NIGHT + 5 * MINUTE) == "No sign of oncall for 5 min 0 s."


def test_e5_before_that_the_time_left_is_told():
    with pytest.raises(StillOnCall) as refusal:
        grounds(now=NIGHT + 5 * MINUTE - timedelta(seconds=20))
    assert (refusal.value.rule, refusal.value.words) == (
        "E5",
        "oncall is on call. Without a sign, you may take over in 20 s.",
    )


def test_e5_a_sign_starts_the_silence_anew():
    with pytest.raises(StillOnCall):
        grounds(last_sign_at=NIGHT + 4 * MINUTE, now=NIGHT + 8 * MINUTE)
    assert grounds(last_sign_at=NIGHT + 4 * MINUTE, now=NIGHT + 9 * MINUTE)


def test_e5_silence_from_before_the_declaring_is_no_silence():
    with pytest.raises(StillOnCall):
        grounds(last_sign_at=NIGHT - 9 * HOUR, now=NIGHT + MINUTE)


def test_e5_nobody_takes_over_from_themselves():
    with pytest.raises(AlreadyOnCall):
        grounds(person="oncall", now=NIGHT + HOUR)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_who_is_who(role, action):
    allowed = role in TABLE[action]
    assert may({role}, action) is allowed
    assert (why_not({role}, action) == "") is allowed


@pytest.mark.parametrize(
    ("action", "roles"), [(Action.DRAFT_STATUS, {Role.LEAD, Role.DRAFTER}), (Action.HAND_OVER, {Role.LEAD})]
)
def test_e6_the_words_are_the_leads_or_the_drafters_and_the_handing_over_the_leads_alone(action, roles):
    assert all(may({role}, action) for role in roles)
    assert not may(set(Role) - roles, action)


@pytest.mark.parametrize("action", [Action.APPROVE_ROLLBACK, Action.APPROVE_STATUS, Action.REVIEW, Action.DECIDE])
def test_e14_an_administrator_approves_nothing_by_that_role(action):
    assert not may({Role.ADMINISTRATOR}, action)


@pytest.mark.parametrize("action", [action for action in Action if action not in {Action.SEE, Action.EXPORT}])
def test_an_auditor_changes_nothing(action):
    assert not may({Role.AUDITOR}, action)


def test_a_stranger_may_nothing():
    assert not any(may(set(), action) for action in Action)


def test_d6_whoever_may_not_decide_hears_how_they_could():
    assert why_not({Role.ENGINEER}, Action.DECIDE) == (
        "The on-call engineer owns the decision. Take over if that person gives no sign (E5)."
    )


def test_every_right_cites_a_rule_that_exists():
    assert {right.rule for right in RIGHTS.values()} <= RULES.keys()
