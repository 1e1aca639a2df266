"""An export of the record: asked for, made by a worker, downloaded, expired; each recorded."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from incidents import dispatch
from incidents.models.circumstances import act_as
from incidents.models.export import Export
from incidents.models.incident import Incident
from incidents.procedure.exporting import UNDER_WAY, ExportForm, ExportState
from incidents.procedure.refusals import Refusal
from incidents.queries.audit import require_auditor
from incidents.services.recording import record_in

STREAM: Final = "access"
SIGN_OF_LIFE: Final = timedelta(seconds=60)
GIVEN_UP_AFTER: Final = timedelta(hours=6)
AT_ONCE: Final = 3


class ExportRefused(Refusal):
    """This cannot be exported, or not now."""


@transaction.atomic
def ask_export(
    *,
    form: str,
    actor: User,
    now: datetime,
    incident: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> Export:
    """Ask a worker for the record of an incident, of a period, or whole; only an auditor does."""
    require_auditor(actor)
    act_as(actor.pk, "auditor")
    if form not in list(ExportForm):
        raise ExportRefused("T2", "Say in which form: bundle, JSON Lines or CSV.")
    if since and until and since >= until:
        raise ExportRefused("T2", "The period ends before it begins.")
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    if Export.objects.filter(asked_by=actor, state__in=UNDER_WAY).count() >= AT_ONCE:
        raise ExportRefused("T2", f"{AT_ONCE} exports of yours are being made already: wait for one of them.")
    of = Incident.objects.filter(number=incident).first() if incident else None
    if incident and of is None:
        raise ExportRefused("T2", f"There is no incident {incident[:20]}.")
    asked = Export.objects.create(
        asked_by=actor, asked_at=now, form=form, incident=of, since=since, until=until, moved_at=now
    )
    record_in(STREAM, "export.asked", at=now, actor=actor, rule="T2", **_about(asked))
    dispatch.make_export(asked.pk)
    return asked


@transaction.atomic
def claim_export(*, export_id: UUID, now: datetime) -> Export | None:
    """Take one that waits, or that a worker has let go of; None where there is nothing to do, or it is given up."""
    found = _idle(now).select_for_update(skip_locked=True, of=("self",)).filter(pk=export_id).first()
    if found is None:
        return None
    if found.state == ExportState.MAKING and found.asked_at < now - GIVEN_UP_AFTER:
        fail_export(export=found, words="No worker could finish it within six hours: ask for less at once.", now=now)
        return None
    found.state, found.moved_at, found.rows, found.words = ExportState.MAKING, now, 0, ""
    found.save(update_fields=["state", "moved_at", "rows", "words"])
    return found


def note_progress(*, export: Export, rows: int, total: int, now: datetime) -> None:
    """So many of so many entries are copied; this is also the worker's sign of life."""
    Export.objects.filter(pk=export.pk, state=ExportState.MAKING).update(rows=rows, total=total, moved_at=now)


@transaction.atomic
def finish_export(*, export: Export, rows: int, size: int, sha256: str, words: str, now: datetime) -> None:
    """The file is there, until it expires; `words` say where the record was not intact."""
    expires_at = now + timedelta(hours=settings.EXPORT_KEPT_HOURS)
    made = {"rows": rows, "total": rows, "size": size, "sha256": sha256, "words": words, "moved_at": now}
    Export.objects.filter(pk=export.pk).update(state=ExportState.READY, ready_at=now, expires_at=expires_at, **made)
    record_in(
        STREAM, "export.made", at=now, rule="T2", **_about(export), rows=rows, size=size, sha256=sha256, words=words
    )


@transaction.atomic
def fail_export(*, export: Export, words: str, now: datetime) -> None:
    """It could not be made; the words say why."""
    Export.objects.filter(pk=export.pk).update(state=ExportState.FAILED, words=words, moved_at=now)
    record_in(STREAM, "export.failed", at=now, rule="T2", **_about(export), words=words)


@transaction.atomic
def note_download(*, export: Export, actor: User, now: datetime) -> None:
    """Somebody takes the file away: all the personal texts in it go with them."""
    act_as(actor.pk, "auditor")
    record_in(STREAM, "export.downloaded", at=now, actor=actor, rule="T2", **_about(export), sha256=export.sha256)


@transaction.atomic
def expire_export(*, export_id: UUID, now: datetime) -> Export | None:
    """Its time is over: whoever gets it removes the file; None where it is not so, or another was faster."""
    found = Export.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=export_id)
    over = found.filter(state=ExportState.READY, expires_at__lte=now).first()
    if over is None:
        return None
    Export.objects.filter(pk=over.pk).update(state=ExportState.EXPIRED)
    record_in(STREAM, "export.expired", at=now, rule="T2", **_about(over))
    return over


def expired_exports(now: datetime) -> list[UUID]:
    """Those whose files are to be removed."""
    over = Export.objects.filter(state=ExportState.READY, expires_at__lte=now)
    return list(over.values_list("pk", flat=True)[:100])


def due_exports(now: datetime) -> list[UUID]:
    """What nobody is making: a nudge was lost, or a worker died."""
    return list(_idle(now).order_by("asked_at").values_list("pk", flat=True)[:20])


def _idle(now: datetime) -> QuerySet[Export]:
    waiting, let_go = Q(state=ExportState.WAITING), Q(state=ExportState.MAKING, moved_at__lt=now - SIGN_OF_LIFE)
    return Export.objects.filter(waiting | let_go)


def _about(export: Export) -> dict[str, Any]:
    return {
        "export": export.pk, "form": export.form, "of": export.incident.number if export.incident else None,
        "since": export.since, "until": export.until,
    }  # fmt: skip
