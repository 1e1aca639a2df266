"""Break-glass: acting without the approval, where the owner of the procedure allows it; loud, short, and reviewed."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from approvals.models import ApprovalRequest
from approvals.quorum import Flag, State, check_live
from approvals.refusals import ContentChanged, StillRefused
from approvals.services.settling import end, lock_request, weigh_now, write_down
from approvals.services.voting import ReasonMissing


@transaction.atomic
def break_glass(
    *,
    request_id: UUID,
    content_digest: str,
    consumed_by: str,
    actor: User,
    now: datetime,
    holds_until: datetime,
    reason: str,
) -> ApprovalRequest:
    """Use the question as if it were granted, until `holds_until`, under the one name of who breaks the glass.

    Raises `ReasonMissing`, `ContentChanged`, `AlreadyEnded`, and `StillRefused`: a refusal is no absence.
    """
    request = lock_request(request_id)
    check_live(request.as_question(), now)
    if not reason.strip():
        raise ReasonMissing(request.rule_id, "Say why it cannot wait for the approvers: they review it afterwards.")
    if content_digest != request.content_digest:
        raise ContentChanged("E13", "What would run is not what was asked.")
    if refused := weigh_now(request, now).refusals:
        names = " and ".join(ballot.name for ballot in refused)
        raise StillRefused(request.rule_id, f"{names} refused it. Glass is broken where no answer comes.")
    request.consumed_by, request.holds_until, request.flags = consumed_by, holds_until, [Flag.GLASS.value]
    end(request, State.CONSUMED, now, reason.strip())
    write_down(
        request, "approval.glass_broken", at=now, actor=actor, reason=reason.strip(), consumed_by=consumed_by,
        holds_until=holds_until.isoformat(),
    )  # fmt: skip
    return request
