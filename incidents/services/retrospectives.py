"""The retrospective as a whole: opened by itself, registered with the intake, completed (T1, T2, E21)."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.incident import Incident
from incidents.models.retrospective import Retrospective, RetrospectiveSection
from incidents.models.service import Service
from incidents.models.step import Step
from incidents.procedure.duty import Action
from incidents.procedure.refusals import Refusal
from incidents.procedure.retrospective import REGISTER_WITHIN, Section, late_by, still_missing
from incidents.procedure.steps import StepKind, StepState
from incidents.queries.duty import require
from incidents.queries.prefilled import texts_of
from incidents.queries.series import series_around
from incidents.services.announcing import open_step
from incidents.services.locking import StaleView, lock_incident
from incidents.services.recording import record
from incidents.services.writing import keep_as_first, write_down

IDLE = (StepState.READY, StepState.FAILED, StepState.UNKNOWN)
SERIES_AFTER = timedelta(minutes=3)
"""The chart shows two minutes after the end; by then they are sampled."""


class AlreadyRegistered(Refusal):
    """The retrospective stands with the intake."""


class ReferenceMissing(Refusal):
    """What was registered by hand says under which number or address."""


class NotCompleteYet(Refusal):
    """T2 names what a retrospective documents, and something of it is not written."""


class AlreadyComplete(Refusal):
    """It was completed before; it may still be changed."""


def open_retrospective(incident: Incident, now: datetime) -> None:
    """Inside the transaction that ends the rollback, or what replaced it: once an incident (T1, E21)."""
    due_at, complete_by = now + REGISTER_WITHIN, now + term_of(incident.service)
    opened, new = Retrospective.objects.get_or_create(
        incident=incident, defaults={"opened_at": now, "due_at": due_at, "complete_by": complete_by}
    )
    if not new:
        return
    RetrospectiveSection.objects.bulk_create(
        [RetrospectiveSection(retrospective=opened, name=name.value) for name in Section], ignore_conflicts=True
    )
    record(incident, "retrospective.opened", at=now, rule="T1", due_at=due_at, complete_by=complete_by)
    _register(opened, now)


def term_of(service: Service) -> timedelta:
    """How long the service gives itself to complete a retrospective (E21)."""
    return timedelta(days=service.retrospective_days or settings.RETROSPECTIVE_DAYS)


def _register(opened: Retrospective, now: datetime) -> None:
    """By the webhook where one is set; by a person where there is an address; else this page is the intake."""
    incident = opened.incident
    if settings.RETRO_INTAKE_WEBHOOK_URL:
        asked = {"said": incident.number, "url": f"{settings.PUBLIC_URL}/incidents/{incident.number}/retrospective/"}
        open_step(incident, StepKind.REGISTER_RETRO, asked, now=now, actor=None)
    elif not settings.DOCUMENT_RETRO_INTAKE:
        _registered(opened, now, how="here", reference="")


def note_registration(step: Step, now: datetime) -> None:
    """The intake has taken it; runs in the transaction that ends the step, done by the console or by hand."""
    if step.kind != StepKind.REGISTER_RETRO:
        return
    step.refresh_from_db()  # what the effect found was written to the row
    found = Retrospective.objects.select_for_update().get(incident_id=step.incident_id)
    if found.registered_at is None:
        reference = step.url or str(step.evidence.get("by_hand", ""))
        _registered(found, now, how="by hand" if step.by_hand else "by the console", reference=reference[:500])


@transaction.atomic
def register_by_hand(*, incident_id: UUID, actor: User, now: datetime, reference: str) -> Retrospective:
    """A person has opened the entry at the intake, and says where it is (T1)."""
    if not reference.strip():
        raise ReferenceMissing("T1", "Say under which number or address it stands at the intake.")
    incident = lock_incident(incident_id)
    require(actor, Action.WRITE_RETROSPECTIVE, incident.service, now=now, incident=incident)
    found = Retrospective.objects.select_for_update().get(incident=incident)
    if found.registered_at:
        raise AlreadyRegistered("T1", f"It was registered at {found.registered_at:%Y-%m-%d %H:%M} UTC.")
    found.registered_by = actor
    Step.objects.filter(incident=incident, kind=StepKind.REGISTER_RETRO, state__in=IDLE).cancel(now)
    _registered(found, now, how="by hand", reference=reference.strip()[:500], actor=actor)
    return found


def _registered(found: Retrospective, now: datetime, *, how: str, reference: str, actor: User | None = None) -> None:
    found.registered_at, found.reference = now, reference
    found.save(update_fields=["registered_at", "registered_by", "reference"])
    record(
        found.incident, "retrospective.registered", at=now, actor=actor, rule="T1", how=how, reference=reference,
        due_at=found.due_at, late_seconds=_seconds(late_by(found.due_at, now)),
    )  # fmt: skip


@transaction.atomic
def complete_retrospective(
    *, incident_id: UUID, actor: User, now: datetime, version: int, none_because: str = ""
) -> Retrospective:
    """The lead says that everything of T2 is written; later changes stay possible, and are recorded as such."""
    incident = lock_incident(incident_id)
    require(actor, Action.COMPLETE_RETROSPECTIVE, incident.service, now=now, incident=incident)
    found = Retrospective.objects.select_for_update().get(incident=incident)
    _refuse_second(found, version)
    texts, follow_ups = texts_of(found), found.follow_ups.filter(cancelled_at__isnull=True).count()
    missing = still_missing(texts, follow_ups=follow_ups, none_because=none_because)
    if missing:
        raise NotCompleteYet(
            "T2", f"Not yet written: {', '.join(missing)}. Without follow-ups, say why there are none."
        )
    for section in found.sections.select_for_update().filter(version=0):
        keep_as_first(section, now)
        write_down(section, texts[Section(section.name)], None, now)
    found.none_because = "" if follow_ups else none_because.strip()
    found.completed_at, found.completed_by, found.version = now, actor, version + 1
    found.save()
    _record_completion(found, texts, follow_ups, now, actor)
    return found


def _refuse_second(found: Retrospective, version: int) -> None:
    if found.completed_at:
        raise AlreadyComplete("T2", f"It was completed at {found.completed_at:%Y-%m-%d %H:%M} UTC.")
    if found.version != version:
        raise StaleView("T2", "Somebody changed the retrospective meanwhile: look at it again.")


def _record_completion(
    found: Retrospective, texts: Mapping[Section, str], follow_ups: int, now: datetime, actor: User
) -> None:
    record(
        found.incident, "retrospective.completed", at=now, actor=actor, rule="T2", complete_by=found.complete_by,
        late_seconds=_seconds(late_by(found.complete_by, now)), follow_ups=follow_ups, none_because=found.none_because,
        sections={name.value: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()},
    )  # fmt: skip


def _seconds(late: timedelta | None) -> int | None:
    return int(late.total_seconds()) if late else None


def keep_series(now: datetime) -> None:
    """Samples are forgotten after hours; what a retrospective draws is kept with it, once the minutes after are in."""
    bare = Retrospective.objects.filter(series__isnull=True, opened_at__lt=now - SERIES_AFTER)
    for found in bare.select_related("incident__service")[:20]:
        kept = series_around(found.incident, now)
        Retrospective.objects.filter(pk=found.pk).update(series=kept)
