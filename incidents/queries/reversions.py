"""Changes that were taken back: where they stand, and which ship again without their revert."""

from collections.abc import Iterable, Iterator
from typing import Final

from django.urls import reverse

from incidents.models.change import Change, Reversion
from incidents.models.service import Service
from incidents.models.step import Step
from incidents.procedure.steps import FORMS, WAITS_FOR_A_PERSON, IncidentState, StepKind, StepState
from incidents.queries.shapes import Badge, Link, ReversionRow

STEPS: Final = (StepKind.PUSH_REAPPLY, StepKind.PROPOSE_REAPPLY)
STANDS: Final = Badge("guarded", "ok", "shield-check")
BACK: Final = Badge("ships again", "danger", "siren", solid=True)
REAPPLIED: Final = Badge("reapplied", "idle", "redo-2")


def shipped_again(services: Iterable[Service]) -> tuple[Link, ...]:
    """A line for each change that is back without anybody's word."""
    back = Reversion.objects.filter(change__service__in=list(services), reapplied_at__isnull=True).exclude(back_sha="")
    found = back.select_related("change__service", "incident").order_by("-reverted_at")
    return tuple(Link(_line(each), _change_url(each.change)) for each in found)


def _line(reversion: Reversion) -> str:
    change = reversion.change
    return (
        f"{change.service.name}: {change.short_sha} “{change.title}”, taken back in {reversion.incident.number},"
        f" ships again with {reversion.back_sha[:8]}."
    )


def _change_url(change: Change) -> str:
    return reverse("incidents:change", args=[change.service.slug, change.sha])


def reversion_rows(change: Change, *, actionable: bool) -> tuple[ReversionRow, ...]:
    """Each time it was taken back, the newest first; `actionable` for an engineer of the service."""
    found = Reversion.objects.filter(change=change).select_related("incident", "change").order_by("-reverted_at")
    return tuple(_row(each, actionable) for each in found)


def _row(reversion: Reversion, actionable: bool) -> ReversionRow:
    incident, steps = reversion.incident, list(_steps(reversion))
    opened = next((step.url for step in reversed(steps) if step.url), "")
    return ReversionRow(
        incident=incident.number,
        url=reverse("incidents:detail", args=[incident.number]),
        words=_words(reversion),
        badge=REAPPLIED if reversion.reapplied_at else BACK if reversion.back_sha else STANDS,
        at=reversion.reverted_at,
        steps=tuple(f"{FORMS[StepKind(step.kind)].title}: {step.sentence or step.state}" for step in steps),
        link=Link("The pull request that reapplies it", opened) if opened else None,
        reapply_url=_url("reapply", reversion) if actionable and _may_reapply(reversion, steps) else "",
        accept_url=_url("accept-return", reversion) if actionable and _is_back(reversion) else "",
    )


def _steps(reversion: Reversion) -> Iterator[Step]:
    asked = reversion.incident.steps.filter(kind__in=STEPS, parameters__change=reversion.change.sha)
    yield from asked.exclude(state=StepState.CANCELLED).order_by("asked_at")


def _words(reversion: Reversion) -> str:
    if reversion.reapplied_at:
        return f"Reapplied knowingly as {reversion.reapplied_sha[:8]}. Taken back before in"
    if reversion.back_sha:
        return f"It ships again with {reversion.back_sha[:8]}, though it was taken back in"
    return f"By {reversion.revert_sha[:8] or 'a commit made outside'}, in"


def _may_reapply(reversion: Reversion, steps: list[Step]) -> bool:
    over = reversion.incident.state in (IncidentState.RECOVERED, IncidentState.CLOSED)
    moving = [step for step in steps if step.state not in WAITS_FOR_A_PERSON]
    stuck = len(moving) < len(steps)
    return over and not reversion.reapplied_at and bool(reversion.revert_sha) and (stuck or not steps)


def _is_back(reversion: Reversion) -> bool:
    return bool(reversion.back_sha) and reversion.reapplied_at is None


def _url(name: str, reversion: Reversion) -> str:
    return reverse(f"incidents:{name}", args=[reversion.incident.number])
