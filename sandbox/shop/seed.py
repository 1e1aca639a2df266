"""The shop's history, as its code host receives it on the first day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from sandbox.shop.edits import Tree
from sandbox.shop.story import STORY

SOURCE = Path(__file__).parent / "source"


@dataclass(frozen=True, slots=True)
class SeedCommit:
    """One commit. `files` maps a path to its new text, None where it goes; `merge` is how it landed."""

    title: str
    author: str
    files: Mapping[str, str | None]
    merge: str


def history() -> list[SeedCommit]:
    """The commits that build the shop, oldest first; the tree of the last is exactly `source/`."""
    return [
        SeedCommit(step.title, step.author, dict(_difference(before, after)), step.merge)
        for step, (before, after) in zip(STORY, pairwise(trees()), strict=True)
    ]


def source() -> Tree:
    """The shop's program: text by path."""
    files = (file for file in SOURCE.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return {file.relative_to(SOURCE).as_posix(): file.read_text(encoding="utf-8") for file in sorted(files)}


def trees() -> list[Tree]:
    """The tree before the story and after each of its steps, found by undoing them from the last to the first."""
    found = [source()]
    for step in reversed(STORY):
        tree = dict(found[-1])
        for edit in reversed(step.edits):
            edit.undo(tree)
        found.append(tree)
    return found[::-1]


def _difference(before: Tree, after: Tree) -> Iterator[tuple[str, str | None]]:
    for path in sorted({*before, *after}):
        if before.get(path) != after.get(path):
            yield path, after.get(path)
