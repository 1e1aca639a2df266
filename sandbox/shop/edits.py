"""Small changes to a tree of texts: made by a bad merge, unmade to find what was there before."""

from collections.abc import Sequence
from dataclasses import dataclass

Tree = dict[str, str]


class EditDoesNotFit(Exception):
    """The tree does not hold, exactly once, what the edit means to change."""


@dataclass(frozen=True, slots=True)
class Edited:
    path: str
    before: str
    after: str

    def apply(self, tree: Tree) -> None:
        tree[self.path] = _swap(tree.get(self.path, ""), self.before, self.after)

    def undo(self, tree: Tree) -> None:
        tree[self.path] = _swap(tree[self.path], self.after, self.before)


@dataclass(frozen=True, slots=True)
class Added:
    path: str

    def undo(self, tree: Tree) -> None:
        del tree[self.path]


@dataclass(frozen=True, slots=True)
class Renamed:
    before: str
    after: str

    def undo(self, tree: Tree) -> None:
        tree[self.before] = tree.pop(self.after)


@dataclass(frozen=True, slots=True)
class Step:
    """One commit of the story. `merge` says how it came to the branch: merge, squash or direct."""

    title: str
    author: str
    edits: Sequence[Edited | Added | Renamed]
    merge: str = "merge"


def _swap(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise EditDoesNotFit(f"Found {text.count(old)} times instead of once: {old!r}")
    return text.replace(old, new)
