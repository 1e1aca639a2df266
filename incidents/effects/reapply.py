"""Reapply (R1, R2): the revert of the revert on a branch of its own, and a pull request that people take from there."""

import tempfile
from pathlib import Path

from django.conf import settings

from incidents.assessment.changes import contains, read_change
from incidents.assessment.revert import BadChange, NotRevertible, Signature, Verdict, build
from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome
from incidents.effects.wiring import World
from incidents.integrations.code_host import PullRequest
from incidents.integrations.git import Mirror


class PushReapply:
    """Create only, under the incident's and the change's name: whoever pushed it, it is pushed once."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        branch = _branch(order)
        head = world.code_host.branch_head(order.repository, branch)
        return Done(f"{branch} stands at {head[:8]}.", {"branch": branch, "sha": head}) if head else None

    def act(self, order: Order, world: World) -> Outcome:
        mirror = world.mirror(order.repository)
        mirror.refresh()
        base, revert = mirror.head(order.service.branch), str(order.step.parameters["revert"])
        if not contains(mirror.path, sha=base, ancestor=revert):
            words = f"The revert {revert[:8]} is not on {order.service.branch}: there is nothing to take back there."
            return Failed(words)
        try:
            return _push(order, mirror, base, revert)
        except NotRevertible as refused:
            return Failed(_refusal(order, refused))


class ProposeReapply:
    """One pull request a branch: the code host itself refuses a second one."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        found = world.code_host.find_pull_request(order.repository, head=_branch(order))
        if found and found.state == "closed" and not found.merged:
            return Failed(f"Pull request #{found.number} was closed on the code host. Reopen it there.")
        return _opened(found) if found else None

    def act(self, order: Order, world: World) -> Outcome:
        asked = order.step.parameters
        order.ask_lease()
        return _opened(
            world.code_host.open_pull_request(
                order.repository, head=_branch(order), base=order.service.branch, title=str(asked["title"]),
                body=str(asked["body"]),
            )
        )  # fmt: skip


def _push(order: Order, mirror: Mirror, base: str, revert: str) -> Outcome:
    """The revert was one commit, or the merge that brought it."""
    merged = read_change(mirror.path, revert).kind == "merge"
    undone = BadChange(revert, (revert,), 1 if merged else None)
    with tempfile.TemporaryDirectory(prefix="reapply-") as scratch:
        built = build(
            mirror.path, undone, base=base, message=str(order.step.parameters["message"]),
            who=Signature(settings.GIT_NAME, settings.GIT_EMAIL), at=order.step.asked_at, objects=Path(scratch),
        )  # fmt: skip
        order.ask_lease()
        mirror.push(built.sha, _branch(order), objects=Path(scratch))
    return Done(f"Pushed {built.sha[:8]} to {_branch(order)}.", {"branch": _branch(order), "sha": built.sha})


def _refusal(order: Order, refused: NotRevertible) -> str:
    if refused.verdict is Verdict.ALREADY_UNDONE:
        return f"The change is on {order.service.branch} already: its revert has been taken back."
    if refused.verdict is Verdict.CONFLICT:
        files = ", ".join(refused.conflicts)
        return f"It conflicts with what came after, in {files}. Reapply it by hand on a branch of your own."
    return refused.words


def _branch(order: Order) -> str:
    return str(order.step.parameters["branch"])


def _opened(found: PullRequest) -> Done:
    words = f"Pull request #{found.number} “{found.title}” is open: push the fix onto it, then people review and merge."
    return Done(words, {"number": found.number, "branch": found.head_ref}, found.url)
