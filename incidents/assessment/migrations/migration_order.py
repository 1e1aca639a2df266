"""The order in which Django's and Alembic's earlier migrations ran, by what each says it depends on."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

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
    """The migrations of one folder, by path and by name."""

    stands: dict[str, _Stands]
    by_name: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        replaced = {name for stand in self.stands.values() for name in stand.replaces}
        for path, stand in self.stands.items():
            if stand.name not in replaced:
                self.by_name[stand.name] = path
        for path, stand in self.stands.items():
            self.by_name.update({name: path for name in stand.replaces if self.by_name.get(stand.name) == path})

    def before(self, path: str) -> Iterator[str]:
        """The paths that this one comes directly after."""
        found = (self.by_name.get(name) for _, name in self.stands[path].after)
        yield from sorted({earlier for earlier in found if earlier is not None and earlier != path})

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

    What was squashed into another of them is left out; what cannot be read is left out too. Where `before` says
    nothing of what it follows, every other one that its name sorts after counts as earlier.
    """
    history = _History(dict(_read(files)))
    if before is None:
        return tuple(history.ordered([path for path in sorted(history.stands) if path in history.by_name.values()]))
    if before not in history.stands:
        return ()
    found = [path for path in history.ordered([before]) if path != before]
    return tuple(found) if found else tuple(_by_name(history, before))


def _by_name(history: _History, before: str) -> Iterator[str]:
    """Django's numbers tell the order where the dependencies do not."""
    named = PurePosixPath(before).name
    kept = set(history.by_name.values())
    if named[:4].isdigit():
        yield from (path for path in sorted(history.stands) if path in kept and PurePosixPath(path).name < named)


def app_labels(files: Mapping[str, str]) -> dict[str, str]:
    """By an app's folder, its label where dependencies within the app call it otherwise."""
    stands = dict(_read(files))
    folders = {stand.name: _folder(path) for path, stand in stands.items()}
    labels: dict[str, str] = {}
    for path, stand in stands.items():
        own = [app for app, name in stand.after if app and folders.get(name) == _folder(path)]
        known = {app for app, _ in stand.after}
        if own and _folder(path) not in known:
            labels.setdefault(_folder(path), own[0])
    return labels


def _folder(path: str) -> str:
    parts = PurePosixPath(path).parts
    return parts[-3] if len(parts) > 2 else ""


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
    replaces = tuple(name for _, name in _pairs(values, constants.get("replaces")))
    return _Stands(PurePosixPath(path).stem, after, replaces)


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
