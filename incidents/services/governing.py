"""X2: the Incident Response Plan governs from here: the console's own plan is frozen, CISO and CTO are woken (E20)."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User

from incidents.models.decision import Decision
from incidents.models.incident import Incident
from incidents.models.step import Step
from incidents.procedure.steps import IncidentState, StepKind, StepState
from incidents.procedure.words import escalated, stamped
from incidents.queries.escalation import ESCALATED_TO, grounds_of
from incidents.queries.plans import plan_in_force
from incidents.services.announcing import open_step
from incidents.services.gating import release_steps
from incidents.services.recording import record
from incidents.services.waking import wake

FROZEN = "Escalated: the Incident Response Plan governs, this plan is frozen."


def hand_to_the_plan(*, incident: Incident, decision: Decision, now: datetime, actor: User) -> None:
    """Freeze, tell the channel, wake. Runs inside the caller's transaction, which goes on to save the incident.

    What runs is not torn away, what watches is only watched; stop the bleed, public words and the record go on.
    """
    incident.state = IncidentState.ESCALATED
    incident.save(update_fields=["state"])
    _freeze(incident, now, actor)
    said = escalated(
        incident=incident.number, title=incident.title, why=grounds_of(decision), owner=settings.PLAN_OWNER
    )
    text = {"text": stamped(said, now), "said": said}
    open_step(incident, StepKind.ANNOUNCE, text, now=now, actor=actor, rule="X2")
    wake(incident, roles=ESCALATED_TO, rule="X2", words=said, url=incident.get_absolute_url(), now=now, actor=actor)


def _freeze(incident: Incident, now: datetime, actor: User) -> None:
    plan = plan_in_force(incident)
    if plan is None:
        return
    Step.objects.filter(plan=plan, state=StepState.READY).update(
        state=StepState.BLOCKED, due_at=None, lease=None, sentence=FROZEN
    )
    release_steps(incident=incident, now=now)
    record(incident, "plan.frozen", at=now, actor=actor, rule="E20", plan=plan.number)
