"""R1: the revert, computed without a work tree and pushed to a branch of its own (E7)."""

import tempfile
from pathlib import Path

from django.conf import settings

from incidents.assessment.revert import (
    BadChange,
    BuiltRevert,
    MergeResult,
    NotRevertible,
    Preview,
    Signature,
    Verdict,
    build,
    merge_preview,
    preview,
)
from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome
from incidents.effects.wiring import World
from incidents.integrations.git import Mirror
from incidents.models.change import Change

SHORTEST_COMMIT_ID = 7


class PushRevert:
    """Push the commit that `git revert` would make; the same order makes the same commit, so a repeat is a no-op."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        adopt = str(order.step.parameters.get("adopt", ""))
        branch = _adopted_branch(order, world, adopt) if adopt else order.plan.branch
        head = world.code_host.branch_head(order.repository, branch) if branch else None
        if branch and head:
            return _compare_branch(order, world, branch, head, adopted=bool(adopt))
        if adopt:
            return Failed(
                f"The code host knows no revert by the name {adopt}. Name another, or retry to let the console push."
            )
        return None

    def act(self, order: Order, world: World) -> Outcome:
        mirror = _fresh_mirror(order, world)
        base = mirror.head(order.service.branch)
        found = preview(mirror.path, bad_change(order.change), base=base)
        if found.verdict is Verdict.ALREADY_UNDONE:
            return _already_undone(order, base)
        try:
            return _refusal(order, found) or _push(order, mirror, base)
        except NotRevertible as refused:
            return Failed(f"{refused.words} Decide again, or resolve it on a branch of your own and adopt that (E18).")


def _adopted_branch(order: Order, world: World, adopt: str) -> str:
    """The branch behind what was named: a pull request's number, a commit of one, or the branch itself."""
    number = adopt.removeprefix("#")
    if number.isdigit() and len(number) < SHORTEST_COMMIT_ID:
        return world.code_host.pull_request(order.repository, int(number)).head_ref
    if len(adopt) >= SHORTEST_COMMIT_ID and all(digit in "0123456789abcdef" for digit in adopt.lower()):
        holding = world.code_host.pull_requests_of(order.repository, adopt)
        return holding[0].head_ref if holding else ""
    return adopt


def bad_change(change: Change) -> BadChange:
    """What must be reverted, in git's terms: a merge by its first parent, a rebase merge commit by commit."""
    commits = tuple(str(sha) for sha in change.commits) or (change.sha,)
    return BadChange(change.sha, commits, 1 if change.kind == Change.Kind.MERGE else None)


def _push(order: Order, mirror: Mirror, base: str) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="revert-") as scratch:
        built = _build(order, mirror, base, Path(scratch))
        order.ask_lease()
        mirror.push(built.sha, order.plan.branch, objects=Path(scratch))
    moved = (
        "" if base == order.plan.base else f" The branch has moved to {base[:8]} since; the patch is the same (E13)."
    )
    return Done(
        f"Pushed {built.sha[:8]} to {order.plan.branch}.{moved}",
        {"sha": built.sha, "tree": built.tree, "patch_id": built.patch_id, "base": base, "branch": order.plan.branch},
    )


def _build(order: Order, mirror: Mirror, base: str, scratch: Path) -> BuiltRevert:
    who = Signature(settings.GIT_NAME, settings.GIT_EMAIL)
    return build(
        mirror.path, bad_change(order.change), base=base, message=str(order.step.parameters["message"]), who=who,
        at=order.plan.decision.decided_at, objects=scratch,
    )  # fmt: skip


def _refusal(order: Order, found: Preview) -> Failed | None:
    if found.verdict is not Verdict.CLEAN:
        return Failed(
            f"{found.words} Resolve it on a branch of your own and adopt that branch here (E18), or decide again."
        )
    if found.patch_id != order.plan.patch_id:
        return Failed(
            "The revert is no longer the patch that was decided on. Look at the change, then decide again (E13)."
        )
    return None


def _compare_branch(order: Order, world: World, branch: str, head: str, *, adopted: bool) -> Outcome:
    """Whether the branch changes exactly what was decided on, or what the on-call engineer accepted knowingly."""
    mirror = _fresh_mirror(order, world)
    merged = merge_preview(mirror.path, base=mirror.head(order.service.branch), head=head)
    found = merged.patch_id or ""
    same, accepted = found == order.plan.patch_id, found == order.step.parameters.get("accepted_patch")
    if not merged.clean or not found or not (same or accepted):
        return Failed(_difference(branch, merged, adopted=adopted), {"found_branch": branch, "found_patch": found})
    whose = "It was made outside the console and is adopted (E18)." if adopted else "It stands there already."
    what = "the patch that was decided on" if same else "a resolution that the on-call engineer accepted"
    evidence = {"sha": head, "patch_id": found, "base": order.plan.base, "branch": branch, "adopted": adopted}
    return Done(f"{branch} holds {what}. {whose}", evidence)


def _difference(branch: str, merged: MergeResult, *, adopted: bool) -> str:
    if not merged.clean:
        return f"{branch} conflicts with the branch as it is now. Resolve it there, then retry."
    if not merged.patch_id:
        return f"{branch} changes nothing that is not on the branch already."
    how = "differs from the preview" if adopted else "exists with other content"
    return f"{branch} {how}: compare it on the code host, then adopt it knowingly (E18), or correct it and retry."


def _already_undone(order: Order, base: str) -> Done:
    return Done(
        f"The change is already undone on {order.service.branch} at {base[:8]}: adopted as it is (E18).",
        {"sha": base, "merge_sha": base, "base": base, "already_on_branch": True},
    )


def _fresh_mirror(order: Order, world: World) -> Mirror:
    mirror = world.mirror(order.repository)
    mirror.refresh()
    return mirror
