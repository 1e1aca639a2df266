"""Follow-ups of the retrospective: what is to be mended, by whom and when, until it is done or given up (T2)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.incident import Incident
from incidents.models.retrospective import FollowUp, Retrospective
from incidents.procedure.duty import Action
from incidents.procedure.refusals import Refusal
from incidents.queries.duty import require, responders_of
from incidents.services.issues import ask_for_issue, close_issue
from incidents.services.locking import StaleView, lock_incident
from incidents.services.recording import record

LONGEST = 2_000


class NothingToFollowUp(Refusal):
    """A follow-up says what is to be mended, in a few words."""


class NotAnOwner(Refusal):
    """A follow-up belongs to an active engineer of the service."""


class AlreadyDone(Refusal):
    """The follow-up was settled before."""


class ReasonMissing(Refusal):
    """What is given up says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """What a follow-up says: the gap, its words, who takes it, by when."""

    kind: FollowUp.Kind
    words: str
    owner_id: int | None = None
    due_on: date | None = None


@transaction.atomic
def add_follow_up(
    *,
    incident_id: UUID,
    kind: FollowUp.Kind,
    words: str,
    actor: User,
    now: datetime,
    owner_id: int | None = None,
    due_on: date | None = None,
    as_issue: bool = False,
) -> FollowUp:
    """Note a gap to mend on the incident's retrospective (T2), and open an issue for it where that is wanted."""
    mending = Mending(kind=kind, words=_fit(words), owner_id=owner_id, due_on=due_on)
    incident = lock_incident(incident_id)
    require(actor, Action.WRITE_RETROSPECTIVE, incident.service, now=now, incident=incident)
    _require_owner(incident, owner_id)
    added = FollowUp.objects.create(
        retrospective=Retrospective.objects.get(incident=incident), kind=kind, words=mending.words, owner_id=owner_id,
        due_on=due_on,
    )  # fmt: skip
    record(incident, "follow_up.added", at=now, actor=actor, rule="T2", follow_up=added.pk, **_told(added))
    if as_issue:
        ask_for_issue(added, now=now, actor=actor)
    return added


@transaction.atomic
def change_follow_up(*, follow_up_id: UUID, mending: Mending, actor: User, now: datetime, version: int) -> FollowUp:
    """Say it otherwise, give it to another, move its day; the record keeps both."""
    words = _fit(mending.words)
    found = _take(follow_up_id, actor, now, version)
    _require_owner(found.retrospective.incident, mending.owner_id)
    before = _told(found)
    found.kind, found.words, found.due_on = mending.kind, words, mending.due_on
    found.owner = User.objects.get(pk=mending.owner_id) if mending.owner_id is not None else None
    after = _told(found)
    if after != before:
        _save(found)
        record(
            found.retrospective.incident, "follow_up.changed", at=now, actor=actor, rule="T2", follow_up=found.pk,
            before=before, **after,
        )  # fmt: skip
    return found


@transaction.atomic
def settle_follow_up(*, follow_up_id: UUID, actor: User, now: datetime, version: int | None = None) -> FollowUp:
    """Say that a follow-up is done; once. Its issue is closed with it."""
    found = _take(follow_up_id, actor, now, version)
    found.done_at = now
    _save(found)
    record(
        found.retrospective.incident, "follow_up.done", at=now, actor=actor, rule="T2", follow_up=found.pk,
        words=found.words,
    )  # fmt: skip
    close_issue(found, now=now, actor=actor)
    return found


@transaction.atomic
def give_up_follow_up(
    *, follow_up_id: UUID, actor: User, now: datetime, reason: str, version: int | None = None
) -> FollowUp:
    """Say that it will not be mended, and why."""
    if not reason.strip():
        raise ReasonMissing("T2", "Say why it will not be mended: it stands in the record.")
    found = _take(follow_up_id, actor, now, version)
    found.cancelled_at, found.cancelled_because = now, reason.strip()
    _save(found)
    record(
        found.retrospective.incident, "follow_up.given_up", at=now, actor=actor, rule="T2", follow_up=found.pk,
        words=found.words, reason=reason.strip(),
    )  # fmt: skip
    close_issue(found, now=now, actor=actor)
    return found


@transaction.atomic
def push_follow_up(*, follow_up_id: UUID, actor: User, now: datetime) -> FollowUp:
    """Open an issue for it at the code host, where its team looks every day."""
    found = _take(follow_up_id, actor, now, None)
    ask_for_issue(found, now=now, actor=actor)
    return found


def _fit(words: str) -> str:
    fit = words.replace("\0", "").strip()
    if not fit:
        raise NothingToFollowUp("T2", "Say what is to be mended: a test, a monitor, a runbook.")
    if len(fit) > LONGEST:
        raise NothingToFollowUp("T2", f"That is {len(fit):,} characters; a follow-up says it in {LONGEST:,}.")
    return fit


def _require_owner(incident: Incident, owner_id: int | None) -> None:
    if owner_id is not None and not responders_of(incident.service).filter(pk=owner_id).exists():
        raise NotAnOwner("T2", f"A follow-up belongs to an active engineer of {incident.service.name}.")


def _take(follow_up_id: UUID, actor: User, now: datetime, version: int | None) -> FollowUp:
    """The unsettled follow-up under its incident's lock, in the version that its page showed."""
    incident_id = FollowUp.objects.values_list("retrospective__incident_id", flat=True).get(pk=follow_up_id)
    incident = lock_incident(incident_id)
    require(actor, Action.WRITE_RETROSPECTIVE, incident.service, now=now, incident=incident)
    locked = FollowUp.objects.select_for_update(of=("self",)).select_related("retrospective__incident__service")
    found = locked.get(pk=follow_up_id)
    settled_at = found.done_at or found.cancelled_at
    if settled_at is not None:
        how = "done" if found.done_at else "given up"
        raise AlreadyDone("T2", f"The follow-up was {how} at {settled_at:%Y-%m-%d %H:%M} UTC.")
    if version is not None and found.version != version:
        raise StaleView("T2", "Somebody changed the follow-up meanwhile: look at it again.")
    return found


def _save(found: FollowUp) -> None:
    found.version += 1
    found.save()


def _told(found: FollowUp) -> dict[str, Any]:
    """What stands in the record of it."""
    return {
        "follow_up_kind": found.kind, "words": found.words, "due_on": found.due_on,
        "owner": found.owner.username if found.owner else None,
    }  # fmt: skip
