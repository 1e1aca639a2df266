"""What a change added and removed, line by line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from incidents.assessment.diffs import ABSENT, REGULAR, Entry, entries
from incidents.assessment.git import Git, read_blobs, shown

Side = Literal["added", "removed"]

_HUNK = re.compile(rb"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_INDEX = re.compile(rb"^index ([0-9a-f]+)\.\.([0-9a-f]+)", re.MULTILINE)
_OPTIONS = (
    "-U0",
    "--full-index",
    "--no-renames",
    "--diff-algorithm=myers",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
)
_TEST = re.compile(
    r"(^|/)(tests?|specs?|__tests__|testdata|fixtures|cypress|e2e)/|(^|/)(test_[^/]*|conftest)\.py$"
    r"|[_.-](test|tests|spec)\.\w+$|(^|/)[^/]*Tests?\.(java|kt|cs|php)$"
)
_PROSE = re.compile(r"\.(md|mdx|rst|adoc|txt)$|(^|/)(docs?|changelogs?)/|(^|/)CHANGELOG", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """One line, counted from 1 on its own side."""

    number: int
    text: str
    side: Side


@dataclass(frozen=True, slots=True)
class Hunk:
    """Neighbouring changed lines."""

    removed: tuple[Line, ...]
    added: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file with its hunks; none for a binary, an oversized or a merely renamed one. `new` is its text after it."""

    path: str
    hunks: tuple[Hunk, ...] = ()
    new: bytes | None = None
    created: bool = False
    deleted: bool = False

    @property
    def lines(self) -> Iterator[Line]:
        for hunk in self.hunks:
            yield from (*hunk.removed, *hunk.added)


def read_changed_files(git: Git, old: str, new: str) -> tuple[ChangedFile, ...]:
    """Between two trees or commits; a renamed file is one deleted and one created."""
    changed = entries(git, old, new)
    hunks = _read_patch(git.run("diff-tree", "-r", "-p", *_OPTIONS, old, new).out)
    contents = read_blobs(git, {entry.new for entry in changed if entry.new_mode in REGULAR})
    return tuple(_changed_file(entry, hunks, contents) for entry in changed)


def is_test(path: str) -> bool:
    return _TEST.search(path) is not None


def is_prose(path: str) -> bool:
    return _PROSE.search(path) is not None


def _changed_file(
    entry: Entry, hunks: Mapping[tuple[str, str], tuple[Hunk, ...]], contents: Mapping[str, bytes]
) -> ChangedFile:
    return ChangedFile(
        shown(entry.path),
        hunks.get((entry.old, entry.new), ()),
        contents.get(entry.new),
        created=entry.old_mode == ABSENT,
        deleted=entry.new_mode == ABSENT,
    )


def _read_patch(out: bytes) -> dict[tuple[str, str], tuple[Hunk, ...]]:
    """Hunks by the blobs they lead from and to; equal blobs have equal hunks.

    Content never begins a line as headers do.
    """
    found = {}
    for section in out.split(b"\ndiff --git "):
        header, at, body = section.partition(b"\n@@ ")
        blobs = _INDEX.search(header)
        if blobs and at:
            found[blobs[1].decode(), blobs[2].decode()] = tuple(_hunks(b"@@ " + body))
    return found


def _hunks(body: bytes) -> Iterator[Hunk]:
    for part in body.split(b"\n@@ "):
        first, _, rest = part.partition(b"\n")
        places = _HUNK.match(first if first.startswith(b"@@ ") else b"@@ " + first)
        if places:
            lines = rest.decode("utf-8", "surrogateescape").split("\n")
            removed = [line[1:] for line in lines if line.startswith("-")]
            added = [line[1:] for line in lines if line.startswith("+")]
            yield Hunk(_numbered(removed, int(places[1]), "removed"), _numbered(added, int(places[2]), "added"))


def _numbered(texts: list[str], first: int, side: Side) -> tuple[Line, ...]:
    return tuple(Line(first + place, shown(text), side) for place, text in enumerate(texts))
