"""Answering and taking the answer back: compare-and-set under the request's row lock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from approvals import wiring
from approvals.models import ApprovalRequest, Vote
from approvals.quorum import Answer, Ballot, Flag, check_live, check_vote
from approvals.refusals import NothingToWithdraw, Refusal
from approvals.services.settling import compare_version, holdings_of, lock_request, settle, votes_of, write_down

FRESH = timedelta(minutes=5)


class ProofMissing(Refusal):
    """The rule asks for a fresh passkey, code or password before a vote (E16)."""


class ReasonMissing(Refusal):
    """Who refuses says why; the others have to go on with it."""


@dataclass(frozen=True, slots=True)
class Authentication:
    """How and when the person last proved who they are; `fresh` for a proof asked anew, which no sign-in is (E16)."""

    method: str = ""
    at: datetime | None = None
    fresh: bool = False

    def is_fresh(self, now: datetime) -> bool:
        """Whether the person was asked anew, a short while ago."""
        return self.fresh and self.at is not None and now - self.at < FRESH


UNKNOWN = Authentication()


@transaction.atomic
def vote(
    *,
    request_id: UUID,
    actor: User,
    seat: str,
    answer: Answer,
    reason: str,
    digest: str,
    version: int,
    now: datetime,
    authentication: Authentication = UNKNOWN,
) -> Vote:
    """Cast a vote on what was shown. Raises what the rule refuses, naming who was faster; a first answer wins its seat.

    A person's last vote counts: the one before, in the same seat, is superseded and kept.
    """
    request = lock_request(request_id)
    if request.rule_id in wiring.step_up_rules() and not authentication.is_fresh(now):
        raise ProofMissing("E16", "Prove that it is you: by passkey, code or password. Then answer.")
    kept = reason.strip()
    if answer is Answer.REFUSE and not kept:
        raise ReasonMissing(request.rule_id, "Say why you refuse: the others have to go on with it.")
    ballot = Ballot(actor.pk, actor.get_username(), seat, answer, digest)
    flags = _check(request, actor, ballot, now)
    compare_version(request, version)
    before = request.votes.live().filter(person=actor)
    before.filter(seat=seat).update(superseded_at=now)
    taken = set(before.values_list("second_seat", flat=True))
    cast = Vote.objects.create(
        request=request, number=request.votes.count() + 1, person=actor, seat=seat, answer=answer, reason=kept,
        digest_seen=digest, cast_at=now, second_seat=False in taken, flags=sorted(flags),
        authentication_method=authentication.method, authenticated_at=authentication.at,
    )  # fmt: skip
    _write_vote_down(request, cast, now)
    return cast


def _check(request: ApprovalRequest, actor: User, ballot: Ballot, now: datetime) -> frozenset[Flag]:
    votes = votes_of(request)
    people = {each.person_id: each.person for each in votes} | {actor.pk: actor}
    ballots = [each.as_ballot() for each in votes]
    return check_vote(request.as_question(), ballots, holdings_of(request, people, now), ballot, now)


def _write_vote_down(request: ApprovalRequest, cast: Vote, now: datetime) -> None:
    settle(request, now)
    proved = cast.authenticated_at
    write_down(
        request, f"approval.{'approved' if cast.answer == Answer.APPROVE else 'refused'}", at=now, actor=cast.person,
        vote=str(cast.pk), seat=cast.seat, reason=cast.reason, digest_seen=cast.digest_seen, flags=cast.flags,
        authentication={
            "method": cast.authentication_method,
            "age_seconds": None if proved is None else int((now - proved).total_seconds()),
        },
    )  # fmt: skip


@transaction.atomic
def withdraw_vote(*, request_id: UUID, actor: User, version: int, now: datetime, seat: str | None = None) -> Vote:
    """Take the person's own vote back, until it is consumed (of that seat, where they fill two)."""
    request = lock_request(request_id)
    check_live(request.as_question(), now)
    own = request.votes.live().filter(person=actor).order_by("-number")
    found = (own.filter(seat=seat) if seat else own).first()
    if found is None:
        raise NothingToWithdraw(request.rule_id, "You have no vote here.")
    compare_version(request, version)
    found.withdrawn_at = now
    found.save(update_fields=["withdrawn_at"])
    settle(request, now)
    write_down(request, "approval.vote_withdrawn", at=now, actor=actor, vote=str(found.pk), seat=found.seat)
    return found
