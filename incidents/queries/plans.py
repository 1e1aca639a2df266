"""What a plan is made from, what it goes by, and whose word it waits for."""

from typing import Any

from django.conf import settings

from incidents.models.change import Assessment, Change
from incidents.models.decision import Confirmation, Decision, Plan
from incidents.models.incident import Incident
from incidents.procedure.answers import Answers
from incidents.procedure.decision import Path, needs_of
from incidents.procedure.planning import BY_A_FIX, Fix, PlanFacts
from incidents.procedure.steps import IncidentState


def plan_facts(decision: Decision) -> PlanFacts:
    """What the steps and the commands by hand are made from; what was not named yet is empty."""
    incident, named = decision.incident, decision.particulars
    service, change = incident.service, decision.change
    return PlanFacts(
        incident=incident.number,
        repository=service.repository,
        branch=service.branch,
        workflow=service.workflow,
        environment=service.environment,
        change_title=change.title if change else "",
        commits=(tuple(change.commits) or (change.sha,)) if change else (),
        mainline=1 if change and change.kind == Change.Kind.MERGE else None,
        incident_url=incident.address,
        fix=_fix(named.get("found")),
        flag=named.get("flag", ""),
        credential=named.get("credential", ""),
        secrets_url=settings.DOCUMENT_SECRETS_MANAGEMENT,
    )


def _fix(found: dict[str, Any] | None) -> Fix | None:
    return Fix(found["number"], found["head"], found["title"]) if found else None


def verdicts_of(decision: Decision, assessment: Assessment) -> dict[str, str]:
    """What was known of the revert and of the change, and what of it was set aside: part of what approvals bind to."""
    overruled = ",".join(sorted(each["field"] for each in decision.overruled))
    read = {"schema": assessment.schema} if assessment.schema else {}
    return {"revert": assessment.verdict, **read, **({"overruled": overruled} if overruled else {})}


def goes_by_a_fix(decision: Decision) -> bool:
    """Whether it follows a fix's pull request (D5, M2's hotfix)."""
    return Path(decision.path) in BY_A_FIX


def newest_decision(incident: Incident) -> Decision | None:
    """The decision in force, or the last one taken."""
    found = incident.decisions.select_related("change", "incident__service").order_by("-number")
    return found.first()


def plan_in_force(incident: Incident) -> Plan | None:
    """The plan that nothing has replaced, with what it was decided on."""
    return incident.plans.filter(replaced_at__isnull=True).select_related("decision__change").first()


def is_isolated(incident: Incident, decision: Decision | None) -> bool:
    """Customers are kept from what fails, and the fix is still to come (M2)."""
    return bool(decision and decision.path == Path.ISOLATE and incident.state == IncidentState.RECOVERED)


def asks_for_credential(decision: Decision) -> bool:
    """Whether the decided path waits for C1's word."""
    needs = needs_of(Answers.from_form(decision.answers), Path(decision.path))
    return any(need.rule == "C1" and need.holds for need in needs)


def confirmation_of(decision: Decision, rule: str) -> Confirmation | None:
    """The word that the rule waits for, as long as it stands."""
    found = decision.confirmations.filter(rule=rule, withdrawn_at__isnull=True)
    return found.select_related("confirmed_by").first()
