"""What changed between two trees or commits."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from incidents.assessment.git import Git, shown

_PATCH = ("--full-index", "--no-renames", "--diff-algorithm=myers")
_SAFE = ("--no-ext-diff", "--no-textconv", "--no-color")
ABSENT = "000000"
REGULAR = ("100644", "100755", "100664")


@dataclass(frozen=True, slots=True)
class TouchedFile:
    """Lines gained and lost; both 0 for a binary file or a mere change of mode."""

    path: str
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A path on both sides: its modes (ABSENT where it is not there) and blobs; `was` differs where it was renamed."""

    path: str
    was: str
    old_mode: str
    new_mode: str
    old: str
    new: str


def entries(git: Git, old: str, new: str, *, renames: bool = False) -> list[Entry]:
    """Every changed path, paths as git knows them (not yet fit to show)."""
    search = "-M" if renames else "--no-renames"
    return read_raw(git.records("diff-tree", "-r", "-z", "--raw", "--full-index", search, *_SAFE, old, new))


def read_raw(records: list[str]) -> list[Entry]:
    """Entries out of `--raw -z` records."""
    found = []
    rest = iter(records)
    for record in rest:
        old_mode, new_mode, old, new, status = record[1:].split(" ")
        was = next(rest)
        path = next(rest) if status[0] in "RC" else was
        found.append(Entry(path, was, old_mode, new_mode, old, new))
    return found


def touched_files(git: Git, old: str, new: str) -> tuple[TouchedFile, ...]:
    """The changed files with their line counts, a rename under its new path, fit to show."""
    records = iter(git.records("diff-tree", "-r", "-z", "--numstat", "-M", *_SAFE, old, new))
    return tuple(_touched(record, records) for record in records)


def patch_id_of(git: Git, old: str, new: str) -> str:
    """An id of the change's content: the same on a moved base, another for any changed byte or mode, "" for no change.

    Not `git patch-id`: it stops at a NUL byte, so that two binary changes have one id, and by default it ignores
    white space, which is meaning in Python. `git` must not see attributes: a repository may declare its files binary.
    """
    diff = git.run("diff-tree", "-r", "-p", *_PATCH, *_SAFE, old, new).out
    digest = hashlib.sha256()
    for file in diff.split(b"\ndiff --git "):
        digest.update(_without_position(file) + b"\ndiff --git ")
    return digest.hexdigest() if diff else ""


def _without_position(file: bytes) -> bytes:
    """One file of a patch without line numbers, and without blob ids unless they are all it says (binary files).

    Lines of content begin with a space, plus, minus or backslash, so no content can pass for these headers.
    """
    lines = file.split(b"\n")
    binary = any(line.startswith(b"Binary files ") for line in lines)
    kept = (line for line in lines if binary or not line.startswith(b"index "))
    return b"\n".join(b"@@" if line.startswith(b"@@ -") else line for line in kept)


def _touched(record: str, following: Iterator[str]) -> TouchedFile:
    added, removed, path = record.split("\t", 2)
    if not path:
        _, path = next(following), next(following)
    return TouchedFile(shown(path), _count(added), _count(removed))


def _count(text: str) -> int:
    return 0 if text == "-" else int(text)
