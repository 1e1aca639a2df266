"""Later changes that stand on the bad one (assessment.md §7)."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from incidents.assessment.bad_change import Undoing, own_commits
from incidents.assessment.blame import lines_from
from incidents.assessment.changes import read_shapes
from incidents.assessment.diffs import ABSENT, REGULAR, Entry, entries, read_raw
from incidents.assessment.git import Git, shown

MOST = 50
_MOST_BLAMES = 60
_MOST_ARGUMENTS = 100_000  # bytes; beyond, the paths are picked out here
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Dependent:
    """A later commit on the bad change's files.

    It *overlaps* where it changed lines that the bad change wrote, or their neighbours, or a path that now conflicts;
    otherwise it merely *touches* the same file.
    """

    sha: str
    title: str
    author: str
    at: datetime
    paths: tuple[str, ...]
    strength: Literal["overlaps", "touches"]


def dependents(git: Git, undoing: Undoing, base: str, conflicts: Collection[str]) -> tuple[Dependent, ...]:
    """The newest 50, newest first; merges are seen through to the commits they brought."""
    paths = {path for entry in entries(git, undoing.before_tree, undoing.tip.sha) for path in (entry.path, entry.was)}
    later = _later_changes(git, undoing, base, paths) if paths else {}
    overlapping = _overlapping(git, undoing, later, set(conflicts))
    return tuple(
        Dependent(
            sha=shape.sha,
            title=shape.title,
            author=shape.author,
            at=shape.at,
            paths=tuple(shown(entry.path) for entry in later[shape.sha]),
            strength="overlaps" if shape.sha in overlapping else "touches",
        )
        for shape in read_shapes(git, list(later))
    )


def _later_changes(git: Git, undoing: Undoing, base: str, paths: set[str]) -> dict[str, list[Entry]]:
    limits = sorted(paths) if sum(map(len, paths)) <= _MOST_ARGUMENTS else []
    found = git.text(
        "--literal-pathspecs", "rev-list", "--no-merges", f"-n{MOST}", base, f"^{undoing.tip.sha}", "--", *limits
    )
    if not found:
        return {}
    listing = ("diff-tree", "--stdin", "-r", "-z", "--raw", "--full-index", "--no-renames")
    return _of_these_paths(git.records(*listing, given=found.encode() + b"\n"), paths)


def _of_these_paths(records: list[str], paths: set[str]) -> dict[str, list[Entry]]:
    """Commit → its entries on `paths`, out of records: a commit's name, then pairs of entry and path."""
    found: dict[str, list[Entry]] = {}
    sha = ""
    rest = iter(records)
    for record in rest:
        if not record.startswith(":"):
            sha = record.strip()
            continue
        [entry] = read_raw([record, next(rest)])
        if entry.path in paths:
            found.setdefault(sha, []).append(entry)
    return found


def _overlapping(git: Git, undoing: Undoing, later: dict[str, list[Entry]], conflicts: set[str]) -> set[str]:
    """The commits that rewrote the bad lines; in a conflict that none of them explains, all on that path."""
    own = own_commits(git, undoing) if later else frozenset()
    changes = [(sha, entry) for sha, changed in later.items() for entry in changed]
    rewriting = [change for change in changes[:_MOST_BLAMES] if _rewrites(git, undoing, *change, own)]
    unexplained = conflicts - {entry.path for _, entry in rewriting}
    return {sha for sha, _ in rewriting} | {sha for sha, entry in changes if entry.path in unexplained}


def _rewrites(git: Git, undoing: Undoing, sha: str, entry: Entry, own: frozenset[str]) -> bool:
    """Whether this commit changed, or put something beside, lines that the bad change wrote."""
    if entry.old_mode == ABSENT:
        return False
    if entry.old_mode not in REGULAR or entry.new_mode not in REGULAR:
        return entry.new_mode != ABSENT or _wrote_any(git, undoing, sha, entry, own)
    written = lines_from(git, entry.path, at=f"{sha}^", own=own, before=undoing.before)
    return bool(written) and any(line in written for line in _changed_lines(git, sha, entry.path))


def _wrote_any(git: Git, undoing: Undoing, sha: str, entry: Entry, own: frozenset[str]) -> bool:
    if entry.old_mode not in REGULAR:
        return True
    return bool(lines_from(git, entry.path, at=f"{sha}^", own=own, before=undoing.before))


def _changed_lines(git: Git, sha: str, path: str) -> Iterator[int]:
    """Lines of the file before the commit that its hunks replace or adjoin."""
    listing = ("diff-tree", "-r", "-p", "-U0", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-commit-id")
    for start, count in _HUNK.findall(git.run("--literal-pathspecs", *listing, sha, "--", path).out):
        first, length = int(start), int(count or b"1")
        yield from range(first - 1, first + length + 1) if length else (first, first + 1)
