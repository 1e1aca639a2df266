"""Commits as a person knows them: what landed, when, by whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from incidents.assessment.git import Git, NoSuchCommit, commits, is_ancestor, reader, shown

__all__ = ["ChangeShape", "NoSuchCommit", "contains", "has_file", "read_change", "read_shapes", "recent"]

_FORMAT = "%H%x00%P%x00%an%x00%ct%x00%s%x00%B%x00"
_FIELDS = 6
_PLAIN = ("--no-patch", "--no-color", "--no-mailmap", "--no-show-signature", "--encoding=UTF-8")


@dataclass(frozen=True, slots=True)
class ChangeShape:
    """One commit; a squash or rebase merge is a plain "commit": only the code host knows more.

    `at` is when it was committed.
    """

    sha: str
    parents: tuple[str, ...]
    kind: Literal["merge", "commit"]
    title: str
    author: str
    at: datetime
    message: str


def read_change(repository: Path, sha: str) -> ChangeShape:
    """NoSuchCommit where `sha` names no commit here."""
    git = reader(repository)
    [commit] = commits(git, [sha])
    return read_shapes(git, [commit.sha])[0]


def contains(repository: Path, *, sha: str, ancestor: str) -> bool:
    """Whether the history of `sha` contains `ancestor` (a commit contains itself); NoSuchCommit for an unknown one."""
    git = reader(repository)
    descendant, older = commits(git, [sha, ancestor])
    return is_ancestor(git, older.sha, descendant.sha)


def has_file(repository: Path, *, at: str, path: str) -> bool:
    """Whether the commit `at` holds a regular file there; NoSuchCommit for an unknown commit."""
    git = reader(repository)
    [commit] = commits(git, [at])
    listed = git.records("ls-tree", "-z", "--full-tree", commit.sha, "--", path)
    return any(record.startswith("100") and record.partition("\t")[2] == path for record in listed)


def recent(repository: Path, *, tip: str, limit: int = 20) -> list[ChangeShape]:
    """What landed on the branch, newest first: its first-parent history."""
    git = reader(repository)
    [commit] = commits(git, [tip])
    return list(_shapes(git.run("log", "--first-parent", f"-n{limit}", f"--format={_FORMAT}", *_PLAIN, commit.sha).out))


def read_shapes(git: Git, shas: Sequence[str]) -> list[ChangeShape]:
    """These commits, in this order."""
    if not shas:
        return []
    given = "".join(f"{sha}\n" for sha in shas).encode()
    listed = git.run("log", "--no-walk=unsorted", "--stdin", f"--format={_FORMAT}", *_PLAIN, given=given)
    return list(_shapes(listed.out))


def _shapes(out: bytes) -> Iterator[ChangeShape]:
    fields = out.decode("utf-8", "surrogateescape").split("\0")
    for at in range(0, len(fields) - _FIELDS, _FIELDS):
        sha, parents, author, seconds, title, message = fields[at : at + _FIELDS]
        line = tuple(parents.split())
        kind: Literal["merge", "commit"] = "merge" if len(line) > 1 else "commit"
        yield ChangeShape(sha.strip(), line, kind, shown(title), shown(author), _moment(seconds), shown(message))


def _moment(seconds: str) -> datetime:
    """A commit's time; a repository may claim any, so one that no calendar knows is the epoch."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
