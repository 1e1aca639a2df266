"""An escalated incident at a glance: by whom, why, who was woken and who has answered, what still works here (X2)."""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User

from incidents.models.decision import Decision
from incidents.models.incident import Incident
from incidents.models.ledger import LedgerEntry
from incidents.models.step import Step
from incidents.procedure.answers import Answers
from incidents.procedure.decision import Path, Reason, advise
from incidents.procedure.steps import IncidentState, Resolution
from incidents.queries.shapes import EscalationPanel, FiredRule
from incidents.queries.waking import Answers as WhoAnswered
from incidents.queries.waking import woken_lines

ESCALATED_TO: Final = ("ciso", "cto")
SEEN, ACKNOWLEDGED = "escalation.seen", "escalation.acknowledged"


def grounds_of(decision: Decision) -> str:
    """Why it was escalated, in a sentence: X1's grounds, else the reason that was given."""
    grounds = " ".join(reason.sentence for reason in _grounds(decision))
    return decision.reason or grounds or "The on-call engineer asks the plan's owner to govern."


def _grounds(decision: Decision) -> tuple[Reason, ...]:
    return tuple(reason for reason in advise(Answers.from_form(decision.answers)).reasons if reason.rule == "X1")


def may_govern(person: User, incident: Incident) -> bool:
    """Whether the incident was escalated to this person: by role, or woken as a deputy (X2, E14)."""
    if not person.is_active:
        return False
    return person.groups.filter(name__in=ESCALATED_TO).exists() or _was_woken(person, incident)


def _was_woken(person: User, incident: Incident) -> bool:
    told = LedgerEntry.objects.filter(incident=incident, kind="people.woken", rule="X2")
    return any(each["id"] == person.pk for entry in told for each in entry.data["woken"])


def answers_to_escalation(incident: Incident) -> WhoAnswered:
    """What those who were escalated to have done since."""
    found = LedgerEntry.objects.filter(incident=incident, kind__in=(SEEN, ACKNOWLEDGED), actor__isnull=False)
    by_kind: dict[str, dict[int, datetime]] = {SEEN: {}, ACKNOWLEDGED: {}}
    for kind, actor, at in found.order_by("seq").values_list("kind", "actor_id", "at"):
        by_kind[kind].setdefault(actor, at)
    return WhoAnswered(by_kind[SEEN], by_kind[ACKNOWLEDGED])


def escalation_panel(incident: Incident, decisions: list[Decision], steps: list[Step]) -> EscalationPanel | None:
    """None where the incident was never escalated; `decisions` newest first."""
    if incident.state != IncidentState.ESCALATED and incident.resolution != Resolution.ESCALATED:
        return None
    decision = next((each for each in decisions if each.path == Path.ESCALATE), None)
    if decision is None:
        return None
    answered = answers_to_escalation(incident)
    return EscalationPanel(
        by=decision.decided_by.username,
        at=decision.decided_at,
        grounds=tuple(FiredRule(reason.rule, reason.sentence) for reason in _grounds(decision)),
        reason=decision.reason,
        owner=settings.PLAN_OWNER,
        woken=woken_lines(incident, steps, rule="X2", answers=answered),
        governing=tuple(_names(answered)),
        over=not incident.is_open,
    )


def _names(answered: WhoAnswered) -> list[str]:
    """In the order in which they said that they have it."""
    found = User.objects.in_bulk(list(answered.acknowledged))
    return [found[pk].username for pk in answered.acknowledged]
