"""What every service does: lock the request, compare what was shown, weigh the votes, write it down, tell."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from approvals import wiring
from approvals.models import ApprovalRequest, Vote
from approvals.ports import Happening, News, SeatResolver
from approvals.quorum import LIVE, Answer, Holdings, State, Weighing, weigh
from approvals.refusals import StaleView


def lock_request(request_id: UUID) -> ApprovalRequest:
    """The request under its row lock; everything about it is judged after this line."""
    return ApprovalRequest.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=request_id)


def compare_version(request: ApprovalRequest, version: int) -> None:
    """Raise `StaleView`, saying who did what, unless the page showed the request as it is."""
    if request.version != version:
        newest = request.votes.as_cast().last()
        words = f"Meanwhile {said(newest)}." if newest else "Something changed meanwhile."
        raise StaleView(request.rule_id, f"{words} Look at what holds now, then answer if it is still right.")


def said(vote: Vote) -> str:
    """Who said what, when, in words: “cto approved as CTO at 14:27:10 UTC”."""
    did = "withdrew the vote" if vote.withdrawn_at else _DID[Answer(vote.answer)]
    seat = vote.request.rule.seat(vote.seat)
    at = vote.withdrawn_at or vote.cast_at
    return f"{vote.person.get_username()} {did} as {seat.words if seat else vote.seat} at {at:%H:%M:%S} UTC"


_DID = {Answer.APPROVE: "approved", Answer.REFUSE: "refused"}


def votes_of(request: ApprovalRequest) -> list[Vote]:
    """All votes in the order they were cast."""
    return list(request.votes.as_cast())


def votes_by_request(requests: Sequence[ApprovalRequest]) -> dict[UUID, list[Vote]]:
    """All votes on many requests in one query, each in the order they were cast."""
    known = {request.pk: request for request in requests}
    found: dict[UUID, list[Vote]] = {pk: [] for pk in known}
    for vote in Vote.objects.filter(request__in=known).as_cast() if known else ():
        vote.request = known[vote.request_id]
        found[vote.request_id].append(vote)
    return found


def holdings_of(
    request: ApprovalRequest, people: Mapping[int, User], now: datetime, resolver: SeatResolver | None = None
) -> Holdings:
    """What each of these people may fill now; who is inactive fills nothing, whatever the resolver says."""
    asked, matter = resolver or wiring.seats(), request.as_matter()
    return {pk: asked.holdings(person, matter, now) for pk, person in people.items() if person.is_active}


def weigh_now(request: ApprovalRequest, now: datetime) -> Weighing:
    """What the votes come to, by the rights, activity, shifts and deputyships of this moment."""
    return weigh_votes(request, votes_of(request), now)


def weigh_votes(
    request: ApprovalRequest, votes: Sequence[Vote], now: datetime, resolver: SeatResolver | None = None
) -> Weighing:
    """The same of votes that were read already; one resolver may serve many requests of one moment."""
    holdings = holdings_of(request, {vote.person_id: vote.person for vote in votes}, now, resolver)
    return weigh(request.as_question(), [vote.as_ballot() for vote in votes], holdings, now)


def settle(request: ApprovalRequest, now: datetime) -> Weighing:
    """Give the request the state that its votes come to, under its next version; expiring is `expire_due`'s."""
    weighing = weigh_now(request, now)
    if weighing.state in LIVE:
        request.state = weighing.state
    request.flags = sorted(weighing.flags)
    moved(request)
    return weighing


def end(request: ApprovalRequest, state: State, now: datetime, why: str = "") -> None:
    """The request comes to one of the states that are for ever."""
    request.state, request.ended_at, request.ended_why = state, now, why
    moved(request)


def moved(request: ApprovalRequest) -> None:
    request.version += 1
    request.save()


def write_down(request: ApprovalRequest, kind: str, *, at: datetime, actor: User | None, **facts: Any) -> None:
    """Give the recorder its line in this transaction, and the listener its news after the commit."""
    known = {"digest": request.digest, "content": request.content_digest, "state": str(request.state)}
    happening = Happening(kind, at, actor, request.pk, request.subject, request.rule_id, {**known, **facts})
    wiring.recorder().record(happening)
    news = News(request.pk, request.subject, request.rule_id, State(request.state))
    transaction.on_commit(lambda: wiring.listener().heard(news), robust=True)
