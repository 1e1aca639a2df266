"""Replays the reverts of a history: does our recipe make the trees that people's own reverts made (R1)?

Thousands a minute: commits are read, and merges made, by one git for many.
"""

import enum
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from incidents.assessment.attributes import AttributeFiles
from incidents.assessment.git import (
    Commit,
    Git,
    RepositoryUnreadable,
    for_merging,
    known_commits,
    reader,
    scratch,
    shown,
    with_attribute_files,
)
from incidents.assessment.reverting_words import Reverting, Target, reverting_commits

_TOGETHER = 256  # reverts in one call of git
_SECONDS = 3600.0  # for a whole history


class Outcome(enum.StrEnum):
    IDENTICAL = "identical"
    DIFFERS = "differs"
    CONFLICT = "conflict"
    EMPTY = "empty"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Row:
    """One commit and one that it says it reverts; several reverted by one commit share the outcome of all together."""

    revert_sha: str
    reverted_sha: str
    verdict: Outcome
    why: str = ""


@dataclass(slots=True)
class _Attempt:
    """A revert under way: `tree` is what it has come to, `left` what is still to be undone, newest first."""

    revert: Reverting
    start: str = ""
    tree: str = ""
    named: dict[str, str] = field(default_factory=dict)
    """The full sha of each target, by the name that the message gives it."""
    left: list[tuple[str, str]] = field(default_factory=list)
    """Each commit with the tree that was there before it."""
    outcome: Outcome | None = None
    why: str = ""


Told = Callable[[int, int], None]


def replay(repository: Path, *, limit: int | None = None, told: Told = lambda _done, _total: None) -> Iterator[Row]:
    """A row for each pair, newest revert first; leaves nothing in the repository.

    `told` hears the progress, in commits. Raises RepositoryUnreadable where there is no repository, or no history.
    """
    patient = replace(reader(repository), deadline=time.monotonic() + _SECONDS)
    reverts = list(reverting_commits(patient, limit=limit))
    with scratch(repository) as bare:
        git = replace(bare, deadline=patient.deadline)
        attributes = AttributeFiles(git)
        yield from islice(_rows(git, attributes, reverts, told), limit)


def _rows(git: Git, attributes: AttributeFiles, reverts: Sequence[Reverting], told: Told) -> Iterator[Row]:
    for at in range(0, len(reverts), _TOGETHER):
        for attempt in _attempts(git, attributes, reverts[at : at + _TOGETHER]):
            yield from _rows_of(attempt)
        told(min(at + _TOGETHER, len(reverts)), len(reverts))


def _rows_of(attempt: _Attempt) -> Iterator[Row]:
    for sha in dict.fromkeys(attempt.named.get(target.sha, target.sha) for target in attempt.revert.targets):
        yield Row(attempt.revert.sha, sha, attempt.outcome or _compared(attempt), attempt.why)


def _compared(attempt: _Attempt) -> Outcome:
    if attempt.tree == attempt.start:
        return Outcome.EMPTY
    return Outcome.IDENTICAL if attempt.tree == attempt.revert.tree else Outcome.DIFFERS


def _attempts(git: Git, attributes: AttributeFiles, reverts: Sequence[Reverting]) -> list[_Attempt]:
    """Round by round: each undoes one commit of every revert that has one left."""
    attempts = _begun(git, reverts)
    while pending := [attempt for attempt in attempts if attempt.left and attempt.outcome is None]:
        try:
            _undo_one(git, attributes, pending)
        except RepositoryUnreadable as failure:
            _undo_each(git, attributes, pending, failure)
    return attempts


def _undo_each(git: Git, attributes: AttributeFiles, pending: Sequence[_Attempt], failure: Exception) -> None:
    """One that git cannot answer does not take the others with it."""
    for attempt in pending:
        try:
            _undo_one(git, attributes, [attempt])
        except RepositoryUnreadable as own:
            _give_up(attempt, shown(str(own if len(pending) > 1 else failure)))


# What there is to undo


def _begun(git: Git, reverts: Sequence[Reverting]) -> list[_Attempt]:
    named = [target.sha for revert in reverts for target in revert.targets]
    commits = _commits(git, [*named, *(parent for revert in reverts for parent in revert.parents[:1])])
    before = {
        parent: commit
        for revert in reverts
        for target in revert.targets
        if (commit := commits.get(target.sha))
        for parent in [_before(commit, target)]
        if parent
    }
    parents = _commits(git, list(before))
    return [_begin(git, revert, commits, parents) for revert in reverts]


def _commits(git: Git, names: Iterable[str]) -> dict[str, Commit]:
    wanted = list(dict.fromkeys(names))
    found = zip(wanted, known_commits(git, wanted), strict=True)
    return {name: commit for name, commit in found if commit}


