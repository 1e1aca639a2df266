"""Who is on call, who may take over, and what each role may do ("Who is who")."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from incidents.procedure.refusals import Refusal


class Role(StrEnum):
    """Who somebody is, for one service at one moment; on-call and DBA by shift, lead and drafter by incident."""

    ENGINEER = "engineer"
    ON_CALL = "on_call"
    LEAD = "lead"
    DRAFTER = "drafter"
    REVIEWER = "reviewer"
    CTO = "cto"
    CISO = "ciso"
    DBA = "dba"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Action(StrEnum):
    """What somebody may want to do."""

    SEE = "see"
    DECLARE = "declare"
    STOP_THE_BLEED = "stop_the_bleed"
    TAKE_OVER = "take_over"
    DECIDE = "decide"
    EXECUTE = "execute"
    SELF_APPROVE = "self_approve"
    DRAFT_STATUS = "draft_status"
    HAND_OVER = "hand_over"
    REVIEW = "review"
    APPROVE_ROLLBACK = "approve_rollback"
    CONFIRM_CREDENTIAL = "confirm_credential"
    APPROVE_STATUS = "approve_status"
    WRITE_RETROSPECTIVE = "write_retrospective"
    COMPLETE_RETROSPECTIVE = "complete_retrospective"
    EXPORT = "export"
    CONFIGURE = "configure"


@dataclass(frozen=True, slots=True)
class Right:
    """Which roles may do an action, under which rule, and the sentence for everybody else."""

    rule: str
    roles: frozenset[Role]
    otherwise: str


_ENGINEERS: Final = frozenset({Role.ENGINEER, Role.ON_CALL})
_ON_CALL: Final = frozenset({Role.ON_CALL})
_TOOK_PART: Final = frozenset({Role.LEAD, Role.REVIEWER, Role.CTO, Role.CISO, Role.DBA})
_TAKE_OVER: Final = "Take over if that person gives no sign (E5)."

RIGHTS: Final[Mapping[Action, Right]] = MappingProxyType(
    {
        Action.SEE: Right("E3", frozenset(Role), "You have no role for this service."),
        Action.DECLARE: Right("E3", _ENGINEERS, "Engineers of the service declare its incidents."),
        Action.STOP_THE_BLEED: Right("E3", _ENGINEERS, "Engineers of the service stop the bleed."),
        Action.TAKE_OVER: Right("E5", _ENGINEERS, "Only an engineer of the service takes over."),
        Action.DECIDE: Right("D6", _ON_CALL, f"The on-call engineer owns the decision. {_TAKE_OVER}"),
        Action.EXECUTE: Right("D6", _ON_CALL, f"The on-call engineer executes the plan. {_TAKE_OVER}"),
        Action.SELF_APPROVE: Right(
            "R3", _ON_CALL, "Only the on-call engineer may self-approve, if nobody else is there."
        ),
        Action.DRAFT_STATUS: Right(
            "P1", frozenset({Role.LEAD, Role.DRAFTER}), "The lead drafts public words, or hands the drafting over (E6)."
        ),
        Action.HAND_OVER: Right("E6", frozenset({Role.LEAD}), "Only the lead hands the lead over."),
        Action.REVIEW: Right("R3", frozenset({Role.REVIEWER}), "A reviewer approves the revert."),
        Action.APPROVE_ROLLBACK: Right(
            "M3", frozenset({Role.CTO, Role.DBA}), "The CTO and the on-call DBA approve it."
        ),
        Action.CONFIRM_CREDENTIAL: Right(
            "C1", frozenset({Role.ON_CALL, Role.CISO}), "The on-call engineer confirms it, or the CISO."
        ),
        Action.APPROVE_STATUS: Right("P2", frozenset({Role.CTO, Role.CISO}), "The CTO or the CISO approves it."),
        Action.WRITE_RETROSPECTIVE: Right(
            "T2", _ENGINEERS | _TOOK_PART, "Engineers of the service write it, and whoever decided, led or approved."
        ),
        Action.COMPLETE_RETROSPECTIVE: Right(
            "T2", _ON_CALL | {Role.LEAD}, "The lead of the incident completes it, or whoever is on call."
        ),
        Action.EXPORT: Right("T2", frozenset({Role.AUDITOR}), "The auditor exports the record."),
        Action.CONFIGURE: Right("D6", frozenset({Role.ADMINISTRATOR}), "An administrator changes settings."),
    }
)


def may(roles: Set[Role], action: Action) -> bool:
    """Whether somebody with these roles may do it; being an administrator approves nothing."""
    return not RIGHTS[action].roles.isdisjoint(roles)


def why_not(roles: Set[Role], action: Action) -> str:
    """What to say to somebody who may not; empty where they may."""
    return "" if may(roles, action) else RIGHTS[action].otherwise


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on call from when until when; the end itself is no longer part of it."""

    person: str
    starts_at: datetime
    ends_at: datetime

    def covers(self, moment: datetime) -> bool:
        return self.starts_at <= moment < self.ends_at


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Who took an incident over, and when (E5)."""

    person: str
    at: datetime


class StillOnCall(Refusal):
    """The on-call engineer has shown a sign lately enough."""


class AlreadyOnCall(Refusal):
    """The person who would take over is on call already."""


def on_call_of(shifts: Iterable[Shift], take_overs: Iterable[TakeOver], now: datetime) -> str | None:
    """Who is on call: by the latest take-over of the incident, else by the shift that began last; None by neither.

    A take-over outlasts the shifts: who repairs is not exchanged by a roster in the middle of it.
    """
    taken = [each for each in take_overs if each.at <= now]
    if taken:
        return max(taken, key=lambda each: each.at).person
    return on_shift(shifts, now)


def on_shift(shifts: Iterable[Shift], now: datetime) -> str | None:
    """Who is on call by the roster alone; where shifts overlap, the one that began last is the correction."""
    covering = [each for each in shifts if each.covers(now)]
    return max(covering, key=lambda each: each.starts_at).person if covering else None


def grounds_to_take_over(
    person: str,
    on_call: str | None,
    *,
    last_sign_at: datetime | None,
    declared_at: datetime,
    now: datetime,
    after: timedelta,
) -> str:
    """Why this person may take over (E5), in a sentence for the record; raises `AlreadyOnCall` or `StillOnCall`.

    The silence is counted from the last sign of the person on call, and never from before the declaring.
    """
    if on_call is None:
        return "Nobody is on call by the shifts."
    if person == on_call:
        raise AlreadyOnCall("E5", "You are on call already.")
    silent_since = max(declared_at, last_sign_at or declared_at)
    may_at = silent_since + after
    if now < may_at:
        raise StillOnCall("E5", f"{on_call} is on call. Without a sign, you may take over in {_wait(may_at - now)}.")
    return f"No sign of {on_call} for {_wait(now - silent_since)}."


def _wait(span: timedelta) -> str:
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
