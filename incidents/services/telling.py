"""Who is told when a decision is taken: the CTO (D7), and the channel with every remaining command (E19)."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User

from incidents.models.decision import Decision, Plan
from incidents.models.incident import Incident
from incidents.procedure.commands import as_message, manual_commands
from incidents.procedure.decision import Path
from incidents.procedure.steps import StepKind
from incidents.procedure.words import informing_the_cto
from incidents.queries.plans import plan_facts
from incidents.services.announcing import open_step

TOLD = {Path.ROLLBACK: ("cto",)}


def tell_of_decision(*, incident: Incident, decision: Decision, plan: Plan | None, now: datetime, actor: User) -> None:
    """Ready the messages that follow from a decision; nothing waits for them. X2's own are sent by `governing`."""
    path = Path(decision.path)
    if path in TOLD and incident.customer_impact:
        _inform(incident, decision, path, now, actor)
    if plan:
        post_commands(incident=incident, decision=decision, plan=plan, now=now, actor=actor)


def _inform(incident: Incident, decision: Decision, path: Path, now: datetime, actor: User) -> None:
    people = User.objects.filter(groups__name__in=TOLD[path], is_active=True).exclude(email="").order_by("username")
    text = informing_the_cto(
        incident=incident.number, service=incident.service.name, path=path, at=now,
        change_title=decision.change.title if decision.change else "",
        url=incident.address,
    )  # fmt: skip
    addresses = list(people.values_list("email", flat=True).distinct())
    open_step(incident, StepKind.INFORM_CTO, {"text": text, "addresses": addresses}, now=now, actor=actor)


def post_commands(*, incident: Incident, decision: Decision, plan: Plan, now: datetime, actor: User) -> None:
    """The commands of every step of a plan just made, for when the console is down next (E19)."""
    if not settings.POST_COMMANDS:
        return
    commands = manual_commands(
        plan_facts(decision), path=Path(decision.path), revert_branch=plan.branch,
        dashboard_url=incident.service.dashboard_url,
    )  # fmt: skip
    open_step(
        incident, StepKind.POST_COMMANDS, {"text": as_message(incident.number, commands, now)}, now=now, actor=actor
    )
