"""Who still has to answer, whose question waits for whom, and whether an approver has lost the role since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from approvals import wiring
from approvals.clock import database_now
from approvals.models import ApprovalRequest, ApprovalRequestQuerySet, Vote
from approvals.ports import SeatResolver, Subject
from approvals.quorum import Answer, Ballot, Seat, Weighing, check_vote, holding
from approvals.refusals import Refusal
from approvals.services.settling import holdings_of, votes_by_request, weigh_votes

HISTORY = 30


class NotYoursToSee(Refusal):
    """The person has no seat in the question, did not ask it, and may not read it; a view answers 403."""


@dataclass(frozen=True, slots=True)
class Chair:
    """A seat that a person holds now: why they cannot approve in it (empty where they can), and whether refuse."""

    seat: Seat
    why_not: str
    may_refuse: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """A request as one person meets it at one moment."""

    request: ApprovalRequest
    weighing: Weighing
    votes: list[Vote]
    own: list[Vote]
    chairs: list[Chair]

    @property
    def waits_for_person(self) -> bool:
        """Whether the person could approve it now and has not answered."""
        return self.request.is_live and not self.own and any(not chair.why_not for chair in self.chairs)


def standings_of(requests: Sequence[ApprovalRequest], person: User, now: datetime) -> list[Standing]:
    """Requests with what this person may do about each, their votes and everybody's seats read once for all."""
    votes, resolver = votes_by_request(requests), wiring.seats()
    return [_standing(request, votes[request.pk], person, resolver, now) for request in requests]


def standing_of(request: ApprovalRequest, person: User, now: datetime) -> Standing:
    """One request with what this person may do about it."""
    return standings_of([request], person, now)[0]


def _standing(
    request: ApprovalRequest, votes: list[Vote], person: User, resolver: SeatResolver, now: datetime
) -> Standing:
    own = [vote for vote in votes if vote.person_id == person.pk and not (vote.withdrawn_at or vote.superseded_at)]
    weighing = weigh_votes(request, votes, now, resolver)
    return Standing(request, weighing, votes, own, _chairs(request, votes, person, resolver, now))


def _chairs(
    request: ApprovalRequest, votes: list[Vote], person: User, resolver: SeatResolver, now: datetime
) -> list[Chair]:
    people = {vote.person_id: vote.person for vote in votes} | {person.pk: person}
    holdings, ballots = holdings_of(request, people, now, resolver), [vote.as_ballot() for vote in votes]

    def why_not(role: str, answer: Answer) -> str:
        ballot = Ballot(person.pk, person.get_username(), role, answer, request.digest)
        try:
            check_vote(request.as_question(), ballots, holdings, ballot, now)
        except Refusal as refusal:
            return refusal.words
        return ""

    held = [seat for seat in request.rule.seats if holding(holdings, person.pk, seat.role)]
    return [Chair(seat, why_not(seat.role, Answer.APPROVE), not why_not(seat.role, Answer.REFUSE)) for seat in held]


def request_for(request_id: UUID, person: User, now: datetime) -> Standing:
    """One request, if the person may see it. Raises `NotYoursToSee`, or DoesNotExist."""
    request = ApprovalRequest.objects.select_related("asked_by", "replaces").get(pk=request_id)
    found = standing_of(request, person, now)
    involved = found.chairs or person.pk == request.asked_by_id or any(v.person_id == person.pk for v in found.votes)
    if not involved and not wiring.seats().may_see(person, request.as_matter(), now):
        raise NotYoursToSee(request.rule_id, "You have no seat in this question, so it is not yours to see.")
    return found


@dataclass(frozen=True, slots=True)
class Inbox:
    """What waits for a person, what they wait for, and what they have answered or asked before."""

    waiting: list[Standing]
    pending: list[Standing]
    history: list[Standing]


def inbox_of(person: User, now: datetime) -> Inbox:
    """The approver's inbox: the longest waiting first; of the past, the newest."""
    live, known = _live(now), ApprovalRequest.objects.select_related("asked_by", "replaces")
    rows = known.filter(Q(pk__in=live.values("pk")) | Q(pk__in=_ended_of(person, now))).order_by("asked_at", "id")
    every = standings_of(list(rows), person, now)
    open_ones = [each for each in every if each.request.is_live and each.request.expires_at > now]
    waiting = [each for each in open_ones if each.waits_for_person]
    mine = [each for each in open_ones if each.own or each.request.asked_by_id == person.pk]
    ended = [each for each in reversed(every) if each not in open_ones]
    return Inbox(waiting, [each for each in mine if each not in waiting], ended)


def _live(now: datetime | Now) -> ApprovalRequestQuerySet:
    return ApprovalRequest.objects.live().filter(expires_at__gt=now)


def _ended_of(person: User, now: datetime) -> QuerySet[ApprovalRequest, UUID]:
    """The newest of what has ended of all that the person asked or answered."""
    asked = ApprovalRequest.objects.filter(asked_by=person).values("pk")
    answered = Vote.objects.filter(person=person).values("request")
    known = ApprovalRequest.objects.filter(pk__in=asked.union(answered)).exclude(pk__in=_live(now).values("pk"))
    return known.order_by("-asked_at", "-id").values_list("pk", flat=True)[:HISTORY]


def waiting_count(person: User) -> int:
    """How many questions wait for this person now; nothing is read for somebody who can never be asked."""
    if not wiring.seats().sits_somewhere(person):
        return 0
    rows = list(_live(Now()).select_related("asked_by", "replaces"))
    return sum(each.waits_for_person for each in standings_of(rows, person, database_now())) if rows else 0


def about(subject: Subject) -> list[ApprovalRequest]:
    """All that was asked about a subject, newest first, ended ones included."""
    return list(ApprovalRequest.objects.about(subject).select_related("asked_by", "replaces"))


def who_lost_the_role(request_id: UUID) -> list[str]:
    """Of a consumed request, the approvers who have lost the role or their account since.

    The end of a shift is no loss: it never stops a running plan.
    """
    request = ApprovalRequest.objects.get(pk=request_id)
    resolver, matter = wiring.seats(), request.as_matter()
    return [
        vote.person.get_username()
        for vote in request.votes.live().as_cast().filter(answer=Answer.APPROVE)
        if not (vote.person.is_active and resolver.has_role(vote.person, vote.seat, matter))
    ]
