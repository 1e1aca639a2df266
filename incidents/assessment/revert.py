"""The revert of a bad change: what it would do, and the commit that does it (R1; assessment.md §1).

Git itself merges, without a work tree: with X the bad change's tip and P what was there before it,
`merge-tree` of (the base's tree on X) and (P's tree on X) is what `git revert` would make.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from incidents.assessment import wording
from incidents.assessment.bad_change import BadChange, Undoing, read_undoing
from incidents.assessment.compiles import broken_files
from incidents.assessment.dependents import Dependent, dependents
from incidents.assessment.diffs import TouchedFile, patch_id_of, touched_files
from incidents.assessment.git import (
    Commit,
    Git,
    NoSuchCommit,
    RepositoryUnreadable,
    commits,
    for_merging,
    is_ancestor,
    reader,
    scratch,
    shown,
    with_attributes,
)
from incidents.assessment.keeping import keep, may_keep
from incidents.assessment.survivors import Survivor, survivors

__all__ = [
    "BadChange",
    "BuiltRevert",
    "Dependent",
    "MergeResult",
    "NoSuchCommit",
    "NotRevertible",
    "Preview",
    "RepositoryUnreadable",
    "Signature",
    "Survivor",
    "TouchedFile",
    "Verdict",
    "build",
    "merge_preview",
    "patch_id",
    "preview",
    "surviving_lines",
]


class Verdict(enum.StrEnum):
    CLEAN = "clean"
    CONFLICT = "conflict"
    ALREADY_UNDONE = "already_undone"
    NOT_AN_ANCESTOR = "not_an_ancestor"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Preview:
    """What reverting would do to `base`.

    `base` is the full sha (as given where it is none). `tree` and `patch_id` are set when clean. `files` are what the
    revert changes: when clean, in the base; in a conflict, in the bad change's own tree. `survivors` are lines of the
    bad change that would still be there after it, `broken` Python files that would no longer compile or import, `kept`
    documents, lock files and the like that would conflict and stay as they are.
    """

    verdict: Verdict
    base: str
    tree: str | None = None
    patch_id: str | None = None
    conflicts: tuple[str, ...] = ()
    files: tuple[TouchedFile, ...] = ()
    dependents: tuple[Dependent, ...] = ()
    survivors: tuple[Survivor, ...] = ()
    broken: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class BuiltRevert:
    sha: str
    tree: str
    patch_id: str


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What merging would change relative to the base; `tree` and `patch_id` are set when clean."""

    clean: bool
    tree: str | None
    conflicts: tuple[str, ...]
    patch_id: str | None


class NotRevertible(Exception):
    """There is no revert to build; `verdict` says which of the reasons, the words are for the on-call engineer."""

    def __init__(self, verdict: Verdict, words: str, conflicts: tuple[str, ...] = ()) -> None:
        super().__init__(words)
        self.verdict = verdict
        self.words = words
        self.conflicts = conflicts


@dataclass(frozen=True, slots=True)
class _Merge:
    """`paths` in conflict are as git knows them, `conflicts` fit to show; `kept` stay as the branch has them."""

    tree: str | None
    paths: tuple[str, ...]
    kept: tuple[str, ...] = ()
    marked: str = ""
    """In a conflict, the tree with git's marks in the files."""

    @property
    def conflicts(self) -> tuple[str, ...]:
        return tuple(map(shown, self.paths))


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A revert tried on a base; a tree equal to the base's is an empty revert."""

    undoing: Undoing
    base: Commit
    merge: _Merge


# Commits that only feed merge-tree: the same each time, never kept.
_NOBODY = Signature("rollback console", "rollback-console@localhost")


def preview(repository: Path, change: BadChange, *, base: str) -> Preview:
    """Never raises for a verdict: what cannot be read is the verdict ERROR. Leaves nothing in the repository."""
    try:
        head = _sha(repository, base)
        with scratch(repository) as git:
            return _preview(git, change, head)
    except NotRevertible as refusal:
        return Preview(refusal.verdict, base, words=refusal.words)
    except (RepositoryUnreadable, OSError) as failure:
        return Preview(Verdict.ERROR, base, words=f"The revert could not be tried: {failure}")


def build(
    repository: Path, change: BadChange, *, base: str, message: str, who: Signature, at: datetime, objects: Path
) -> BuiltRevert:
    """The revert as a commit on `base`, its objects in the folder `objects`.

    The same arguments make the same commit id.
    `at` must know its time zone. Raises NotRevertible for every verdict but CLEAN.
    """
    try:
        head = _sha(repository, base)
        with scratch(repository, objects=objects) as git:
            attempt = _attempt(git, change, head)
            tree = _clean_tree(attempt)
            sha = _commit_tree(git, tree, attempt.base.sha, message, who, at)
            return BuiltRevert(sha, tree, patch_id_of(git, attempt.base.sha, tree))
    except (RepositoryUnreadable, OSError) as failure:
        raise NotRevertible(Verdict.ERROR, f"The revert could not be built: {failure}") from failure


def patch_id(repository: Path, old: str, new: str) -> str:
    """An id of what changed between two commits or trees (by sha), "" for nothing.

    The same on a moved base, another for any changed byte or mode. Raises RepositoryUnreadable for an unknown sha.
    """
    with scratch(repository) as git:
        trees = [git.text("rev-parse", "--verify", "--end-of-options", f"{sha}^{{tree}}") for sha in (old, new)]
        return patch_id_of(git, *trees)


def surviving_lines(repository: Path, change: BadChange, *, at: str) -> tuple[Survivor, ...]:
    """Lines that the bad change added and that are still there at commit `at`: was the revert effective?"""
    commit = _sha(repository, at)
    with scratch(repository) as git:
        return survivors(git, read_undoing(git, change), commit)


