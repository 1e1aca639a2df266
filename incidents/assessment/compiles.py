"""Would the reverted tree still start? Python files that stop compiling, or import what is gone.

assessment.md §1, fact 4. Nothing is imported or run: files are parsed, up to 1 MiB each.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from incidents.assessment.diffs import ABSENT, REGULAR, Entry, entries
from incidents.assessment.git import Git, listing, read_blobs, shown
from incidents.assessment.python_source import (
    STARRED,
    Import,
    Unparsable,
    attributes_of,
    bound_names,
    firm_imports,
    parse,
)

_MOST_IMPORTERS = 300
_PACKAGE = "__init__"
_PLAIN_FILES = {*REGULAR, ABSENT}


@dataclass(frozen=True, slots=True)
class _Loss:
    """What importers of a module can no longer get; `names` is None where the module itself is gone."""

    module: tuple[str, ...]
    names: frozenset[str] | None

    @property
    def words(self) -> frozenset[str]:
        """What a file must mention to be an importer of what is lost."""
        return (self.names or frozenset()) | {*self.module[-1:]}


def broken_files(git: Git, base: str, tree: str) -> tuple[str, ...]:
    """Files of `tree` that no longer compile, or firmly import what was there in `base` and is not any more."""
    changed = [entry for entry in entries(git, base, tree) if entry.path.endswith(".py") and _is_plain(entry)]
    if not changed:
        return ()
    contents = read_blobs(git, {blob for entry in changed for blob in (entry.old, entry.new)})
    uncompiled, losses = _weigh(changed, contents)
    paths = {path for path in git.records("ls-tree", "-r", "-z", "--name-only", tree) if path.endswith(".py")}
    real = [loss for loss in losses if loss.names is not None or not _exists(loss.module, paths)]
    return tuple(shown(path) for path in sorted({*uncompiled, *_broken_importers(git, tree, real, paths)}))


def _is_plain(entry: Entry) -> bool:
    return {entry.old_mode, entry.new_mode} <= _PLAIN_FILES


def _weigh(changed: list[Entry], contents: Mapping[str, bytes]) -> tuple[list[str], list[_Loss]]:
    """The files that stop compiling, and what the others' importers lose."""
    uncompiled, losses = [], []
    for entry in changed:
        try:
            before = _module(contents.get(entry.old))
        except Unparsable:
            continue  # it was unreadable before: the revert does not break it
        try:
            after = _module(contents.get(entry.new))
        except Unparsable:
            uncompiled.append(entry.path)
            continue
        losses += _losses(entry, before, after)
    return uncompiled, losses


def _losses(entry: Entry, before: ast.Module | None, after: ast.Module | None) -> list[_Loss]:
    module = _module_of(entry.path)
    if entry.new_mode == ABSENT:
        return [_Loss(module, None)]
    if before is None or after is None:
        return []
    has = bound_names(after)
    gone = bound_names(before) - has - {STARRED}
    return [_Loss(module, gone)] if gone and not {STARRED, "__getattr__"} & has else []


def _module(content: bytes | None) -> ast.Module | None:
    return None if content is None else parse(content)


def _broken_importers(git: Git, tree: str, losses: list[_Loss], paths: set[str]) -> Iterator[str]:
    if not losses:
        return
    blobs = _mentioning(git, tree, frozenset().union(*(loss.words for loss in losses)))
    contents = read_blobs(git, blobs.values())
    for path, blob in blobs.items():
        try:
            module = _module(contents.get(blob))
        except Unparsable:
            continue
        if module and any(_misses(module, path, loss, paths) for loss in losses):
            yield path


def _mentioning(git: Git, tree: str, words: frozenset[str]) -> dict[str, str]:
    """Path → blob of at most 300 Python files that contain one of these words."""
    patterns = "".join(f"{word}\n" for word in sorted(words)).encode()
    search = ("grep", "-l", "-z", "-I", "-F", "-w", "-f", "-", tree, "--", "*.py")
    found = git.records(*search, given=patterns, codes=(0, 1))
    paths = [record.partition(":")[2] for record in found[:_MOST_IMPORTERS]]
    if not paths:
        return {}
    return {path: sha for path, _, sha in listing(git, tree, *paths)}


def _misses(module: ast.Module, path: str, loss: _Loss, paths: set[str]) -> bool:
    return any(_fails(found, module, path, loss, paths) for found in firm_imports(module))


def _fails(found: Import, module: ast.Module, path: str, loss: _Loss, paths: set[str]) -> bool:
    """Whether this import, or a use of what it binds, asks for what is lost."""
    itself = _means(found.module, found.level, path, loss, paths)
    named = found.name is not None and _means((*found.module, found.name), found.level, path, loss, paths)
    if loss.names is None:
        return itself or named or _passes_through(found, path, loss, paths)
    if itself and found.name is not None:
        return found.name in loss.names and not _exists((*loss.module, found.name), paths)
    return (itself or named) and bool(attributes_of(module, found.alias) & loss.names)


def _passes_through(found: Import, path: str, loss: _Loss, paths: set[str]) -> bool:
    """`import gone.part` fails where the package `gone` is lost."""
    return any(_means(found.module[:end], found.level, path, loss, paths) for end in range(1, len(found.module)))


def _means(name: tuple[str, ...], level: int, path: str, loss: _Loss, paths: set[str]) -> bool:
    """Whether this module name, in the file at `path`, is the lost module."""
    here = tuple(path.split("/")[:-1])
    if level:
        return here[: len(here) - level + 1] + name == loss.module
    if not name or loss.module[-len(name) :] != name:
        return False
    root = loss.module[: -len(name)]
    if name[0] in sys.stdlib_module_names:
        return root == here
    return "/".join((*root, _PACKAGE + ".py")) not in paths


def _module_of(path: str) -> tuple[str, ...]:
    parts = path.removesuffix(".py").split("/")
    return tuple(parts[:-1] if parts[-1] == _PACKAGE else parts)


def _exists(module: tuple[str, ...], paths: set[str]) -> bool:
    """As a file, or as a folder with Python in it."""
    place = "/".join(module)
    return f"{place}.py" in paths or any(path.startswith(f"{place}/") for path in paths)
