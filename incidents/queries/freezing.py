"""What a freeze asks of the rows: which pull requests are our own, and whether anything still warns."""

from dataclasses import dataclass

from incidents.models.decision import Plan
from incidents.models.incident import OPEN_STATES, Incident
from incidents.models.service import Service
from incidents.models.step import Step
from incidents.procedure.steps import ENDED, WAITS_FOR_A_PERSON, StepKind

OWN_STEPS = (StepKind.PUSH_REVERT, StepKind.OPEN_PULL_REQUEST, StepKind.FIND_FIX, StepKind.REVIEW)


@dataclass(frozen=True, slots=True)
class OwnWork:
    """The branches and pull requests that lead out of open incidents: reverts, adopted ones, prepared fixes."""

    branches: frozenset[str]
    numbers: frozenset[int]


def own_work(service: Service) -> OwnWork:
    """Of every open incident of the repository: one rollback may serve several services."""
    open_ones = Incident.objects.filter(service__repository=service.repository, state__in=OPEN_STATES)
    planned = Plan.objects.filter(incident__in=open_ones, replaced_at__isnull=True).values_list("branch", flat=True)
    steps = Step.objects.filter(incident__in=open_ones, kind__in=OWN_STEPS).exclude(evidence={})
    found = [evidence for (evidence,) in steps.values_list("evidence")]
    branches = {each["branch"] for each in found if isinstance(each.get("branch"), str)}
    numbers = {each["number"] for each in found if isinstance(each.get("number"), int)}
    return OwnWork(frozenset({*branches, *filter(None, planned)}), frozenset(numbers))


def warnings_end(incident: Incident) -> bool:
    """Whether no worker can set a warning of this incident any more."""
    return not incident.steps.filter(kind=StepKind.FREEZE).exclude(state__in=[*ENDED, *WAITS_FOR_A_PERSON]).exists()


def frozen_by_another(incident: Incident) -> str:
    """The number of another open incident that warns onto the same branch; empty where there is none."""
    service = incident.service
    others = Incident.objects.filter(
        service__repository=service.repository, service__branch=service.branch, state__in=OPEN_STATES,
        steps__kind=StepKind.FREEZE,
    )  # fmt: skip
    return others.exclude(pk=incident.pk).values_list("number", flat=True).first() or ""
