"""Words for customers (P1): drafted by the lead or whom the drafting was handed to (E6), edited, taken back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.incident import Incident
from incidents.models.words import StatusUpdate
from incidents.procedure.duty import Action
from incidents.procedure.public_words import LONGEST_MESSAGE, LONGEST_TITLE, ComponentState, Phase
from incidents.procedure.refusals import Refusal
from incidents.procedure.speculation import speculation_in
from incidents.queries.duty import require, responders_of
from incidents.queries.public import audiences, title_of
from incidents.services.leading import NotAnEngineerHere
from incidents.services.locking import NotInThatState, StaleView, lock_incident, meanwhile, moved
from incidents.services.recording import record

State = StatusUpdate.State
EDITABLE: Final = (State.DRAFT, State.ASKED, State.REFUSED)


class NoWords(Refusal):
    """What was typed makes no public words: something is missing, too long, or contradicts itself."""


class WordsNeedALook(Refusal):
    """Something reads like a guess, a promise or a name; the author may keep it knowingly (S4)."""


class NotADraft(Refusal):
    """Only what has not been approved is changed or taken back; what was posted is corrected by another update."""


class NothingSaid(Refusal):
    """A closed incident gets no first public words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody typed, of which update (none: a new one), and the version of it that the page showed.

    `knowingly`: what reads like speculation was shown to the author, who keeps it.
    """

    phase: str
    message: str
    title: str = ""
    components: Mapping[str, str] = field(default_factory=dict)
    notify: bool = False
    corrects: UUID | None = None
    update_id: UUID | None = None
    version: int = 0
    knowingly: bool = False


@transaction.atomic
def draft_update(*, incident_id: UUID, draft: Draft, actor: User, now: datetime) -> StatusUpdate:
    """Keep public words as a draft: a new one, or one changed. A question about it is not touched here."""
    incident = lock_incident(incident_id)
    require(actor, Action.DRAFT_STATUS, incident.service, now=now, incident=incident)
    written = _open(incident, draft, actor, now)
    _fill(written, incident, draft)
    if not draft.knowingly:
        _look_for_speculation(written, incident)
    written.version += 1
    written.save()
    words = written.as_words()
    record(
        incident, "status.drafted", at=now, actor=actor, rule="P1", update=written.pk, phase=words.phase,
        title=words.title, message=words.message, components=written.components, notify=words.notify,
        corrects=words.corrects, digest=words.digest,
    )  # fmt: skip
    return written


def _open(incident: Incident, draft: Draft, actor: User, now: datetime) -> StatusUpdate:
    """The row to write into: a new one where none is in work, else the one that the page showed."""
    if draft.update_id is not None:
        return lock_update(incident, draft.update_id, version=draft.version, states=EDITABLE)
    in_work = incident.status_updates.in_work().select_related("drafted_by").first()
    if in_work is not None:
        who, since = in_work.drafted_by.username, f"{in_work.drafted_at:%H:%M:%S} UTC"
        raise StaleView("P1", f"{who} is at a draft since {since}. Look at it, and change that one.")
    if not incident.is_open and not incident.status_updates.posted().exists():
        raise NothingSaid(
            "P1", "The incident is closed, and nothing was said in public: there is nothing to follow up."
        )
    return StatusUpdate(incident=incident, drafted_by=actor, drafted_at=now, version=0)


def lock_update(incident: Incident, update_id: UUID, *, version: int, states: tuple[State, ...]) -> StatusUpdate:
    """The update under its row lock. Raises `StaleView` on another version, `NotADraft` in another state."""
    rows = StatusUpdate.objects.select_for_update(of=("self",)).select_related("drafted_by")
    found = rows.get(pk=update_id, incident=incident)
    if found.state not in states:
        raise NotADraft("P1", f"The update is {found.get_state_display()} by now. {meanwhile(incident)}")
    if found.version != version:
        raise StaleView("P1", f"{meanwhile(incident)} Look at the words again.")
    return found


def _fill(update: StatusUpdate, incident: Incident, draft: Draft) -> None:
    """What was typed, into the row; raises `NoWords` with what is missing."""
    update.phase, update.message = _phase(draft.phase), _message(draft.message)
    update.title = title_of(incident) or _title(draft.title)
    update.components = _components(incident, draft)
    update.notify, update.audiences = draft.notify, [audience.value for audience in audiences()]
    update.corrects = _corrected(incident, draft.corrects)
    worse = [each["name"] for each in update.components if each["state"] != ComponentState.OPERATIONAL]
    if update.phase == Phase.RESOLVED and worse:
        raise NoWords("P1", f"It cannot be resolved while {' and '.join(worse)} is not operational.")


def _phase(typed: str) -> Phase:
    if typed not in list(Phase):
        raise NoWords("P1", "Say how far it has come: investigating, identified, monitoring or resolved.")
    return Phase(typed)


def _message(typed: str) -> str:
    message = "\n".join(line.rstrip() for line in typed.replace("\0", "").strip().splitlines())
    if not message:
        raise NoWords("P1", "Say what customers notice, and what is being done.")
    if len(message) > LONGEST_MESSAGE:
        raise NoWords("P1", f"The message is {len(message) - LONGEST_MESSAGE} characters too long for a status page.")
    return message


def _title(typed: str) -> str:
    title = " ".join(typed.replace("\0", "").split())
    if not title:
        raise NoWords("P1", "Give the report a title: what is affected, not why.")
    if len(title) > LONGEST_TITLE:
        raise NoWords("P1", f"The title is {len(title) - LONGEST_TITLE} characters too long.")
    return title


def _components(incident: Incident, draft: Draft) -> list[dict[str, str]]:
    named = incident.service.status_components
    strange = [name for name in draft.components if name not in named]
    if strange:
        raise NoWords("P1", f"The catalogue names no component “{strange[0][:60]}” for this service.")
    if any(state not in list(ComponentState) for state in draft.components.values()):
        raise NoWords("P1", "A component is operational, degraded or down.")
    return [{"name": name, "state": draft.components[name]} for name in named if name in draft.components]


def _corrected(incident: Incident, update_id: UUID | None) -> StatusUpdate | None:
    if update_id is None:
        return None
    found = incident.status_updates.posted().filter(pk=update_id).first()
    if found is None:
        raise NoWords("P1", "What is to be corrected was not posted for this incident.")
    return found


def _look_for_speculation(update: StatusUpdate, incident: Incident) -> None:
    marks = speculation_in(f"{update.title}\n{update.message}", people=names_of(incident))
    if marks:
        raise WordsNeedALook("S4", " ".join(mark.reason for mark in marks))


def names_of(incident: Incident) -> list[str]:
    """Names that the public is spared: of whoever may respond."""
    return [name for person in responders_of(incident.service) if (name := person.get_full_name())]


@transaction.atomic
def hand_drafting(*, incident_id: UUID, actor: User, to_id: int, now: datetime, version: int) -> Incident:
    """Give the drafting of public words to another engineer, or take it back by giving it to the lead (E6)."""
    incident = lock_incident(incident_id, version=version)
    require(actor, Action.HAND_OVER, incident.service, now=now, incident=incident)
    person = responders_of(incident.service).filter(pk=to_id).first()
    if person is None:
        raise NotAnEngineerHere("E6", f"The drafting goes to an active engineer of {incident.service.name}.")
    if (incident.drafter or incident.lead) == person:
        raise NotInThatState("E6", f"{person.username} drafts already.")
    incident.drafter = None if person == incident.lead else person
    record(incident, "incident.drafting_handed_over", at=now, actor=actor, rule="E6", to=person.username)
    return moved(incident)
