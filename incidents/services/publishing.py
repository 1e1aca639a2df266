"""From the draft to the public page: asked (P2), approved, posted exactly as approved (E13), or taken back."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse

import approvals.refusals
from approvals.models import ApprovalRequest
from approvals.quorum import State as Asked
from approvals.services.asking import Content
from approvals.services.consuming import consume
from approvals.services.settling import weigh_now
from incidents.models.incident import Incident
from incidents.models.step import Step
from incidents.models.words import StatusUpdate
from incidents.procedure.duty import Action
from incidents.procedure.public_words import AUDIENCE_WORDS, Audience
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import PUBLIC_WORDS, StepKind, StepState
from incidents.queries.duty import require
from incidents.queries.words import RULE, name_of, question_about, subject_of
from incidents.services.announcing import open_step
from incidents.services.drafting import EDITABLE, Draft, NotADraft, draft_update, lock_update
from incidents.services.locking import lock_incident
from incidents.services.questions import QuestionRefused, lock_questions, put_question, take_back
from incidents.services.recording import record

State = StatusUpdate.State
KINDS: Final = {Audience.CONSOLE: StepKind.PUBLISH_STATUS, Audience.OUTSIDE: StepKind.POST_STATUS}
UNBEGUN: Final = (StepState.BLOCKED, StepState.GATED, StepState.READY, StepState.FAILED)
BECOMES: Final = {
    Asked.OPEN: State.ASKED,
    Asked.REFUSED: State.REFUSED,
    Asked.EXPIRED: State.DRAFT,
    Asked.WITHDRAWN: State.DRAFT,
}
"""What an answer makes of the update; a grant posts it, and what voids the question has set the state itself."""


class NotWhatWasApproved(Refusal):
    """The words in the row are not the approved ones: nothing is posted (E13)."""


class AlreadyOnItsWay(Refusal):
    """A worker is at the posting, or has done it."""


@transaction.atomic
def write_words(*, incident_id: UUID, draft: Draft, ask: bool, actor: User, now: datetime) -> StatusUpdate:
    """Keep what was typed, and put it to the CTO or the CISO where `ask`; an earlier question about it ends (P2, E13).

    Raises what `draft_update` raises, and `QuestionRefused` for exactly what was asked, or refused, before.
    """
    incident = lock_incident(incident_id)
    subject = subject_of(draft.update_id)
    lock_questions(subject)
    update = draft_update(incident_id=incident_id, draft=draft, actor=actor, now=now)
    update.state = State.ASKED if ask else State.DRAFT
    update.content_digest = update.as_words().digest if ask else ""
    update.save(update_fields=["state", "content_digest"])
    if ask:
        put_question(
            incident, rule=RULE, subject=subject_of(update.pk), content=content_of(update), asked_by=actor, now=now
        )
    else:
        take_back(subject, now=now, why="the words are being changed")
    return update


def content_of(update: StatusUpdate) -> Content:
    """Exactly what the approver sees; its places are named, so that a difference can be shown."""
    incident, words = update.incident, update.as_words()
    return Content(
        content_digest=words.digest,
        label=f"{incident.number} · {RULE}",
        question=f"May this be said in public about {incident.service.name}?",
        summary=f"{incident.title}. {_standing(incident)}",
        exactly=words.to_the_letter(),
        otherwise="Without an answer nothing is posted.",
        urgency="customers affected" if incident.customer_impact else "",
        url=f"{settings.PUBLIC_URL}{reverse('incidents:detail', args=[incident.number])}",
        evidence={
            "The words": {"phase": words.phase, "title": words.title, "message": words.message},
            "Components": {each.name: each.state for each in words.components},
            "Where": {AUDIENCE_WORDS[audience]: "posted" for audience in words.audiences}
            | {"subscribers": "notified" if words.notify else "not notified"},
            **_corrected(update),
        },
    )


def _standing(incident: Incident) -> str:
    newest = incident.status_updates.posted().last()
    return f"The public page says “{newest.phase}” now." if newest else "Nothing has been said in public yet."


def _corrected(update: StatusUpdate) -> dict[str, list[str]]:
    return {"It corrects": [update.corrects.message]} if update.corrects else {}


@transaction.atomic
def withdraw_words(*, incident_id: UUID, update_id: UUID, version: int, actor: User, now: datetime) -> StatusUpdate:
    """Take words back before they are posted, and the question about them; what has begun is not taken back."""
    incident = lock_incident(incident_id)
    require(actor, Action.DRAFT_STATUS, incident.service, now=now, incident=incident)
    lock_questions(subject_of(update_id))
    update = lock_update(incident, update_id, version=version, states=(*EDITABLE, State.APPROVED))
    _cancel_posts(update, now)
    take_back(subject_of(update.pk), now=now, why="the words were taken back")
    update.state, update.version = State.WITHDRAWN, update.version + 1
    update.save(update_fields=["state", "version"])
    record(incident, "status.withdrawn", at=now, actor=actor, rule="P1", update=update.pk)
    return update


def _cancel_posts(update: StatusUpdate, now: datetime) -> None:
    steps = Step.objects.select_for_update().filter(kind__in=PUBLIC_WORDS, parameters__update=str(update.pk))
    if any(step.state not in UNBEGUN for step in steps):
        raise AlreadyOnItsWay("P1", "It is being posted: correct it by another update.")
    steps.cancel(now, sentence="Taken back.")


@transaction.atomic
def post_words(*, incident_id: UUID, update_id: UUID, version: int, actor: User, now: datetime) -> StatusUpdate:
    """Post what is approved, where the answer itself did not; raises `QuestionRefused` while somebody is missing."""
    incident = lock_incident(incident_id)
    require(actor, Action.DRAFT_STATUS, incident.service, now=now, incident=incident)
    lock_questions(subject_of(update_id))
    update = lock_update(incident, update_id, version=version, states=(State.ASKED,))
    question = question_about(update)
    if question is None:
        raise NotADraft("P2", "Nobody has been asked: ask the CTO or the CISO first.")
    return _post(update, question, actor, now)


@transaction.atomic
def approval_heard(*, update_id: UUID, now: datetime) -> None:
    """Somebody answered, or the question ended. It only wakes: what holds now is asked again, under the locks."""
    incident = lock_incident(StatusUpdate.objects.values_list("incident_id", flat=True).get(pk=update_id))
    lock_questions(subject_of(update_id))
    update = StatusUpdate.objects.select_for_update(of=("self",)).get(pk=update_id, incident=incident)
    question = question_about(update)
    if question is None or update.state not in (State.ASKED, State.REFUSED):
        return
    if question.is_live and weigh_now(question, now).state is Asked.GRANTED:
        _post(update, question, None, now)
    elif question.state in BECOMES:
        update.state = BECOMES[Asked(question.state)]
        update.save(update_fields=["state"])


def _post(update: StatusUpdate, question: ApprovalRequest, actor: User | None, now: datetime) -> StatusUpdate:
    """Use the grant, once, in the transaction that opens the steps (trust.md §2)."""
    words = update.as_words()
    try:
        consume(request_id=question.pk, content_digest=words.digest, consumed_by=name_of(update), actor=actor, now=now)
    except approvals.refusals.Refusal as refusal:
        raise QuestionRefused(refusal.rule, refusal.words) from None
    update.state, update.content_digest, update.version = State.APPROVED, words.digest, update.version + 1
    update.save(update_fields=["state", "content_digest", "version"])
    asked = {"update": str(update.pk), "digest": words.digest, "published_at": now.isoformat()}
    for audience in words.audiences:
        said = f"{words.title}, {words.phase}"
        open_step(update.incident, KINDS[audience], {**asked, "said": said}, now=now, actor=actor)
    return update


@transaction.atomic
def publish_update(*, update_id: UUID, digest: str, now: datetime) -> StatusUpdate:
    """The approved words are the public's from here on; raises `NotWhatWasApproved` for any others. Twice is once."""
    incident = lock_incident(StatusUpdate.objects.values_list("incident_id", flat=True).get(pk=update_id))
    update = StatusUpdate.objects.select_for_update(of=("self",)).get(pk=update_id)
    if update.state == State.POSTED:
        return update
    if update.state != State.APPROVED or not update.as_words().digest == update.content_digest == digest:
        raise NotWhatWasApproved("E13", "What would be posted is not what was approved. It has to be asked again.")
    update.state, update.posted_at = State.POSTED, now
    update.save(update_fields=["state", "posted_at"])
    record(
        incident, "status.posted", at=now, rule="P1", update=update.pk, phase=update.phase, message=update.message,
        digest=digest, corrects=str(update.corrects_id or ""),
    )  # fmt: skip
    return update


def unheard_answers() -> list[UUID]:
    """Updates whose question was answered or ended while nobody listened: the sweep wakes them."""
    asked = StatusUpdate.objects.filter(state__in=[State.ASKED, State.REFUSED]).values_list("pk", "state")
    return [pk for pk, state in asked if _is_unheard(pk, State(state))]


def _is_unheard(update_id: UUID, state: State) -> bool:
    newest = ApprovalRequest.objects.about(subject_of(update_id)).filter(rule_id=RULE).first()
    if newest is None:
        return False
    return newest.state == Asked.GRANTED or BECOMES.get(Asked(newest.state), state) != state
