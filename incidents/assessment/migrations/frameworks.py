"""The frameworks by name: which files are theirs, in which order they ran, and who reads them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import PurePosixPath
from typing import Final

from incidents.assessment.migrations.operations import ColumnType, FrontEnd, Kind, Op
from incidents.assessment.migrations.up_parts import fill_placeholders, marked_framework, up_part


@dataclass(frozen=True, slots=True)
class Framework:
    """`start` makes a front end for one history: Django's remembers what it has read."""

    name: str
    is_migration: Callable[[PurePosixPath], bool]
    start: Callable[[], FrontEnd]
    remembers: bool = False
    by_dependency: bool = False
    """What a file says it depends on is the order, not its name."""


def earlier_than(framework: Framework, path: str, files: Mapping[str, str]) -> list[str]:
    """Of these files, by path, those that ran before `path`, in order. `path` itself may be among them."""
    if framework.by_dependency:
        from incidents.assessment.migrations.migration_order import replay_order  # reads Python

        return [found for found in replay_order(files, path) if found != path]
    own, text = order_key(path), files.get(path)
    others = [found for found in files if found != path and not _is_copy(path, found, text, files[found])]
    before = [found for found in others if not own or order_key(found) < own]
    return sorted(before, key=order_key)


def _is_copy(path: str, other: str, text: str | None, other_text: str) -> bool:
    return migration_name(path) == migration_name(other) and text == other_text


def migration_name(path: str) -> str:
    """What a migration is called: its folder where the file's own name says nothing (`up.sql`, `migration.sql`)."""
    pure = PurePosixPath(path)
    return pure.parent.name if pure.name in _NAMELESS else pure.name


_NAMELESS: Final = {"up.sql", "down.sql", "migration.sql"}


def order_key(path: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers in a name count as numbers. Empty where the name begins with none, so that no order is known by it."""
    name = migration_name(path)
    if versioned := re.match(r"[VvBb](\d[\d._]*)__", name):
        numbers = re.findall(r"\d+", versioned[1])
        return tuple((0, int(number), "") for number in numbers)
    if re.match(r"R__", name):
        return ((1, 0, name),)
    if not re.match(r"\d", name):
        return ()
    return tuple((0, int(part), "") if part.isdigit() else (0, -1, part) for part in re.findall(r"\d+|\D+", name))


def recognised(path: str, text: str) -> str:
    """The framework that a file of a repository belongs to; empty where it is no migration."""
    pure = PurePosixPath(path)
    if pure.suffix == ".sql":
        return _recognised_sql(pure, text)
    if pure.suffix == ".fizz":
        return "pop"
    if pure.suffix == ".rb":
        return "rails" if re.search(r"^\s*class\s+\S+\s*<\s*(?:\w+::)+Migration\b", text, re.MULTILINE) else ""
    if pure.suffix == ".py" and pure.name != "__init__.py":
        if re.search(r"^class\s+Migration\s*\(", text, re.MULTILINE) and "migrations" in text:
            return "django"
        if re.search(r"^down_revision\b", text, re.MULTILINE) and re.search(r"^def upgrade\b", text, re.MULTILINE):
            return "alembic"
    return ""


def _recognised_sql(path: PurePosixPath, text: str) -> str:
    name = path.name
    if name == "migration.sql":
        return "prisma"
    if name == "up.sql":
        return "diesel"
    if name.endswith(".up.sql"):
        return "golang-migrate"
    if marked := marked_framework(text):
        return marked
    if re.match(r"(?:V\d[\d._]*|R)__", name):
        return "flyway"
    is_backward = bool(re.search(r"(?:^|[._-])down\.sql$|\.(?:undo|rollback)\.sql$|^U\d", name))
    named = any("migrat" in part.lower() for part in path.parts[:-1])
    return "sql" if named and not is_backward else ""


def _sql(name: str) -> Callable[[], FrontEnd]:
    def start() -> FrontEnd:
        from incidents.assessment.migrations.sql import read_sql  # parsers: for workers only

        def read(text: str, *, path: str) -> Iterable[Op]:
            filled, decided = fill_placeholders(up_part(name, text))
            return [
                *read_sql(filled, path=path),
                *(Op(kind=Kind.UNKNOWN, line=line, path=path, why=_TEMPLATED) for line in decided),
            ]

        return read

    return start


_TEMPLATED: Final = "A template decides what runs here: which of it runs in production?"


def _prisma() -> FrontEnd:
    read = _sql("prisma")()

    def read_warned(text: str, *, path: str) -> Iterable[Op]:
        lossy = {(table, column): was for column, table, was in _LOSSY.findall(text)}
        for op in read(text, path=path):
            was = lossy.get((op.table, op.column)) if op.kind in (Kind.ALTER_TYPE, Kind.REDEFINE_COLUMN) else None
            yield replace(op, was=ColumnType(was)) if was else op

    return read_warned


_LOSSY: Final = re.compile(
    r"alter the column `([^`]+)` on the `([^`]+)` table\. The data in that column could be lost\."
    r" The data in that column will be cast from `([^`]+)`"
)
"""Prisma warns of every change of a type that may lose something, and says from which, in words of its own."""


def _flyway() -> FrontEnd:
    read = _sql("flyway")()

    def read_named(text: str, *, path: str) -> Iterable[Op]:
        name = PurePosixPath(path).name
        if re.match(r"U\d", name):
            return []
        ops = list(read(text, path=path))
        if not name.startswith("R__"):
            return ops
        return [
            *ops,
            Op(kind=Kind.UNKNOWN, line=1, path=path, why="It runs at every change: what does it do differently?"),
        ]

    return read_named


def _pop() -> FrontEnd:
    from incidents.assessment.migrations.fizz import read_fizz  # parsers: for workers only

    read = _sql("pop")()

    def read_named(text: str, *, path: str) -> Iterable[Op]:
        return read_fizz(text, path=path) if path.endswith(".fizz") else read(text, path=path)

    return read_named


def _made_by(module: str, name: str) -> Callable[[], FrontEnd]:
    def start() -> FrontEnd:
        found = getattr(import_module(f"incidents.assessment.migrations.{module}"), name)  # for workers only
        front_end: FrontEnd = found() if isinstance(found, type) else found
        return front_end

    return start


def _is_sql(path: PurePosixPath) -> bool:
    return path.suffix == ".sql" and not re.search(r"(?:^|[._-])down\.sql$", path.name)


def _is_python(path: PurePosixPath) -> bool:
    return path.suffix == ".py" and path.name != "__init__.py"


def _is_pops(path: PurePosixPath) -> bool:
    return (_is_sql(path) or path.suffix == ".fizz") and ".down." not in path.name


_ALL: Final = (
    Framework("django", _is_python, _made_by("django_operations", "DjangoReader"), remembers=True, by_dependency=True),
    Framework("alembic", _is_python, _made_by("alembic_operations", "AlembicReader"), by_dependency=True),
    Framework("rails", lambda path: path.suffix == ".rb", _made_by("rails_operations", "read")),
    Framework("flyway", lambda path: _is_sql(path) and not re.match(r"U\d", path.name), _flyway),
    Framework("pop", _is_pops, _pop),
    Framework("prisma", _is_sql, _prisma),
    *(
        Framework(name, _is_sql, _sql(name))
        for name in ("diesel", "sql", "sql-migrate", "golang-migrate", "dbmate", "goose")
    ),
)
FRAMEWORKS: Final = {framework.name: framework for framework in _ALL}