def merge_preview(repository: Path, *, base: str, head: str) -> MergeResult:
    """What merging `head` into `base` would change relative to `base`: R4's check against what was approved.

    Attributes are ignored, since the code host merges in a bare repository too. Raises RepositoryUnreadable
    (NoSuchCommit) where git has no answer.
    """
    into, merged = _sha(repository, base), _sha(repository, head)
    with scratch(repository) as git:
        merge = _merge_tree(git, into, merged)
        identity = patch_id_of(git, into, merge.tree) if merge.tree else None
        return MergeResult(merge.tree is not None, merge.tree, merge.conflicts, identity)


def _sha(repository: Path, revision: str) -> str:
    """The commit that a name or sha means in the repository itself: a scratch sees its objects, not its branches."""
    return commits(reader(repository), [revision])[0].sha


def _preview(git: Git, change: BadChange, base: str) -> Preview:
    attempt = _attempt(git, change, base)
    found = Preview(Verdict.CONFLICT, attempt.base.sha, words=wording.conflict(attempt.merge.conflicts))
    found = replace(found, dependents=dependents(git, attempt.undoing, attempt.base.sha, attempt.merge.paths))
    if attempt.merge.tree is None:
        files = touched_files(git, attempt.undoing.tip.sha, attempt.undoing.before_tree)
        return replace(found, conflicts=attempt.merge.conflicts, files=files)
    if attempt.merge.tree == attempt.base.tree:
        return _already_undone(git, attempt, found)
    return _clean(git, attempt, attempt.merge.tree, found)


def _already_undone(git: Git, attempt: _Attempt, found: Preview) -> Preview:
    left = survivors(git, attempt.undoing, attempt.base.sha)
    words = wording.already_undone(left, changed_nothing=attempt.undoing.before_tree == attempt.undoing.tip.tree)
    return replace(found, verdict=Verdict.ALREADY_UNDONE, words=words, survivors=left)


def _clean(git: Git, attempt: _Attempt, tree: str, found: Preview) -> Preview:
    base = attempt.base.sha
    files = touched_files(git, base, tree)
    kept = attempt.merge.kept
    left = survivors(git, attempt.undoing, _commit_tree(git, tree, base))
    left = tuple(each for each in left if each.path not in kept)
    broken = broken_files(git, base, tree)
    return replace(
        found,
        verdict=Verdict.CLEAN,
        words=wording.clean(files, found.dependents, left, broken, kept),
        tree=tree,
        patch_id=patch_id_of(git, base, tree),
        files=files,
        survivors=left,
        broken=broken,
        kept=kept,
    )


def _attempt(git: Git, change: BadChange, base: str) -> _Attempt:
    """NotRevertible where the base's history does not contain the change."""
    [head] = commits(git, [base])
    undoing = read_undoing(git, change)
    tip = undoing.tip.sha
    if not is_ancestor(git, tip, head.sha):
        raise NotRevertible(Verdict.NOT_AN_ANCESTOR, wording.not_an_ancestor(tip))
    ours, theirs = _commit_tree(git, head.tree, tip), _commit_tree(git, undoing.before_tree, tip)
    merge = _merge_tree(with_attributes(git, head.tree), ours, theirs)
    return _Attempt(undoing, head, _with_kept(git, merge, head))


def _with_kept(git: Git, merge: _Merge, head: Commit) -> _Merge:
    """A conflict in nothing but what may stay as it is, settled; one that would leave nothing to revert stays one."""
    if not merge.paths or not all(map(may_keep, merge.paths)):
        return merge
    tree = keep(git, merge.marked, head.tree, merge.paths)
    return merge if tree == head.tree else _Merge(tree, (), kept=tuple(map(shown, merge.paths)))


def _clean_tree(attempt: _Attempt) -> str:
    tree, conflicts = attempt.merge.tree, attempt.merge.conflicts
    if tree is None:
        raise NotRevertible(Verdict.CONFLICT, wording.conflict(conflicts), conflicts)
    if tree == attempt.base.tree:
        nothing = attempt.undoing.before_tree == attempt.undoing.tip.tree
        raise NotRevertible(Verdict.ALREADY_UNDONE, wording.already_undone((), changed_nothing=nothing))
    return tree


def _merge_tree(git: Git, ours: str, theirs: str) -> _Merge:
    """Exit 0 is clean, 1 a conflict, anything else an error and never a verdict."""
    asked = ("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs)
    answer = for_merging(git).run(*asked, codes=(0, 1))
    tree, *paths = answer.out.decode("utf-8", "surrogateescape").split("\0")
    if answer.code == 0:
        return _Merge(tree, ())
    return _Merge(None, tuple(path for path in paths if path), marked=tree)


def _commit_tree(
    git: Git, tree: str, parent: str, message: str = "", who: Signature = _NOBODY, at: datetime | None = None
) -> str:
    dated = replace(git, surroundings={**git.surroundings, **_dates(who, at)})
    return dated.text("commit-tree", tree, "-p", parent, "-F", "-", given=message.encode() or b"\n")


def _dates(who: Signature, at: datetime | None) -> Mapping[str, str]:
    if at is not None and at.tzinfo is None:
        raise ValueError("A revert's time needs its time zone.")
    when = f"@{int(at.timestamp()) if at else 0} +0000"
    author = {"GIT_AUTHOR_NAME": who.name, "GIT_AUTHOR_EMAIL": who.email, "GIT_AUTHOR_DATE": when}
    return {**author, **{name.replace("AUTHOR", "COMMITTER"): value for name, value in author.items()}}
