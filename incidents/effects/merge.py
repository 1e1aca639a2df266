"""R4: merge exactly the reviewed head, after asking once more what it would change on the branch as it is now."""

from incidents.assessment.revert import merge_preview
from incidents.effects.fixes import another_patch
from incidents.effects.freeze import let_pass
from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome, Waiting
from incidents.effects.wiring import World
from incidents.integrations.code_host import PullRequest
from incidents.procedure.steps import StepKind

PREFERRED = ("merge", "squash", "rebase")


class Merge:
    """Sent with the head's sha, so that the code host refuses anything but what was reviewed."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        reviewed = order.before(StepKind.REVIEW) or order.proposed
        if reviewed.get("already_on_branch"):
            return Done("Nothing to merge: the change is already undone on the branch.", reviewed)
        if "number" not in reviewed:
            return Failed("There is no pull request to merge. Record the merge by hand with its sha (E18).")
        found = world.code_host.pull_request(order.repository, reviewed["number"])
        if found.merged and found.merge_sha:
            return another_patch(order, world, found) or _merged(order, found, found.merge_sha)
        if found.state == "closed":
            return Failed(f"#{found.number} was closed without a merge. Reopen it on the code host, then retry.")
        return _not_yet(found, reviewed.get("head_sha"))

    def act(self, order: Order, world: World) -> Outcome:
        reviewed = order.before(StepKind.REVIEW) or order.proposed
        refusal = _changed_content(order, world, reviewed["head_sha"])
        if refusal:
            return refusal
        rules = world.code_host.branch_rules(order.repository, order.service.branch)
        method = next((each for each in PREFERRED if each in rules.merge_methods), "merge")
        let_pass(order, world, reviewed["head_sha"])
        order.ask_lease()
        sha = world.code_host.merge(order.repository, reviewed["number"], sha=reviewed["head_sha"], method=method)
        found = world.code_host.pull_request(order.repository, reviewed["number"])
        return _merged(order, found, sha, method)


def _not_yet(found: PullRequest, reviewed_head: object) -> Outcome | None:
    if found.head_sha != reviewed_head:
        return Failed(
            f"#{found.number} holds {found.head_sha[:8]} now, which nobody reviewed. Review it, then retry (E13).",
            {"new_push": found.head_sha},
        )
    if found.mergeable is None:
        return Waiting(f"The code host is working out whether #{found.number} can be merged.", 0.5)
    if found.mergeable is False and found.mergeable_state == "dirty":
        return Failed(f"#{found.number} conflicts with the branch by now. Resolve it on its branch, then retry (E18).")
    return None


def _changed_content(order: Order, world: World, head: str) -> Failed | None:
    mirror = world.mirror(order.repository)
    mirror.refresh()
    merged = merge_preview(mirror.path, base=mirror.head(order.service.branch), head=head)
    agreed = order.before(StepKind.PUSH_REVERT).get("patch_id", order.plan.patch_id)
    if merged.clean and merged.patch_id == agreed:
        return None
    return Failed("Merged onto the branch as it is now, it would change something else. Decide again (E13).")


def _merged(order: Order, found: PullRequest, sha: str, method: str = "") -> Done:
    how = f" by {method}" if method else ""
    return Done(
        f"#{found.number} is merged{how} into {order.service.branch} as {sha[:8]}.",
        {"merge_sha": sha, "number": found.number, "method": method},
        found.url,
    )
