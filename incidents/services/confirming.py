"""C1: the credential that a rollback brings back is confirmed with Secrets Management, or it is not (C2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.decision import Confirmation, Decision
from incidents.models.incident import Incident
from incidents.procedure.duty import Action
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import IncidentState
from incidents.queries.duty import require
from incidents.queries.plans import asks_for_credential, confirmation_of, newest_decision
from incidents.services.concluding import back_to_decision, retire_plan
from incidents.services.gating import release_steps
from incidents.services.locking import lock_incident, moved
from incidents.services.recording import record

QUESTION = "credential_still_valid"
STANDS = (IncidentState.DECIDED, IncidentState.EXECUTING)


class NothingToConfirm(Refusal):
    """The plan brings no previous credential back."""


class ConfirmedAlready(Refusal):
    """Somebody has confirmed it."""


class ConfirmationIncomplete(Refusal):
    """A confirmation says what was checked, and with whom."""


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody found out: what was checked, with whom at Secrets Management, and what shows it."""

    checked: str
    asked: str
    evidence: str = ""

    def as_data(self) -> Mapping[str, str]:
        """As it is kept; raises `ConfirmationIncomplete`."""
        if not self.checked.strip() or not self.asked.strip():
            words = "Say what was checked, and with whom at Secrets Management: from memory is not confirmed."
            raise ConfirmationIncomplete("C1", words)
        return {"checked": self.checked.strip(), "asked": self.asked.strip(), "evidence": self.evidence.strip()}


@transaction.atomic
def confirm_credential(*, incident_id: UUID, actor: User, now: datetime, version: int, word: Word) -> Confirmation:
    """The previous credential is still valid: what waited for that word goes on (C1)."""
    incident, decision = _asked(incident_id, actor, now, version)
    said = word.as_data()
    if before := confirmation_of(decision, "C1"):
        by = before.confirmed_by.username if before.confirmed_by else "the console"
        raise ConfirmedAlready("C1", f"{by} confirmed it at {before.confirmed_at:%H:%M:%S} UTC.")
    given = Confirmation.objects.create(
        incident=incident, decision=decision, rule="C1", question=QUESTION, words=said["checked"], evidence=dict(said),
        confirmed_by=actor, confirmed_at=now,
    )  # fmt: skip
    moved(incident)
    record(incident, "confirmation.given", at=now, actor=actor, rule="C1", question=QUESTION, **said)
    release_steps(incident=incident, now=now)
    return given


@transaction.atomic
def deny_credential(*, incident_id: UUID, actor: User, now: datetime, version: int, word: Word) -> Incident:
    """The previous credential is no longer valid: nothing is rolled back, the decision is taken again (C2)."""
    incident, decision = _asked(incident_id, actor, now, version)
    said = word.as_data()
    decision.confirmations.filter(rule="C1", withdrawn_at__isnull=True).update(withdrawn_at=now)
    retire_plan(incident, now)
    record(incident, "confirmation.denied", at=now, actor=actor, rule="C2", question=QUESTION, **said)
    return back_to_decision(incident, decision, again={QUESTION: "no"})


@transaction.atomic
def note_machine(*, decision_id: UUID, words: str, now: datetime) -> None:
    """What a machine could tell about the credential; a person must still say yes (C1)."""
    incident = lock_incident(Decision.objects.values_list("incident_id", flat=True).get(pk=decision_id))
    decision = newest_decision(incident)
    if decision is None or decision.pk != decision_id or incident.state not in STANDS:
        return
    decision.particulars = {**decision.particulars, "machine": words}
    decision.save(update_fields=["particulars"])
    record(incident, "confirmation.looked_up", at=now, rule="C1", words=words)


def _asked(incident_id: UUID, actor: User, now: datetime, version: int) -> tuple[Incident, Decision]:
    incident = lock_incident(incident_id, version=version, state=STANDS)
    require(actor, Action.CONFIRM_CREDENTIAL, incident.service, now=now, incident=incident)
    decision = newest_decision(incident)
    if decision is None or not asks_for_credential(decision):
        raise NothingToConfirm("C1", "This plan brings no previous credential back.")
    return incident, decision