def _before(commit: Commit, target: Target) -> str:
    """The parent that a revert goes back to: of a merge the one that is named, else the first; "" for a root."""
    named = [parent for parent in commit.parents if target.mainline and parent.startswith(target.mainline)]
    return next(iter((*named, *commit.parents)), "")


def _begin(git: Git, revert: Reverting, commits: dict[str, Commit], parents: dict[str, Commit]) -> _Attempt:
    attempt = _Attempt(revert)
    head = commits.get(revert.parents[0]) if revert.parents else None
    if head is None:
        return _give_up(attempt, "The commit before the revert is not in this clone.")
    attempt.start = attempt.tree = head.tree
    attempt.named = {target.sha: commit.sha for target in revert.targets if (commit := commits.get(target.sha))}
    undone: dict[Commit, str] = {}
    for target in revert.targets:
        commit = commits.get(target.sha)
        if commit is None:
            return _give_up(attempt, f"{target.sha[:12]} names no commit of this clone, or more than one.")
        before = parents.get(_before(commit, target))
        if before is None and commit.parents:
            return _give_up(attempt, f"The commit before {target.sha[:12]} is not in this clone.")
        undone.setdefault(commit, before.tree if before else git.text("mktree"))
    attempt.left = [(commit.sha, tree) for commit, tree in _newest_first(git, list(undone.items()))]
    return attempt


def _newest_first(git: Git, undone: list[tuple[Commit, str]]) -> list[tuple[Commit, str]]:
    if len(undone) < 2:
        return undone
    given = "".join(f"{commit.sha}\n" for commit, _ in undone).encode()
    order = git.text("rev-list", "--no-walk=sorted", "--stdin", given=given).split()
    return sorted(undone, key=lambda one: order.index(one[0].sha))


def _give_up(attempt: _Attempt, why: str) -> _Attempt:
    attempt.outcome, attempt.why = Outcome.ERROR, why
    return attempt


# One step of each


def _undo_one(git: Git, attributes: AttributeFiles, pending: Sequence[_Attempt]) -> None:
    sides = _sides(git, pending)
    groups: dict[tuple[tuple[str, str], ...], list[int]] = defaultdict(list)
    for place, files in enumerate(attributes.that_merge([attempt.tree for attempt in pending])):
        groups[files].append(place)
    merged: dict[int, tuple[bool, str]] = {}
    for files, places in groups.items():
        obeying = with_attribute_files(git, dict(files)) if files else git
        merged |= dict(zip(places, _merges(obeying, [sides[place] for place in places]), strict=True))
    for place, attempt in enumerate(pending):
        _settle(attempt, *merged[place])


def _settle(attempt: _Attempt, clean: bool, tree: str) -> None:
    del attempt.left[0]
    attempt.tree = tree
    if not clean:
        attempt.outcome = Outcome.CONFLICT


def _sides(git: Git, pending: Sequence[_Attempt]) -> list[tuple[str, str]]:
    """For each revert two commits on the bad one: as the branch is, and as it was before (see `revert`)."""
    texts = []
    for attempt in pending:
        bad, before = attempt.left[0]
        texts += [_commit_text(attempt.tree, bad), _commit_text(before, bad)]
    shas = iter(_written(git, texts))
    return list(zip(shas, shas, strict=True))


def _commit_text(tree: str, parent: str) -> str:
    nobody = "rollback console <rollback-console@localhost> 0 +0000"
    return f"tree {tree}\nparent {parent}\nauthor {nobody}\ncommitter {nobody}\n\n\n"


def _written(git: Git, texts: Sequence[str]) -> list[str]:
    """Commits of these texts, in the scratch repository."""
    (git.folder / "texts").mkdir(exist_ok=True)
    for number, text in enumerate(texts):
        (git.folder / "texts" / str(number)).write_text(text)
    given = "".join(f"texts/{number}\n" for number in range(len(texts))).encode()
    return git.text("hash-object", "-t", "commit", "-w", "--no-filters", "--stdin-paths", given=given).split()


def _merges(git: Git, sides: Sequence[tuple[str, str]]) -> Iterator[tuple[bool, str]]:
    """Whether each is clean, and its tree; what `merge-tree` says for one at a time, in one call."""
    given = "".join(f"{ours} {theirs}\n" for ours, theirs in sides).encode()
    asked = ("merge-tree", "--write-tree", "--stdin", "--name-only", "--no-messages")
    records = iter(for_merging(git).records(*asked, given=given))
    for status in records:
        if status not in ("0", "1"):
            raise RepositoryUnreadable("git merge-tree could not merge.")
        yield status == "1", next(records)
        while next(records):
            pass
