"""The order in which Django's and Alembic's earlier migrations ran, by what each says it depends on."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final

from incidents.assessment.migrations.operations import Unreadable
from incidents.assessment.migrations.python_values import Module, Unresolved, Values, constants_of, read_module


@dataclass(frozen=True, slots=True)
class _Stands:
    """Where one migration stands: what it comes after, by (app, name), and which ones it replaces."""

    name: str
    after: tuple[tuple[str, str], ...] = ()
    replaces: tuple[str, ...] = ()


@dataclass(slots=True)
class _History:
    """Migrations by path, and where each (app's folder, name) stands."""

    stands: dict[str, _Stands]
    labels: dict[str, str]
    places: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        replaced = {(app_folder(path), name) for path, stand in self.stands.items() for name in stand.replaces}
        for path, stand in self.stands.items():
            if (app_folder(path), stand.name) not in replaced:
                self.places[app_folder(path), stand.name] = path
        for path, stand in self.stands.items():
            if self.places.get((app_folder(path), stand.name)) == path:
                self.places.update({(app_folder(path), name): path for name in stand.replaces})

    def find(self, path: str, app: str, name: str) -> str | None:
        """The migration that this one names: of its own app, or of another."""
        own = app_folder(path)
        wanted = own if app in ("", own, self.labels.get(own, own)) else app
        others = [folder for folder, label in self.labels.items() if label == app]
        return next(
            (self.places[key] for key in ((each, name) for each in (wanted, *others)) if key in self.places), None
        )

    def before(self, path: str) -> Iterator[str]:
        """The paths that this one comes directly after."""
        found = {self.find(path, app, name) for app, name in self.stands[path].after}
        yield from sorted(earlier for earlier in found if earlier is not None and earlier != path)

    def has_gap(self, path: str) -> bool:
        """Whether it follows one of its own app that is not here."""
        own = {"", app_folder(path), self.labels.get(app_folder(path), "")}
        return any(app in own and self.find(path, app, name) is None for app, name in self.stands[path].after)

    def ordered(self, tips: list[str]) -> list[str]:
        """Every migration up to the tips, each after what it depends on."""
        done: dict[str, None] = {}
        pending = [(tip, False) for tip in reversed(tips)]
        entered: set[str] = set()
        while pending:
            path, left = pending.pop()
            if left:
                done[path] = None
            elif path not in entered:
                entered.add(path)
                pending.append((path, True))
                pending += [(earlier, False) for earlier in reversed(list(self.before(path)))]
        return list(done)


def replay_order(files: Mapping[str, str], before: str | None = None) -> tuple[str, ...]:
    """Paths of these migrations in the order in which they ran; with `before`, only those that came before it.

    What was squashed into another of them is left out; what cannot be read is left out too. Where a dependency is not
    among them, Django's numbers tell which others are earlier.
    """
    stands = dict(_read(files))
    squashed = stands[before].replaces if before in stands else ()
    if before in stands:  # what it replaces ran before it
        stands[before] = replace(stands[before], replaces=())
    history = _History(stands, app_labels(files))
    kept = set(history.places.values())
    if before is None:
        return tuple(history.ordered([path for path in sorted(history.stands) if path in kept]))
    if before not in history.stands:
        return ()
    originals = {history.find(before, "", name) for name in squashed} - {None, before}
    found = [path for path in history.ordered([*sorted(filter(None, originals)), before]) if path != before]
    if not found or any(history.has_gap(path) for path in (*found, before)):
        found = [path for path in history.ordered([*_by_number(kept, before), before]) if path != before]
    return tuple(found)


def _by_number(kept: Iterable[str], before: str) -> Iterator[str]:
    named = PurePosixPath(before).name
    if named[:4].isdigit():
        yield from sorted(
            path for path in kept if app_folder(path) == app_folder(before) and PurePosixPath(path).name < named
        )


def app_labels(files: Mapping[str, str]) -> dict[str, str]:
    """By an app's folder, its label where the app's own dependencies call it otherwise."""
    stands = dict(_read(files))
    names = {(app_folder(path), stand.name) for path, stand in stands.items()}
    votes: dict[str, Counter[str]] = {}
    for path, stand in stands.items():
        own = (app for app, name in stand.after if name != _FIRST and (app_folder(path), name) in names)
        votes.setdefault(app_folder(path), Counter()).update(own)
    labels = {folder: found.most_common(1)[0][0] for folder, found in votes.items() if found and not found[folder]}
    return {folder: label for folder, label in labels.items() if label}


_FIRST: Final = "0001_initial"
"""Nearly every app has one: it tells no app from another."""


def app_folder(path: str) -> str:
    """The app by its folder: the one above `migrations`."""
    parts = path.split("/")[:-1]
    above = [index for index, part in enumerate(parts) if "migrations" in part]
    return parts[above[-1] - 1] if above and above[-1] > 0 else (parts[-1] if parts else "")


def _read(files: Mapping[str, str]) -> Iterator[tuple[str, _Stands]]:
    for path, text in files.items():
        try:
            module = read_module(text)
        except Unreadable:
            continue
        if stands := _django(module, path) or _alembic(module):
            yield path, stands


def _django(module: Module, path: str) -> _Stands | None:
    migration = module.classes.get("Migration")
    if migration is None:
        return None
    constants = constants_of(migration.body)
    values = Values(module)
    after = tuple(_pairs(values, constants.get("dependencies")))
    return _Stands(PurePosixPath(path).stem, after, replaced_by(migration, values))


def replaced_by(migration: ast.ClassDef, values: Values) -> tuple[str, ...]:
    """The names of the migrations that a squashed one stands for."""
    return tuple(name for _, name in _pairs(values, constants_of(migration.body).get("replaces")))


def _pairs(values: Values, node: ast.expr | None) -> Iterator[tuple[str, str]]:
    """`[("app", "0001_initial"), …]`; what is no such pair (a swappable dependency) is left out."""
    for element in node.elts if isinstance(node, ast.List | ast.Tuple) else ():
        try:
            pair = values.of(element)
        except Unresolved:
            continue
        if isinstance(pair, tuple | list) and len(pair) == 2:
            yield str(pair[0]), str(pair[1])


def _alembic(module: Module) -> _Stands | None:
    try:
        revision = Values(module).of(ast.Name("revision"))
        down = Values(module).of(module.constants.get("down_revision", ast.Constant(None)))
    except Unresolved:
        return None
    earlier = (down,) if isinstance(down, str) else down if isinstance(down, list | tuple) else ()
    return _Stands(str(revision), tuple(("", str(each)) for each in earlier if each))
