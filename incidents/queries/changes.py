"""Changes as rows: who merged what, when it reached production, and what its revert would do."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.urls import reverse

from incidents.models.change import Assessment, Change, Deployment
from incidents.models.incident import OPEN_STATES, Suspect
from incidents.models.service import Service
from incidents.queries.badges import PENDING, VERDICTS
from incidents.queries.findings import reading_of, schema_badge
from incidents.queries.reversions import reversion_rows
from incidents.queries.shapes import (
    Badge,
    ChangePage,
    ChangeRow,
    DependentRow,
    Evidence,
    FileLine,
    FindingView,
    Link,
    PreviewView,
    SurvivorLine,
)

DEPLOYMENTS: Mapping[str, Badge] = {
    Deployment.State.PENDING: Badge("waiting to deploy", "wait", "clock"),
    Deployment.State.RUNNING: Badge("deploying", "accent", "loader"),
    Deployment.State.SUCCEEDED: Badge("in production", "ok", "check"),
    Deployment.State.FAILED: Badge("deploy failed", "danger", "x"),
    Deployment.State.REPLACED: Badge("replaced since", "idle", "history"),
}


def change_rows(changes: Iterable[Change], *, actionable: bool = False) -> tuple[ChangeRow, ...]:
    """Rows for changes, with the deployments and open incidents of all of them read in two queries.

    Expects `service` and `assessment` to be selected with the changes.
    """
    found = list(changes)
    deployed = _deployments(found)
    suspected = _open_incidents(found)
    return tuple(
        _row(each, deployed.get((each.service_id, each.sha)), suspected.get(each.pk), actionable) for each in found
    )


def _deployments(changes: list[Change]) -> dict[tuple[object, str], Deployment]:
    shas = {each.sha for each in changes}
    rows = Deployment.objects.filter(sha__in=shas).order_by("started_at")
    return {(each.service_id, each.sha): each for each in rows}


def _open_incidents(changes: list[Change]) -> dict[object, Suspect]:
    rows = Suspect.objects.filter(change__in=changes, incident__state__in=OPEN_STATES, chosen=True)
    return {each.change_id: each for each in rows.select_related("incident")}


def _row(change: Change, deployment: Deployment | None, suspect: Suspect | None, actionable: bool) -> ChangeRow:
    return ChangeRow(
        sha=change.sha,
        short_sha=change.short_sha,
        title=change.title,
        author=change.author,
        service=change.service.name,
        url=change.url,
        page_url=reverse("incidents:change", args=[change.service.slug, change.sha]),
        preview=preview_of(change),
        number=change.pull_request,
        merged_at=change.merged_at,
        deployed_at=_deployed_at(deployment),
        deployment=DEPLOYMENTS[deployment.state] if deployment else None,
        roll_back_url=_roll_back_url(change) if actionable and suspect is None else "",
        incident=_incident_link(suspect),
        schema=schema_badge(getattr(change, "assessment", None)),
    )


def _deployed_at(deployment: Deployment | None) -> datetime | None:
    shown = (Deployment.State.SUCCEEDED, Deployment.State.REPLACED)
    return deployment.finished_at if deployment and deployment.state in shown else None


def _roll_back_url(change: Change) -> str:
    return f"{reverse('incidents:declare')}?service={change.service.slug}&suspect={change.sha}"


def _incident_link(suspect: Suspect | None) -> Link | None:
    if suspect is None:
        return None
    return Link(suspect.incident.number, reverse("incidents:detail", args=[suspect.incident.number]))


def preview_of(change: Change) -> PreviewView:
    """What its revert would do; pending until a worker has computed it."""
    assessment: Assessment | None = getattr(change, "assessment", None)
    if assessment is None:
        return PreviewView("pending", PENDING, "The console is computing what a revert would do.")
    files = tuple(FileLine(each["path"], each["added"], each["removed"]) for each in assessment.files)
    return PreviewView(
        verdict=assessment.verdict,  # type: ignore[arg-type]  # the database holds one of the verdicts
        badge=VERDICTS[assessment.verdict],
        words=assessment.words,
        base=assessment.base,
        tree=assessment.tree,
        added=sum(each.added for each in files),
        removed=sum(each.removed for each in files),
        files=files,
        conflicts=tuple(assessment.conflicts),
        dependents=tuple(_dependent(each) for each in assessment.dependents),
        survivors=tuple(SurvivorLine(each["path"], each["line"], each["text"]) for each in assessment.survivors),
        broken=tuple(assessment.broken),
        computed_at=assessment.computed_at,
    )


def _dependent(each: Mapping[str, object]) -> DependentRow:
    return DependentRow(
        short_sha=str(each["sha"])[:8],
        title=str(each["title"]),
        author=str(each["author"]),
        at=datetime.fromisoformat(str(each["at"])),
        paths=tuple(str(path) for path in each["paths"]),  # type: ignore[attr-defined]  # a list, as it was stored
        overlaps=each["strength"] == "overlaps",
    )


def findings_of(preview: PreviewView) -> tuple[FindingView, ...]:
    """What the preview found that a tired person must not miss."""
    broken = tuple(
        FindingView(
            "Would not start after the revert", "danger", ("R1",), words="It no longer compiles or imports.", where=path
        )
        for path in preview.broken
    )
    left = tuple(
        FindingView(
            "A line of the bad change would still stand",
            "warn",
            ("R1",),
            where=f"{each.path}:{each.line}",
            code=each.text,
        )
        for each in preview.survivors[:5]
    )
    return broken + left


def recent_changes(
    services: Iterable[Service], *, limit: int, words: str = "", before: datetime | None = None
) -> list[Change]:
    """The newest changes of these services, optionally by words in title or author, older than a moment."""
    found = Change.objects.recent().filter(service__in=[each.pk for each in services])
    if words:
        found = (
            found.filter(title__icontains=words)
            | found.filter(author__icontains=words)
            | found.filter(sha__startswith=words)
        )
    if before:
        found = found.filter(merged_at__lt=before)
    return list(found[:limit])


def change_page(change: Change, *, actionable: bool) -> ChangePage:
    """One change in full."""
    (row,) = change_rows([change], actionable=actionable)
    return ChangePage(
        change=row,
        kind_words=change.get_kind_display(),
        commits=tuple(Evidence("taken back", code=str(sha)[:12]) for sha in change.commits),
        findings=findings_of(row.preview),
        reading=reading_of(getattr(change, "assessment", None)),
        reversions=reversion_rows(change, actionable=actionable),
    )
