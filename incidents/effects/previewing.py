"""Ahead of the click: fetch a repository, list its newest changes, and compute what each revert would do."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import structlog

from incidents.assessment.changes import ChangeShape, recent
from incidents.assessment.confined_reading import ENGINE, Unread, read_confined, unread_as_json
from incidents.assessment.revert import Preview, preview
from incidents.effects.fixes import follow_fixes
from incidents.effects.guarding import guard
from incidents.effects.push_revert import bad_change
from incidents.effects.wiring import World
from incidents.integrations.code_host import Deployment as HostDeployment
from incidents.integrations.code_host import PullRequest
from incidents.integrations.errors import IntegrationError
from incidents.integrations.git import Mirror
from incidents.models.change import Change, Deployment
from incidents.models.service import Service
from incidents.services.approving import void_outdated
from incidents.services.assessing import (
    SeenChange,
    SeenDeployment,
    Verdict,
    record_assessment,
    record_changes,
    record_deployments,
)
from incidents.services.clock import database_now
from incidents.services.freezing import note_other_deploys
from incidents.services.guarding import standing_reversions
from incidents.services.suspecting import suspect_newest

NEWEST = 20
log = structlog.get_logger(__name__)
STATES = {
    "success": Deployment.State.SUCCEEDED,
    "inactive": Deployment.State.REPLACED,
    "failure": Deployment.State.FAILED,
    "error": Deployment.State.FAILED,
    "pending": Deployment.State.PENDING,
    "queued": Deployment.State.PENDING,
}


def refresh(repository: str, world: World) -> None:
    """Bring every service of the repository up to date; where the outside is away, the log says so in words."""
    try:
        _refresh(repository, world)
    except IntegrationError as failure:
        log.warning("mirror_not_refreshed", repository=repository, why=failure.words)


def _refresh(repository: str, world: World) -> None:
    """Changes, deployments, previews of the newest 20."""
    services = list(Service.objects.of_repository(repository))
    taken_back = {service.pk: standing_reversions(service) for service in services}
    mirror = world.mirror(repository)
    mirror.refresh()
    for service in services:
        _record_deployments(service, world)
        changes = _record_changes(service, mirror, world)
        note_other_deploys(service=service, now=database_now())
        suspect_newest(service=service, now=database_now())
        assess(changes, mirror, mirror.head(service.branch))
        guard(taken_back[service.pk], mirror, world)
    follow_fixes(repository, world)


def _record_changes(service: Service, mirror: Mirror, world: World) -> list[Change]:
    shapes = recent(mirror.path, tip=mirror.head(service.branch), limit=NEWEST)
    known = set(Change.objects.filter(service=service, sha__in=[s.sha for s in shapes]).values_list("sha", flat=True))
    record_changes(
        service=service, seen=_without_parts(seen_change(service, s, world) for s in shapes if s.sha not in known)
    )
    return list(Change.objects.filter(service=service, sha__in=[s.sha for s in shapes]).order_by("-merged_at"))


def seen_change(service: Service, shape: ChangeShape, world: World) -> SeenChange:
    """A commit of the deploy branch with the pull request that brought it, and how it was merged."""
    merged = [each for each in world.code_host.pull_requests_of(service.repository, shape.sha) if each.merged]
    found = next((each for each in merged if each.merge_sha == shape.sha), None)
    kind, commits = _kind(service, shape, found, world)
    return SeenChange(
        sha=shape.sha,
        kind=kind,
        commits=commits,
        title=found.title if found else shape.title,
        author=found.author if found else shape.author,
        merged_at=shape.at,
        pull_request=found.number if found else None,
        url=found.url if found else "",
    )


def _kind(service: Service, shape: ChangeShape, found: PullRequest | None, world: World) -> tuple[str, tuple[str, ...]]:
    """How it was merged. A rebase merge of n commits needs all of them reverted; the list comes from the code host."""
    if shape.kind == "merge":
        return Change.Kind.MERGE, (shape.sha,)
    if found is None:
        return Change.Kind.COMMIT, (shape.sha,)
    count = len(world.code_host.commits_of(service.repository, found.number))
    return (Change.Kind.SQUASH, (shape.sha,)) if count == 1 else _squash_or_rebase(service, shape, count, world)


def _squash_or_rebase(service: Service, shape: ChangeShape, count: int, world: World) -> tuple[str, tuple[str, ...]]:
    """After a rebase merge the code host names the pull request for each of the commits beneath, else for none."""
    line = [shape.sha]
    while len(line) < count:
        parent = world.code_host.commit(service.repository, line[-1]).parents[0]
        of_parent = world.code_host.pull_requests_of(service.repository, parent)
        if not any(each.merge_sha == shape.sha for each in of_parent):
            return Change.Kind.SQUASH, (shape.sha,)
        line.append(parent)
    return Change.Kind.REBASE, tuple(line)


def _without_parts(seen: Iterable[SeenChange]) -> list[SeenChange]:
    """A rebase merge is one change: its earlier commits are not listed beside it."""
    found = list(seen)
    parts = {sha for each in found for sha in each.commits[1:]}
    return [each for each in found if each.sha not in parts]


def _record_deployments(service: Service, world: World) -> None:
    newest = world.code_host.deployments(service.repository, environment=service.environment, limit=NEWEST)
    record_deployments(service=service, seen=[_seen_deployment(each) for each in newest])


def _seen_deployment(each: HostDeployment) -> SeenDeployment:
    state = STATES.get(each.state, Deployment.State.RUNNING)
    return SeenDeployment(each.id, each.sha, state, each.created_at, each.updated_at, each.url)


def assess(changes: list[Change], mirror: Mirror, base: str) -> None:
    """Compute what each revert would do on `base`, where that is not known yet."""
    for change in changes:
        assessed = getattr(change, "assessment", None)
        if assessed is None or assessed.base != base or assessed.engine != ENGINE:
            found = preview(mirror.path, bad_change(change), base=base)
            read = assessed.read if assessed and assessed.engine == ENGINE else _read(change, mirror)
            now = database_now()
            newest = record_assessment(change=change, verdict=_verdict(found, read), now=now)
            void_outdated(change=change, assessment=newest, now=now)


def _read(change: Change, mirror: Mirror) -> dict[str, Any]:
    """What the change did: the same on every base. One that cannot be read within the limits needs a person (E9)."""
    tables, wrappers = change.service.customer_tables, change.service.flag_wrappers
    try:
        return read_confined(mirror.path, bad_change(change), customer_tables=tables, flag_wrappers=wrappers)
    except Unread as refusal:
        log.warning("change_not_read", change=change.sha, why=str(refusal))
        return unread_as_json(str(refusal))


def _verdict(found: Preview, read: dict[str, Any]) -> Verdict:
    return Verdict(
        read=read,
        base=found.base,
        verdict=found.verdict.value,
        words=found.words,
        tree=found.tree or "",
        patch_id=found.patch_id or "",
        lists={
            "conflicts": list(found.conflicts),
            "files": [asdict(each) for each in found.files],
            "dependents": [{**asdict(each), "at": each.at.isoformat()} for each in found.dependents],
            "survivors": [asdict(each) for each in found.survivors],
            "broken": list(found.broken),
        },
    )
