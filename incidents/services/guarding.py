"""A change that was taken back must not ship again without its revert, unless somebody reapplies it knowingly."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.change import Reversion
from incidents.models.incident import Incident
from incidents.models.service import Service
from incidents.models.step import Step
from incidents.procedure.decision import Path
from incidents.procedure.duty import Action
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import StepKind
from incidents.procedure.words import stamped
from incidents.queries.duty import require
from incidents.services.announcing import open_step
from incidents.services.recording import record

MOST_GUARDED = 50


class NotBack(Refusal):
    """The change has not come back, so there is nothing to accept."""


class WhyMissing(Refusal):
    """Lifting the guard says why."""


def note_reversion(step: Step, now: datetime) -> None:
    """A rollback's merge is done: from now on the change is guarded. Runs in the transaction that ends the step."""
    if step.kind != StepKind.MERGE or step.plan is None or step.plan.decision.path != Path.ROLLBACK:
        return
    step.refresh_from_db(fields=["evidence"])  # a claim holds the row as it was before the work
    change, sha = step.plan.decision.change, str(step.evidence.get("merge_sha") or step.evidence.get("sha") or "")
    if change is None:
        return
    known = "" if step.evidence.get("already_on_branch") else sha
    Reversion.objects.update_or_create(
        incident=step.incident, change=change,
        defaults={"revert_sha": known, "reverted_at": now, "reapplied_at": None, "reapplied_sha": "", "back_sha": ""},
    )  # fmt: skip
    change.reverted_by = sha
    change.save(update_fields=["reverted_by"])


def standing_reversions(service: Service) -> list[Reversion]:
    """What of this service was taken back and not reapplied since, the newest first, bounded."""
    standing = Reversion.objects.filter(change__service=service, reapplied_at__isnull=True)
    return list(standing.select_related("change__service", "incident__service").order_by("-reverted_at")[:MOST_GUARDED])


@transaction.atomic
def note_judged(*, reversion_id: UUID, place: str, sha: str, why: str, now: datetime) -> None:
    """What the change's lines do at a commit of the branch or of production; `why` is empty where they are gone.

    Back again is said once a commit: in the record, in the channel, and on the dashboard as long as it holds.
    """
    incident = Incident.objects.locked().get(reversions__pk=reversion_id)
    reversion = Reversion.objects.select_for_update(of=("self",)).select_related("change").get(pk=reversion_id)
    warned = reversion.judged.get("warned", [])
    reversion.judged = {**reversion.judged, place: {"sha": sha, "back": bool(why)}}
    back = [each["sha"] for key, each in reversion.judged.items() if key != "warned" and each["back"]]
    reversion.back_sha = back[0] if back else ""
    if why and sha not in warned:
        reversion.judged["warned"] = [*warned, sha]
        _warn(incident, reversion, place, sha, why, now)
    reversion.save(update_fields=["judged", "back_sha"])


def _warn(incident: Incident, reversion: Reversion, place: str, sha: str, why: str, now: datetime) -> None:
    change = reversion.change
    words = (
        f"{change.short_sha} “{change.title}”, taken back in {incident.number}, is {place} again at {sha[:8]}: {why}"
        " Take it back once more, or reapply it knowingly."
    )
    record(incident, "guard.shipped_again", at=now, rule="R1", change=change.sha, sha=sha, place=place, words=words)
    text = stamped(f"{incident.number} · {incident.service.name} · {words}", now)
    open_step(incident, StepKind.ANNOUNCE, {"text": text, "said": words}, now=now, actor=None)


@transaction.atomic
def lift_guard(*, reversion_id: UUID, sha: str, now: datetime, actor: User | None = None, reason: str = "") -> None:
    """It is back knowingly: by the merge of its reapply, or by an engineer's word with a reason."""
    incident = Incident.objects.locked().get(reversions__pk=reversion_id)
    reversion = Reversion.objects.select_for_update(of=("self",)).select_related("change").get(pk=reversion_id)
    if reversion.reapplied_at:
        return
    reversion.reapplied_at, reversion.reapplied_sha, reversion.back_sha = now, sha, ""
    reversion.save(update_fields=["reapplied_at", "reapplied_sha", "back_sha"])
    reversion.change.reverted_by = ""
    reversion.change.save(update_fields=["reverted_by"])
    record(
        incident, "change.reapplied", at=now, actor=actor, rule="R4", change=reversion.change.sha,
        title=reversion.change.title, sha=sha, reason=reason,
    )  # fmt: skip


@transaction.atomic
def accept_return(*, incident_id: UUID, change_sha: str, actor: User, now: datetime, reason: str) -> None:
    """An engineer says that the change is back on purpose, by another way than the console's."""
    incident = Incident.objects.locked().select_related("service").get(pk=incident_id)
    require(actor, Action.DECLARE, incident.service, now=now, incident=incident)
    reversion = Reversion.objects.get(incident=incident, change__sha=change_sha)
    if not reversion.back_sha or reversion.reapplied_at:
        raise NotBack("R1", "The change is not back: there is nothing to accept.")
    if not reason.strip():
        raise WhyMissing("R1", "Say why it may be back: it stands in the record.")
    lift_guard(reversion_id=reversion.pk, sha=reversion.back_sha, now=now, actor=actor, reason=reason.strip())
