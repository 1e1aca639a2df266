"""Words for the channel (S4): one click from the moment of declaring, never held up by anything (E3)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.incident import Incident
from incidents.models.step import Step
from incidents.procedure.duty import Action
from incidents.procedure.refusals import Refusal
from incidents.procedure.speculation import speculation_in
from incidents.procedure.steps import FORMS, StepKind, StepState
from incidents.procedure.words import stamped, too_long
from incidents.queries.duty import require
from incidents.services.gating import ready_step
from incidents.services.leading import OPEN
from incidents.services.locking import lock_incident
from incidents.services.recording import record


class WordsNeedALook(Refusal):
    """Something in the message reads like speculation; the author may keep it knowingly (S4)."""


@transaction.atomic
def announce(*, incident_id: UUID, actor: User, now: datetime, text: str, knowingly: bool = False) -> Step:
    """Post a message to the service's channel, time-stamped; raises `WordsNeedALook` where it speculates."""
    incident = lock_incident(incident_id, state=OPEN)
    require(actor, Action.STOP_THE_BLEED, incident.service, now=now, incident=incident)
    if not text.strip():
        raise WordsNeedALook("S4", "There is nothing to post yet: say what is seen, and what is being done.")
    remarks = [mark.reason for mark in speculation_in(text)] + [each for each in [too_long(text)] if each]
    if remarks and not knowingly:
        raise WordsNeedALook("S4", " ".join(remarks))
    words = stamped(f"{incident.number} · {incident.service.name} · {text.strip()}", now)
    return open_step(incident, StepKind.ANNOUNCE, {"text": words, "said": text.strip()}, now=now, actor=actor)


def open_step(
    incident: Incident,
    kind: StepKind,
    parameters: Mapping[str, Any],
    *,
    now: datetime,
    actor: User | None,
    rule: str = "",
) -> Step:
    """A step of the incident alone, outside any plan, ready at once (settled.md, Steps outside a plan)."""
    step = place_step(incident, kind, parameters, now=now, actor=actor, rule=rule)
    record(
        incident, "step.asked", at=now, actor=actor, rule=step.rule, step=step.pk, step_kind=kind,
        said=parameters.get("said", ""), text=parameters.get("text", ""),
    )  # fmt: skip
    ready_step(step, now)
    return step


def place_step(
    incident: Incident,
    kind: StepKind,
    parameters: Mapping[str, Any],
    *,
    now: datetime,
    actor: User | None,
    rule: str = "",
) -> Step:
    """The row of such a step, under the rule it is asked for; its caller writes it down and readies it."""
    return Step.objects.create(
        incident=incident, kind=kind, rule=rule or FORMS[kind].rule, state=StepState.BLOCKED,
        parameters=dict(parameters), asked_by=actor, asked_at=now,
    )  # fmt: skip
