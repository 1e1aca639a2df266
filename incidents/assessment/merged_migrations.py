"""Which migrations a change brought, altered or took away, and which ran before them (assessment.md §2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from incidents.assessment.diffs import ABSENT, REGULAR, Entry
from incidents.assessment.git import Git, listing, read_blobs
from incidents.assessment.migrations.frameworks import FRAMEWORKS, earlier_than, order_key, recognised
from incidents.assessment.migrations.one_file import LARGEST, decoded
from incidents.assessment.migrations.operations import Unreadable

SUFFIXES: Final = (".sql", ".py", ".rb", ".fizz")
MOST_EARLIER: Final = 5_000
_FOLDERED: Final = {"prisma", "diesel"}


@dataclass(frozen=True, slots=True)
class History:
    """One folder's migrations of one framework: what the change brought, and what ran before, each in its order.

    By path, as git knows it, the text.
    """

    framework: str
    new: Mapping[str, str]
    earlier: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Altered:
    """A migration that was there before the change and was rewritten, renamed or deleted by it."""

    path: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class Migrations:
    """Everything of a change that concerns migrations. `unreadable`: too large for us, or no text."""

    histories: tuple[History, ...] = ()
    altered: tuple[Altered, ...] = ()
    unreadable: tuple[str, ...] = ()


def migrations_of(git: Git, before_tree: str, changed: Iterable[Entry]) -> Migrations:
    """What the change did to the repository's migrations; `changed` are its paths, renames as two."""
    candidates = [entry for entry in changed if entry.path.endswith(SUFFIXES) and _is_plain(entry)]
    blobs = read_blobs(git, {blob for entry in candidates for blob in (entry.old, entry.new)})
    new: dict[tuple[str, str], dict[str, str]] = {}
    altered, unreadable = [], []
    for entry in candidates:
        if entry.new_mode != ABSENT and entry.new not in blobs:
            unreadable += [entry.path] if _may_be_one(entry.path) else []
            continue
        name, text = _kind(entry.path, blobs.get(entry.new))
        was, _ = _kind(entry.path, blobs.get(entry.old))
        if was and not _runs_again(entry.path):
            altered.append(Altered(entry.path, deleted=entry.new_mode == ABSENT))
        elif name:
            new.setdefault((name, _folder(name, entry.path)), {})[entry.path] = text
    histories = [_history(git, before_tree, name, folder, brought) for (name, folder), brought in new.items()]
    return Migrations(tuple(histories), tuple(altered), tuple(unreadable))


def _is_plain(entry: Entry) -> bool:
    return {entry.old_mode, entry.new_mode} <= {*REGULAR, ABSENT}


def _may_be_one(path: str) -> bool:
    """By its place alone, where its content is out of reach."""
    return any("migrat" in part.lower() or part in ("versions", "migrate") for part in PurePosixPath(path).parts)


def _runs_again(path: str) -> bool:
    """Flyway's repeatable ones run at every change of their text."""
    return PurePosixPath(path).name.startswith("R__")


def _kind(path: str, content: bytes | None) -> tuple[str, str]:
    """The framework and the text; two empty ones where it is no migration."""
    try:
        text = decoded(content) if content else ""
    except Unreadable:
        text = content.decode("utf-8", "replace") if content and len(content) <= LARGEST else ""
    return (recognised(path, text), text) if text else ("", "")


def _folder(name: str, path: str) -> str:
    pure = PurePosixPath(path)
    return str(pure.parent.parent if name in _FOLDERED else pure.parent)


def _history(git: Git, tree: str, name: str, folder: str, brought: Mapping[str, str]) -> History:
    framework = FRAMEWORKS[name]
    there = _texts(git, tree, folder, name)
    everything = {**there, **brought}
    before = {path: earlier_than(framework, path, everything) for path in brought}
    order = sorted(brought, key=lambda path: (sum(each in brought for each in before[path]), order_key(path), path))
    earlier = dict.fromkeys(each for path in order for each in before[path] if each not in brought)
    return History(name, {path: brought[path] for path in order}, {path: everything[path] for path in earlier})


def _texts(git: Git, tree: str, folder: str, name: str) -> dict[str, str]:
    """The folder's migrations as they were before the change."""
    is_migration = FRAMEWORKS[name].is_migration
    place = () if folder == "." else (folder,)
    listed = listing(git, tree, *place)
    blobs = {path: sha for path, mode, sha in listed if mode in REGULAR and is_migration(PurePosixPath(path))}
    chosen = dict(list(blobs.items())[:MOST_EARLIER])
    contents = read_blobs(git, chosen.values())
    return {path: _kind_of_text(contents.get(blob)) for path, blob in chosen.items()}


def _kind_of_text(content: bytes | None) -> str:
    """A past migration that nobody can read is kept as an empty one: its name still counts."""
    try:
        return decoded(content) if content else ""
    except Unreadable:
        return ""
