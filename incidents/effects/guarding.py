"""The guard: does the branch, or what was deployed since, hold a change that was taken back? Not judged by titles."""

from collections.abc import Iterator

import structlog

from incidents.assessment.changes import contains
from incidents.assessment.git import NoSuchCommit, RepositoryUnreadable
from incidents.assessment.revert import Verdict, preview
from incidents.effects.push_revert import bad_change
from incidents.effects.wiring import World
from incidents.integrations.git import Mirror
from incidents.models.change import Deployment, Reversion
from incidents.models.step import Step
from incidents.procedure.steps import StepKind, StepState
from incidents.services.clock import database_now
from incidents.services.guarding import lift_guard, note_judged

ON_THE_BRANCH, IN_PRODUCTION = "on the branch", "in production"
log = structlog.get_logger(__name__)


def guard(standing: list[Reversion], mirror: Mirror, world: World) -> None:
    """Judge each commit once. `standing` was read before the mirror was refreshed: so the mirror knows its reverts."""
    for reversion in standing:
        for place, sha in _places(reversion, mirror):
            if reversion.judged.get(place, {}).get("sha") != sha:
                _judge(reversion, place, sha, mirror, world)


def _places(reversion: Reversion, mirror: Mirror) -> Iterator[tuple[str, str]]:
    """The branch's head, and the newest deployment that began after the revert."""
    service = reversion.change.service
    yield ON_THE_BRANCH, mirror.head(service.branch)
    since = Deployment.objects.filter(service=service, started_at__gt=reversion.reverted_at)
    deployed = since.exclude(state=Deployment.State.FAILED).order_by("-started_at").first()
    if deployed:
        yield IN_PRODUCTION, deployed.sha


def _judge(reversion: Reversion, place: str, sha: str, mirror: Mirror, world: World) -> None:
    """Where reverting it once more would change something cleanly, it is there again.

    A conflict tells neither way: others have built on those lines since, and an alarm would often be false.
    """
    found = preview(mirror.path, bad_change(reversion.change), base=sha)
    if found.verdict is Verdict.ERROR:
        _leave_unjudged(reversion, sha, found.words)
        return
    back = found.verdict is Verdict.CLEAN
    if back and (merged := _reapplied_as(reversion, world)):
        lift_guard(reversion_id=reversion.pk, sha=merged, now=database_now())
        return
    try:
        why = _why(reversion, sha, mirror) if back else ""
    except RepositoryUnreadable as unreadable:
        _leave_unjudged(reversion, sha, str(unreadable))
        return
    note_judged(reversion_id=reversion.pk, place=place, sha=sha, why=why, now=database_now())


def _leave_unjudged(reversion: Reversion, sha: str, why: str) -> None:
    """The next refresh judges that commit."""
    log.warning("reversion_not_judged", change=reversion.change.sha, at=sha, why=why)


def _reapplied_as(reversion: Reversion, world: World) -> str:
    """The merge of the reapply's pull request; empty where there is none."""
    asked = Step.objects.filter(
        incident=reversion.incident, kind=StepKind.PROPOSE_REAPPLY, state=StepState.DONE,
        parameters__change=reversion.change.sha,
    )  # fmt: skip
    number = next((step.evidence["number"] for step in asked if "number" in step.evidence), None)
    if number is None:
        return ""
    found = world.code_host.pull_request(reversion.change.service.repository, number)
    return found.merge_sha or "" if found.merged else ""


def _why(reversion: Reversion, sha: str, mirror: Mirror) -> str:
    """By the commit graph: was the revert lost, or are its lines back beside it?"""
    if reversion.revert_sha and not _holds(mirror, sha, reversion.revert_sha):
        return f"its revert {reversion.revert_sha[:8]} is not in there any more."
    return "its lines are back, though its revert is in there."


def _holds(mirror: Mirror, sha: str, ancestor: str) -> bool:
    try:
        return contains(mirror.path, sha=sha, ancestor=ancestor)
    except NoSuchCommit:
        return False  # a forced push has left the revert on no branch at all
