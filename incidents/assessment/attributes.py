"""The .gitattributes files of many trees, each tree read once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from incidents.assessment.git import Git, RepositoryUnreadable, read_blobs

Files = tuple[tuple[str, str], ...]
"""Paths and blobs."""

_NAME = ".gitattributes"
_TOGETHER = 2000  # trees in one answer of git
_WORDS = (b"merge", b"binary", b"[attr]")


@dataclass(slots=True)
class AttributeFiles:
    """Remembers, for every tree it has seen, the attribute files in it."""

    git: Git
    _known: dict[str, Files] = field(default_factory=dict)
    _merging: dict[str, bool] = field(default_factory=dict)

    def that_merge(self, trees: Sequence[str]) -> list[Files]:
        """For each tree its attribute files that can have a say in a merge."""
        self._learn(trees)
        blobs = {blob for tree in trees for _, blob in self._known[tree]} - self._merging.keys()
        contents = read_blobs(self.git, blobs)
        self._merging |= {blob: any(word in contents.get(blob, b"") for word in _WORDS) for blob in blobs}
        return [tuple(file for file in self._known[tree] if self._merging[file[1]]) for tree in trees]

    def _learn(self, trees: Iterable[str]) -> None:
        """Level by level down, then back up."""
        levels: list[dict[str, list[tuple[str, str, str]]]] = []
        unseen = [tree for tree in dict.fromkeys(trees) if tree not in self._known]
        while unseen:
            level = {tree: entries for part in _parts(unseen) for tree, entries in _read_trees(self.git, part)}
            levels.append(level)
            found = (sha for entries in level.values() for mode, _, sha in entries if mode == "40000")
            unseen = [tree for tree in dict.fromkeys(found) if tree not in self._known]
        for level in reversed(levels):
            for tree, entries in level.items():
                self._known[tree] = tuple(self._files(entries))

    def _files(self, entries: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
        for mode, name, sha in entries:
            if mode == "40000":
                yield from ((f"{name}/{path}", blob) for path, blob in self._known[sha])
            else:
                yield name, sha


def _parts(trees: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(trees), _TOGETHER):
        yield trees[at : at + _TOGETHER]


def _read_trees(git: Git, trees: list[str]) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Mode, name and sha of the folders and of the regular attribute files in each tree."""
    out = git.run("cat-file", "--batch", given="".join(f"{tree}\n" for tree in trees).encode()).out
    at = 0
    for tree in trees:
        end = out.index(b"\n", at)
        _, kind, *size = out[at:end].split()
        if kind != b"tree":
            raise RepositoryUnreadable("The clone lacks a folder's contents (a partial clone?).")
        at = end + 1 + int(size[0])
        yield tree, list(_entries(out[end + 1 : at], len(tree) // 2))
        at += 1


def _entries(content: bytes, width: int) -> Iterator[tuple[str, str, str]]:
    """The wanted entries of a raw tree, `<mode> <name>NUL<sha>` each, without names that would leave their folder."""
    at = 0
    while at < len(content):
        blank, end = content.index(b" ", at), content.index(b"\0", at)
        mode, name = content[at:blank].decode(), content[blank + 1 : end].decode("utf-8", "surrogateescape")
        sha = content[end + 1 : end + 1 + width].hex()
        at = end + 1 + width
        if name in (".", "..", ".git") or "/" in name:
            continue
        if mode == "40000" or (mode.startswith("100") and name == _NAME):
            yield mode, name, sha
