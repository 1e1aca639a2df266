"""An answer by a button in the chat: only P2, only by whom the console knows there, judged at the click."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

import approvals.refusals
from approvals.models import ApprovalRequest, Vote
from approvals.queries.requests import standing_of
from approvals.quorum import Answer
from approvals.services.settling import lock_request
from approvals.services.voting import Authentication, vote
from incidents.models.duty import Identity
from incidents.procedure.refusals import Refusal
from incidents.queries.buttons import Carried, how_it_ended, takes_buttons
from incidents.queries.seats import incident_of
from incidents.services.recording import record, record_in

BY_CHAT = "slack"
PRESS_REFUSED = "approval.press_refused"


class PressRefused(Refusal):
    """The press is no answer; the words say why, and what to do instead."""


@transaction.atomic
def approve_by_button(*, chat_id: str, carried: Carried, now: datetime) -> Vote:
    """Cast the vote of whoever pressed. Raises `PressRefused`; who pressed before, on the same, has answered already.

    The seat, the person's rights and the question's content are those of this moment, not those of the message. Two
    workers may read one press: the second one waits, and finds the vote.
    """
    request = _locked(carried.request_id)
    person = person_known_as(chat_id)
    if person is None:
        words = "The console does not know you here. Link your Slack identity under “You elsewhere”, or open the page."
        raise PressRefused(request.rule_id, words)
    if not person.is_active:
        raise PressRefused(request.rule_id, "Your account is switched off.")
    before = request.votes.live().filter(person=person, answer=Answer.APPROVE.value, digest_seen=carried.digest).first()
    if before is None and (ended := how_it_ended(request, now)):
        raise PressRefused(request.rule_id, ended)
    return before or _vote(request, person, carried, now)


def _locked(request_id: UUID) -> ApprovalRequest:
    try:
        request = lock_request(request_id)
    except ApprovalRequest.DoesNotExist:
        raise PressRefused("P2", "There is no such question.") from None
    if not takes_buttons(request.rule_id):
        words = f"{request.rule_id} is never answered by a button: open the page and prove who you are (E16)."
        raise PressRefused(request.rule_id, words)
    return request


def person_known_as(chat_id: str) -> User | None:
    """Whose verified identity in the chat this is; a link that nobody has proved is nobody's."""
    known = Identity.objects.select_related("person").filter(place=Identity.Place.SLACK, login=chat_id)
    found = known.filter(verified_at__isnull=False).first()
    return found.person if found else None


def _vote(request: ApprovalRequest, person: User, carried: Carried, now: datetime) -> Vote:
    try:
        return vote(
            request_id=request.pk, actor=person, seat=_seat(request, person, now), answer=Answer.APPROVE, reason="",
            digest=carried.digest, version=carried.version, now=now, authentication=Authentication(BY_CHAT, now),
        )  # fmt: skip
    except approvals.refusals.Refusal as refusal:
        raise PressRefused(refusal.rule, refusal.words) from None


def _seat(request: ApprovalRequest, person: User, now: datetime) -> str:
    """The one that this person can fill now; without any the first of the rule, for the vote to refuse in its words."""
    chairs = standing_of(request, person, now).chairs
    free = [chair.seat.role for chair in chairs if not chair.why_not]
    return (free or [chair.seat.role for chair in chairs] or [request.rule.seats[0].role])[0]


@transaction.atomic
def record_refused_press(*, chat_id: str, request_id: UUID, refusal: PressRefused, now: datetime) -> None:
    """A press that counted for nothing stands in the incident's record; one about nothing of ours, in the intake's."""
    request = ApprovalRequest.objects.filter(pk=request_id).first()
    incident = incident_of(request.subject_type, request.subject_id) if request else None
    facts: dict[str, Any] = {"rule": refusal.rule, "words": refusal.words, "request": request_id, "pressed_as": chat_id}
    if incident is None:
        record_in("intake", PRESS_REFUSED, at=now, actor=person_known_as(chat_id), **facts)
    else:
        record(incident, PRESS_REFUSED, at=now, actor=person_known_as(chat_id), **facts)
