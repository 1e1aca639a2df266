"""On random histories the built revert is what `git revert` makes in a work tree, verdict for verdict."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from incidents.assessment.revert import BadChange, NotRevertible, Signature, Verdict, build, preview
from tests.assessment.repositories import WorkTree, rebased

ATTRIBUTES = ".gitattributes"
PATHS = ("a.txt", "b.txt", "folder/c.txt", "folder/d.log", "e.bin", "ünï.txt")
SUBMODULE = "module"
PINS = ("1" * 40, "2" * 40, "3" * 40)
LINES = tuple("αbcdef")
Content = tuple[str, bytes]  # mode, bytes
Tree = dict[str, Content]


@dataclass(frozen=True)
class Planned:
    """A commit to be: its tree, its parents by their place in the history."""

    tree: Tree
    parents: tuple[int, ...]


@dataclass
class History:
    """A master line with branches merged into it; `first_parents` are the places of master's own commits."""

    commits: list[Planned] = field(default_factory=list)
    first_parents: list[int] = field(default_factory=list)


def content(lines: list[str], *, binary: bool) -> bytes:
    return (b"\0" if binary else b"") + "".join(f"{line}\n" for line in lines).encode()


@st.composite
def edits(draw: st.DrawFn, tree: Tree) -> Tree:
    """One small edit: a line changed, put in or taken out; a rename; a mode; a file gone or new; a submodule moved."""
    tree = dict(tree)
    path = draw(st.sampled_from(PATHS))
    mode, data = tree.get(path, ("100644", b""))
    kind = draw(
        st.sampled_from(("line", "line", "insert", "insert", "delete", "rename", "mode", "gone", "union", "pin"))
    )
    lines = data.decode().removeprefix("\0").splitlines()
    if kind == "rename" and path in tree:
        tree[draw(st.sampled_from(("renamed.txt", "folder/renamed.txt", *PATHS)))] = tree.pop(path)
        return tree
    if kind == "union":
        tree[ATTRIBUTES] = (
            "100644",
            draw(st.sampled_from((b"*.txt merge=union\n", b"*.log merge=union\n", b"* -merge\n"))),
        )
        return tree
    if kind == "pin":
        tree[SUBMODULE] = ("160000", draw(st.sampled_from(PINS)).encode())
        return tree
    if kind == "gone":
        tree.pop(path, None)
        return tree
    if kind == "mode":
        mode = "100755" if mode == "100644" else "100644"
    elif lines and kind in ("line", "delete"):
        at = draw(st.integers(0, len(lines) - 1))
        lines[at : at + 1] = [] if kind == "delete" else [draw(st.sampled_from(LINES))]
    else:
        lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(LINES)))
    tree[path] = (mode, content(lines, binary=path.endswith(".bin")))
    return tree


@st.composite
def several_edits(draw: st.DrawFn, tree: Tree) -> Tree:
    for _ in range(draw(st.integers(1, 3))):
        tree = draw(edits(tree))
    return tree


@st.composite
def histories(draw: st.DrawFn, *, merges: bool = True) -> History:
    start = [f"{letter}{n}" for n in range(4) for letter in LINES]
    tree: Tree = {path: ("100644", content(start, binary=path.endswith(".bin"))) for path in PATHS[:5]}
    found = History([Planned(tree, ())], [0])
    for _ in range(draw(st.integers(2, 6))):
        tip = found.first_parents[-1]
        parents: tuple[int, ...] = (tip,)
        if merges and draw(st.integers(0, 3)) == 0:
            fork = draw(st.sampled_from(found.first_parents))
            found.commits.append(Planned(draw(several_edits(found.commits[fork].tree)), (fork,)))
            parents = (tip, len(found.commits) - 1)
        found.commits.append(Planned(draw(several_edits(found.commits[tip].tree)), parents))
        found.first_parents.append(len(found.commits) - 1)
    return found


@contextmanager
def made(history: History) -> Iterator[tuple[WorkTree, list[str]]]:
    """The history as a clone with master checked out, and its commits' shas."""
    with tempfile.TemporaryDirectory() as name:
        work = WorkTree(Path(name) / "work")
        work.git("fast-import", "--quiet", f"--export-marks={name}/marks", given=b"".join(_stream(history)))
        marks = dict(line.split() for line in Path(name, "marks").read_text().splitlines())
        work.git("reset", "--quiet", "--hard", "master")
        yield work, [marks[f":{number}"] for number in range(1, len(history.commits) + 1)]


def _stream(history: History) -> Iterator[bytes]:
    master = set(history.first_parents)
    for number, commit in enumerate(history.commits):
        branch = "master" if number in master else f"side{number}"
        yield f"commit refs/heads/{branch}\nmark :{number + 1}\n".encode()
        yield f"committer engineer <engineer@example.com> {1_700_000_000 + number} +0000\ndata 0\n".encode()
        for word, parent in zip(("from", "merge"), commit.parents, strict=False):
            yield f"{word} :{parent + 1}\n".encode()
        yield b"deleteall\n"
        for path, (mode, data) in commit.tree.items():
            if mode == "160000":
                yield f"M {mode} {data.decode()} {path}\n".encode()
            else:
                yield f"M {mode} inline {path}\ndata {len(data)}\n".encode() + data + b"\n"


def built(work: WorkTree, change: BadChange) -> tuple[str, str | None]:
    who, at = Signature("console", "console@example.com"), datetime(2026, 11, 23, tzinfo=UTC)
    objects = work.folder.parent / "objects"
    try:
        revert = build(work.folder, change, base="master", message="Revert", who=who, at=at, objects=objects)
    except NotRevertible as refusal:
        return refusal.verdict, None
    return Verdict.CLEAN, revert.tree


SMALL = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SMALL
@given(st.data(), histories())
def test_e7_a_revert_is_what_git_revert_makes(data: st.DataObject, history: History) -> None:
    place = data.draw(st.sampled_from(history.first_parents))
    with made(history) as (work, shas):
        mainline = 1 if len(history.commits[place].parents) > 1 else None
        expected = work.reverted(shas[place], mainline=mainline)
        event(f"{expected[0]}{' of a merge' if mainline else ''}")
        change = BadChange(shas[place], (shas[place],), mainline)
        assert built(work, change) == expected
        found = preview(work.folder, change, base="master")
        assert (found.verdict, found.tree) == expected


@SMALL
@given(st.data(), histories(merges=False))
def test_e7_a_range_is_what_reverting_newest_to_oldest_makes_where_that_is_clean(
    data: st.DataObject, history: History
) -> None:
    last = len(history.commits) - 1
    end = data.draw(st.integers(2, last))
    start = data.draw(st.integers(1, end - 1))
    # Step by step, git obeys attributes that the range brought only until it has undone them; at once, throughout.
    assume(len({commit.tree.get(ATTRIBUTES) for commit in history.commits[start - 1 : end + 1]}) == 1)
    # A union merge keeps both sides, so that what it makes of three versions depends on where the steps end.
    _, attributes = history.commits[last].tree.get(ATTRIBUTES, ("", b""))
    assume(b"union" not in attributes)
    with made(history) as (work, shas):
        newest_first = tuple(reversed(shas[start : end + 1]))
        verdict, tree = work.reverted(*newest_first)
        event(verdict)
        if verdict == "clean":
            expected = "already_undone" if tree == work.tree() else "clean"
            assert built(work, rebased(*newest_first)) == (expected, tree if expected == "clean" else None)
