"""The bad change in git's terms: which tree to come from, which tree to go back to."""

from dataclasses import dataclass
from itertools import pairwise

from incidents.assessment.git import Commit, Git, RepositoryUnreadable, commits


@dataclass(frozen=True, slots=True)
class BadChange:
    """What to undo: one commit for a merge or a squash, n for a rebase merge, newest first.

    `mainline` is the parent that was the branch merged into, counted from 1; None for a commit that is no merge.
    """

    tip: str
    commits: tuple[str, ...]
    mainline: int | None


@dataclass(frozen=True, slots=True)
class Undoing:
    """A bad change that exists: its tip, and what was there before it (`before` is None for a root commit)."""

    tip: Commit
    before: str | None
    before_tree: str
    count: int


def read_undoing(git: Git, change: BadChange) -> Undoing:
    """NoSuchCommit or RepositoryUnreadable where the commits do not exist or are not one line of history."""
    tip, *rest = commits(git, [change.tip, *change.commits])
    if not rest or rest[0].sha != tip.sha:
        raise RepositoryUnreadable("The bad change's commits do not begin with its tip.")
    for later, earlier in pairwise(rest):
        if later.parents[:1] != (earlier.sha,):
            gap = f"{earlier.sha[:12]} is no parent of {later.sha[:12]}"
            raise RepositoryUnreadable(f"The bad change is not one line of history: {gap}.")
    before = _parent(rest[-1], change.mainline)
    tree = commits(git, [before])[0].tree if before else _empty_tree(git)
    return Undoing(tip, before, tree, len(rest))


def own_commits(git: Git, undoing: Undoing) -> frozenset[str]:
    """Every commit that came with the change, those of a merged branch included."""
    without = (f"^{undoing.before}",) if undoing.before else ()
    return frozenset(git.text("rev-list", undoing.tip.sha, *without).split())


def _parent(commit: Commit, mainline: int | None) -> str | None:
    """The parent that a revert goes back to, by `git revert`'s own rules for `-m`."""
    if mainline is None and len(commit.parents) > 1:
        raise RepositoryUnreadable(f"{commit.sha[:12]} is a merge: say which parent is the mainline (`-m 1`).")
    if not commit.parents and mainline in (None, 1):
        return None
    if not 1 <= (mainline or 1) <= len(commit.parents):
        raise RepositoryUnreadable(f"{commit.sha[:12]} has no parent number {mainline}.")
    return commit.parents[(mainline or 1) - 1]


def _empty_tree(git: Git) -> str:
    return git.text("mktree")
