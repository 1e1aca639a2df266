"""What ends or uses a grant: consuming it once, letting it expire, and judging it again when rights have changed."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from approvals import quorum
from approvals.models import ApprovalRequest
from approvals.ports import Subject
from approvals.quorum import LIVE, State, why_not_granted
from approvals.services.settling import end, lock_request, moved, weigh_now, write_down

EXPIRE_AT_ONCE = 100


@transaction.atomic
def consume(
    *, request_id: UUID, content_digest: str, consumed_by: str, actor: User | None, now: datetime
) -> ApprovalRequest:
    """Use the grant, once, for what is named; inside the caller's transaction, which readies what will run.

    Rights, activity, shift and deputyship of every approver are judged again here. Raises `AlreadyEnded`,
    `ContentChanged`, or `NotGranted` with who is missing.
    """
    request = lock_request(request_id)
    weighing = weigh_now(request, now)
    quorum.check_grant(
        request.as_question(), weighing, content=content_digest, approved=request.content_digest, now=now
    )
    request.consumed_by, request.flags = consumed_by, sorted(weighing.flags)
    end(request, State.CONSUMED, now)
    approvers = [{"person": each.name, "seat": each.seat.role, "flags": sorted(each.flags)} for each in weighing.seated]
    write_down(request, "approval.consumed", at=now, actor=actor, consumed_by=consumed_by, approvers=approvers)
    return request


@transaction.atomic
def reconsider(*, request_id: UUID, now: datetime) -> ApprovalRequest:
    """Judge the votes by the rights of this moment: a role lost or a shift ended may open the question again."""
    request = lock_request(request_id)
    if not request.is_live or now >= request.expires_at:
        return request
    weighing = weigh_now(request, now)
    if weighing.state == request.state and sorted(weighing.flags) == request.flags:
        return request
    request.state, request.flags = weighing.state, sorted(weighing.flags)
    moved(request)
    why = why_not_granted(request.rule, weighing)
    write_down(request, "approval.judged_again", at=now, actor=None, why=why)
    return request


def expire_due(*, now: datetime) -> list[ApprovalRequest]:
    """End what nobody used in time; each in a transaction of its own, at most a hundred at once."""
    due = ApprovalRequest.objects.live().filter(expires_at__lte=now).order_by("expires_at")
    found = [_expire(pk, now) for pk in due.values_list("pk", flat=True)[:EXPIRE_AT_ONCE]]
    return [request for request in found if request is not None]


def expire_about(subject: Subject, *, now: datetime) -> None:
    """End what nobody used in time about one subject, before the sweep comes: who acts on it waits for no sweep."""
    for pk in ApprovalRequest.objects.about(subject).live().filter(expires_at__lte=now).values_list("pk", flat=True):
        _expire(pk, now)


@transaction.atomic
def _expire(request_id: UUID, now: datetime) -> ApprovalRequest | None:
    """The request, expired; None where somebody holds its row or was faster: the next sweep comes."""
    rows = ApprovalRequest.objects.filter(pk=request_id, state__in=LIVE, expires_at__lte=now)
    request = rows.select_for_update(of=("self",), skip_locked=True).first()
    if request is None:
        return None
    end(request, State.EXPIRED, now)
    write_down(request, "approval.expired", at=now, actor=None)
    return request
