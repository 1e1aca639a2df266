"""Asking, taking the question back, and asking anew when the content has changed (E13)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from approvals import wiring
from approvals.difference import difference
from approvals.models import ApprovalRequest, rule_as_json
from approvals.ports import Subject
from approvals.quorum import Rule, State, check_live
from approvals.refusals import AskedAlready, ContentChanged, ContentUnchanged, NotYourRequest, StillRefused
from approvals.services.settling import end, lock_request, weigh_now, write_down


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Exactly what the approver sees, and the digest of exactly what will run or be posted (64 hex digits)."""

    content_digest: str
    label: str
    question: str
    summary: str
    exactly: str
    otherwise: str = ""
    urgency: str = ""
    url: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


def digest_of(content: Content, rule: Rule, subject: Subject) -> str:
    """SHA-256 over all that is frozen, in hex: a vote carries it, so nothing else can pass as what was shown."""
    frozen = {**asdict(content), "rule": rule.id, **rule_as_json(rule), "subject": [subject.type, subject.id]}
    text = json.dumps(frozen, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def ask(
    *,
    subject: Subject,
    rule: Rule,
    content: Content,
    asked_by: User,
    now: datetime,
    expires_at: datetime,
    deputies_from: datetime | None = None,
    replaces: ApprovalRequest | None = None,
) -> ApprovalRequest:
    """Ask the people in the rule's seats. Raises `AskedAlready`, or `StillRefused` for what was just refused."""
    earlier = ApprovalRequest.objects.about(subject).filter(rule_id=rule.id).select_for_update().first()
    if earlier is not None:
        _check_not_refused(earlier, content, now)
    return _ask(
        ApprovalRequest(
            subject_type=subject.type, subject_id=subject.id, rule_id=rule.id, rule_seats=rule_as_json(rule),
            **asdict(content), digest=digest_of(content, rule, subject), asked_by=asked_by, asked_at=now,
            expires_at=expires_at, deputies_from=deputies_from,
            small_team=wiring.small_team(), replaces=replaces,
        )
    )  # fmt: skip


def _ask(request: ApprovalRequest) -> ApprovalRequest:
    try:
        with transaction.atomic():
            request.save(force_insert=True)
    except IntegrityError as clash:
        if "one_live_request_a_subject_and_rule" not in str(clash):
            raise
        raise AskedAlready(request.rule_id, "This is asked already, and waits for its answers.") from None
    write_down(
        request, "approval.asked", at=request.asked_at, actor=request.asked_by, question=request.question,
        seats=request.rule_seats, small_team=request.small_team, expires_at=request.expires_at.isoformat(),
        replaces=str(request.replaces_id) if request.replaces_id else None,
    )  # fmt: skip
    return request


def _check_not_refused(earlier: ApprovalRequest, content: Content, now: datetime) -> None:
    """Taking a refused question back and asking it again would turn a refusal into silence."""
    same = earlier.content_digest == content.content_digest
    if not same or earlier.state not in {State.WITHDRAWN, State.VOIDED} or now >= earlier.expires_at:
        return
    if refusals := weigh_now(earlier, now).refusals:
        names = " and ".join(ballot.name for ballot in refusals)
        until = f"{earlier.expires_at:%H:%M} UTC"
        raise StillRefused(
            earlier.rule_id, f"{names} refused exactly this. Change what is asked, or wait until {until}."
        )


@transaction.atomic
def withdraw_request(*, request_id: UUID, actor: User | None, now: datetime, reason: str = "") -> ApprovalRequest:
    """Take the question back; only who asked may, or the console itself (`actor` None). Its votes stay in history."""
    request = lock_request(request_id)
    check_live(request.as_question(), now)
    if actor is not None and actor.pk != request.asked_by_id:
        raise NotYourRequest(request.rule_id, f"{request.asked_by.get_username()} asked; only they take it back.")
    end(request, State.WITHDRAWN, now, reason)
    write_down(request, "approval.request_withdrawn", at=now, actor=actor, reason=reason)
    return request


@transaction.atomic
def void(*, request_id: UUID, content: Content, actor: User | None, now: datetime) -> ApprovalRequest:
    """The content has changed: end the request, keep its votes, and keep the difference in `changes` (E13).

    Raises `ContentUnchanged` where the same would run: a moved base keeps the approval (`keep`).
    """
    request = lock_request(request_id)
    check_live(request.as_question(), now)
    if content.content_digest == request.content_digest:
        raise ContentUnchanged("E13", "What would run is what was asked about: the approval holds.")
    found = difference(_shown(request), asdict(content))
    request.changes = [asdict(change) for change in found]
    end(request, State.VOIDED, now, "the content has changed")
    write_down(request, "approval.voided", at=now, actor=actor, changes=request.changes)
    return request


def _shown(request: ApprovalRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in Content.__dataclass_fields__}


@transaction.atomic
def keep(*, request_id: UUID, content_digest: str, words: str, now: datetime) -> ApprovalRequest:
    """Record that something around it moved (the base, say) and the approval holds: the content is the same (E13)."""
    request = lock_request(request_id)
    check_live(request.as_question(), now)
    if content_digest != request.content_digest:
        raise ContentChanged("E13", "The content has changed: the approval cannot be kept.")
    write_down(request, "approval.kept", at=now, actor=None, words=words)
    return request


@transaction.atomic
def ask_again(
    *,
    request_id: UUID,
    content: Content,
    asked_by: User,
    now: datetime,
    expires_at: datetime,
    deputies_from: datetime | None = None,
) -> ApprovalRequest:
    """Void the request if it still lives, and put the new content to the same seats; the new one names the old."""
    old = lock_request(request_id)
    if ApprovalRequest.objects.filter(replaces=old).exists():
        raise AskedAlready(old.rule_id, "This was asked anew already.")
    if old.is_live:
        old = void(request_id=request_id, content=content, actor=asked_by, now=now)
    return ask(
        subject=old.subject, rule=old.rule, content=content, asked_by=asked_by, now=now, expires_at=expires_at,
        deputies_from=deputies_from, replaces=old,
    )  # fmt: skip
