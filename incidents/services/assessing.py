"""What was read from the outside about changes: recorded as rows, announced to the rooms that watch them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from incidents.models.change import Assessment, Change, Deployment
from incidents.models.incident import OPEN_STATES, Incident
from incidents.models.service import Service
from incidents.services.recording import record

MOST_RECORDED: Final = 20
"""Findings of one reading in the ledger; all of them stand beside the change."""


@dataclass(frozen=True, slots=True)
class SeenChange:
    """A change as it stands on the deploy branch."""

    sha: str
    kind: str
    commits: tuple[str, ...]
    title: str
    author: str
    merged_at: datetime
    pull_request: int | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class SeenDeployment:
    """A deployment as the code host reports it; `state` is one of `Deployment.State`."""

    outside_id: int
    sha: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What reverting a change onto `base` would do, and what was read in the change, as plain data."""

    base: str
    verdict: str
    words: str
    tree: str = ""
    patch_id: str = ""
    lists: Mapping[str, list[Any]] = field(default_factory=dict)
    read: Mapping[str, Any] = field(default_factory=dict)


def record_changes(*, service: Service, seen: Iterable[SeenChange]) -> list[Change]:
    """The service's newest changes, inserted once; what a commit is never changes."""
    rows = [
        Change(
            service=service, sha=each.sha, kind=each.kind, commits=list(each.commits), title=each.title[:500],
            author=each.author, merged_at=each.merged_at, pull_request=each.pull_request, url=each.url,
        )
        for each in seen
    ]  # fmt: skip
    Change.objects.bulk_create(rows, ignore_conflicts=True)
    return list(Change.objects.filter(service=service, sha__in=[row.sha for row in rows]))


def record_deployments(*, service: Service, seen: Iterable[SeenDeployment]) -> None:
    """The newest state of the service's deployments; an ended one is not brought back to life."""
    for each in seen:
        ended = each.finished_at if each.state not in ("pending", "running") else None
        Deployment.objects.update_or_create(
            service=service, outside_id=each.outside_id,
            defaults={"state": each.state, "url": each.url, "finished_at": ended},
            create_defaults={
                "sha": each.sha, "state": each.state, "url": each.url, "started_at": each.started_at,
                "finished_at": ended,
            },
        )  # fmt: skip


@transaction.atomic
def record_assessment(*, change: Change, verdict: Verdict, now: datetime) -> Assessment:
    """The newest verdict on a change; every open incident that suspects it is told when the verdict is another one."""
    before = Assessment.objects.filter(change=change).values_list("verdict", "patch_id", "schema", "engine").first()
    assessment, _ = Assessment.objects.update_or_create(
        change=change,
        defaults={
            "base": verdict.base, "verdict": verdict.verdict, "words": verdict.words, "tree": verdict.tree,
            "patch_id": verdict.patch_id, "computed_at": now, **verdict.lists,
            "schema": verdict.read.get("schema", ""), "engine": verdict.read.get("engine", ""),
            "read": dict(verdict.read),
        },
    )  # fmt: skip
    if before != (assessment.verdict, assessment.patch_id, assessment.schema, assessment.engine):
        _tell_incidents(change, verdict, now)
    return assessment


def _tell_incidents(change: Change, verdict: Verdict, now: datetime) -> None:
    suspecting = Incident.objects.filter(suspects__change=change, state__in=OPEN_STATES)
    for incident in suspecting.locked().order_by("pk"):
        record(
            incident, "assessment.computed", at=now, rule="R1", change=change.sha, verdict=verdict.verdict,
            base=verdict.base, patch_id=verdict.patch_id, words=verdict.words, read=_recorded(verdict.read),
        )  # fmt: skip


def _recorded(read: Mapping[str, Any]) -> dict[str, Any]:
    """The evidence as the ledger keeps it: the gravest findings stand first."""
    return {**read, "findings": read.get("findings", [])[:MOST_RECORDED]}
