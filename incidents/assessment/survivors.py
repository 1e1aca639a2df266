"""Which lines of the bad change are still there (assessment.md §1, fact 5)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from incidents.assessment.bad_change import Undoing, own_commits
from incidents.assessment.blame import lines_from
from incidents.assessment.diffs import ABSENT, REGULAR, Entry, entries
from incidents.assessment.git import Git, read_blobs, shown

MOST = 200
_WIDTH = 300
_BINARY_LOOK = 8000  # bytes that git itself looks at


@dataclass(frozen=True, slots=True)
class Survivor:
    """A line, counted from 1, that the bad change added and that is still there; line 0 means the whole file."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class _Remnant:
    """A touched file as it is now: its path, mode and blob."""

    entry: Entry
    path: str
    mode: str
    blob: str


def survivors(git: Git, undoing: Undoing, at: str) -> tuple[Survivor, ...]:
    """At most 200 lines, blank ones left out.

    A line survives where blame gives it to the change *and* there are more such lines than before the change;
    blame alone is at times wrong about a `}`.
    """
    remnants = list(_remnants(git, undoing, at))
    contents = read_blobs(git, {blob for r in remnants for blob in (r.blob, r.entry.old) if _regular(r)})
    own = own_commits(git, undoing)
    found: list[Survivor] = []
    for remnant in remnants:
        found += _surviving(git, undoing, at, remnant, contents, own)
        if len(found) >= MOST:
            break
    return tuple(found[:MOST])


def _remnants(git: Git, undoing: Undoing, at: str) -> Iterator[_Remnant]:
    later = {entry.was: entry for entry in entries(git, undoing.tip.sha, at, renames=True)}
    for entry in entries(git, undoing.before_tree, undoing.tip.sha):
        if entry.new_mode == ABSENT:
            continue
        now = later.get(entry.path)
        remnant = (
            _Remnant(entry, now.path, now.new_mode, now.new)
            if now
            else _Remnant(entry, entry.path, entry.new_mode, entry.new)
        )
        if remnant.mode != ABSENT and (remnant.mode, remnant.blob) != (entry.old_mode, entry.old):
            yield remnant


def _surviving(
    git: Git, undoing: Undoing, at: str, remnant: _Remnant, contents: dict[str, bytes], own: frozenset[str]
) -> Iterator[Survivor]:
    entry, content = remnant.entry, contents.get(remnant.blob)
    if entry.old_mode not in (entry.new_mode, ABSENT) and remnant.mode == entry.new_mode:
        yield Survivor(shown(remnant.path), 0, f"mode {entry.new_mode}")
    if remnant.blob == entry.old:
        return
    if not _regular(remnant) or content is None or _binary(content):
        if remnant.blob == entry.new:
            yield Survivor(shown(remnant.path), 0, "the whole file, as the bad change left it")
        return
    lines = content.split(b"\n")
    more = Counter(lines) - Counter(contents.get(entry.old, b"").split(b"\n"))
    for number in sorted(lines_from(git, remnant.path, at=at, own=own, before=undoing.before)):
        text = lines[number - 1] if number <= len(lines) else b""
        if text.strip() and more[text]:
            yield Survivor(shown(remnant.path), number, shown(text.decode("utf-8", "surrogateescape"))[:_WIDTH])


def _regular(remnant: _Remnant) -> bool:
    return remnant.mode in REGULAR and remnant.entry.old_mode in (*REGULAR, ABSENT)


def _binary(content: bytes) -> bool:
    return b"\0" in content[:_BINARY_LOOK]
