"""Questions that may be answered by a button in the chat (P2): what the message says and carries, and how it ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from django.conf import settings
from django.urls import Resolver404, resolve, reverse

from approvals import wiring
from approvals.models import ApprovalRequest
from approvals.quorum import Answer, State
from approvals.services.settling import said

BY_BUTTON: Final = frozenset({"P2"})
"""M3 is never among them: it asks for a fresh proof of who answers (E16)."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a button brings back: the question exactly as it was shown."""

    request_id: UUID
    version: int
    digest: str


def question_at(url: str) -> ApprovalRequest | None:
    """The question whose page is at this address; None where it is none."""
    try:
        found = resolve(url.removeprefix(settings.PUBLIC_URL))
    except Resolver404:
        return None
    if found.view_name != "approvals:detail":
        return None
    return ApprovalRequest.objects.filter(pk=found.kwargs["request_id"]).first()


def takes_buttons(rule: str) -> bool:
    """Whether a rule's questions may be answered by button: never where a fresh proof is asked for (E16)."""
    return rule in BY_BUTTON and rule not in wiring.step_up_rules()


def in_full(request: ApprovalRequest) -> str:
    """All that the approver must have read before pressing, to the letter."""
    return "\n\n".join(filter(None, (request.summary, request.exactly, request.otherwise)))


def value_of(request: ApprovalRequest) -> str:
    """What the button carries; `carried_by` reads it."""
    return f"{request.pk} {request.version} {request.digest}"


def carried_by(value: str) -> Carried | None:
    """What a press brought back, None where it is nothing of ours."""
    request_id, _, rest = value.partition(" ")
    version, _, digest = rest.partition(" ")
    if not (version.isdecimal() and len(version) <= 9):
        return None
    try:
        return Carried(UUID(request_id), int(version), digest)
    except ValueError:
        return None


def how_it_ended(request: ApprovalRequest, now: datetime) -> str:
    """What became of a question, in words for whoever was asked; empty while it can still be answered."""
    state = State(request.state)
    if state is State.OPEN:
        return "Nobody answered in time." if now >= request.expires_at else ""
    if state is State.VOIDED:
        return _changed(request)
    if state in _ENDS:
        return _ENDS[state]
    return _answers(request, Answer.REFUSE if state is State.REFUSED else Answer.APPROVE)


_ENDS: Final[Mapping[State, str]] = MappingProxyType(
    {State.EXPIRED: "Nobody answered in time.", State.WITHDRAWN: "The question was taken back."}
)


def _changed(request: ApprovalRequest) -> str:
    newer = ApprovalRequest.objects.filter(replaces=request).first()
    where = f" Open it here: {settings.PUBLIC_URL}{reverse('approvals:detail', args=[newer.pk])}" if newer else ""
    return f"It has changed since, and is asked anew.{where}"


def _answers(request: ApprovalRequest, answer: Answer) -> str:
    votes = request.votes.live().as_cast().filter(answer=answer)
    sentences = [f"{said(vote)}{f': {vote.reason}' if answer is Answer.REFUSE else '.'}" for vote in votes]
    return " ".join(sentences)
