"""Reading the pull request of a fix: what merging it would do, and whether it is still what was decided on (E13)."""

from uuid import UUID

import structlog

from incidents.assessment.git import NoSuchCommit
from incidents.assessment.revert import MergeResult, merge_preview, patch_id
from incidents.effects.orders import Order
from incidents.effects.outcomes import Failed
from incidents.effects.wiring import World
from incidents.integrations.code_host import PullRequest
from incidents.integrations.errors import IntegrationError
from incidents.integrations.git import Mirror
from incidents.models.decision import Decision
from incidents.models.service import Service
from incidents.services.clock import database_now
from incidents.services.fixing import SeenFix, awaited_fixes, settle_fix

log = structlog.get_logger(__name__)


class NotAFix(Exception):
    """The pull request cannot be the fix; the words say why, to the on-call engineer."""


def look_up_fix(decision_id: UUID, world: World) -> None:
    """Read the named pull request and settle what was asked: a plan of it, or words why not."""
    decision = Decision.objects.select_related("incident__service").get(pk=decision_id)
    number = decision.particulars.get("fix")
    if number is None:
        return
    found, words = None, ""
    try:
        found = _read(decision.incident.service, number, world)
    except NotAFix as refusal:
        words = str(refusal)
    except IntegrationError as failure:
        log.warning("fix_not_read", incident=decision.incident.number, number=number, why=failure.words)
        words = f"#{number} could not be read. {failure.words}"
        if failure.retryable:
            return  # the next refresh of the repository reads it again
    settle_fix(decision_id=decision_id, number=number, found=found, words=words, now=database_now())


def follow_fixes(repository: str, world: World) -> None:
    """A fix may be pushed to, closed or reopened before its plan is executed: the plan follows it."""
    for decision_id in awaited_fixes(repository):
        look_up_fix(decision_id, world)


def _read(service: Service, number: int, world: World) -> SeenFix:
    request = world.code_host.pull_request(service.repository, number)
    if request.state == "closed" and not request.merged:
        raise NotAFix(f"#{number} was closed without a merge. Reopen it on the code host, or name another.")
    if request.base_ref != service.branch:
        raise NotAFix(f"#{number} is aimed at {request.base_ref}; production deploys from {service.branch}.")
    mirror = world.mirror(service.repository)
    mirror.refresh()
    result = _merged_onto(request, mirror, service.branch)
    if not result.clean:
        raise NotAFix(f"#{number} conflicts with {service.branch} as it is. Resolve it there; the console looks again.")
    if not result.patch_id:
        raise NotAFix(f"#{number} changes nothing that is not on {service.branch} already. Name another.")
    base = mirror.head(service.branch)
    return SeenFix(
        number, request.title, request.url, request.head_sha, request.head_ref, base, result.tree or "", result.patch_id
    )


def _merged_onto(request: PullRequest, mirror: Mirror, branch: str) -> MergeResult:
    """What merging does to the branch; of a request that is merged, what its merge has done."""
    try:
        if request.merged and request.merge_sha:
            done = patch_id(mirror.path, f"{request.merge_sha}^1", request.merge_sha)
            return MergeResult(True, None, (), done)
        return merge_preview(mirror.path, base=mirror.head(branch), head=request.head_sha)
    except NoSuchCommit:
        words = f"The commits of #{request.number} are on no branch of this repository: push the fix to one."
        raise NotAFix(words) from None


def another_patch(order: Order, world: World, request: PullRequest) -> Failed | None:
    """Where the request holds something else than the plan's fix: a person looks. The same patch goes on (E13)."""
    shown = order.fix_head
    if not shown or request.head_sha == shown:
        return None
    mirror = world.mirror(order.repository)
    mirror.refresh()
    try:
        found = _merged_onto(request, mirror, order.service.branch)
    except NotAFix as refusal:
        return Failed(str(refusal), {"new_push": request.head_sha})
    if found.clean and found.patch_id == order.plan.patch_id:
        return None
    words = f"#{request.number} was pushed to: {request.head_sha[:8]} is another patch than the one executed."
    return Failed(f"{words} Look at it, then make a new plan of it (E13).", {"new_push": request.head_sha})
