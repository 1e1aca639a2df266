"""A schema as far as migrations tell it: what each table, column, constraint, type, view and routine was and is now."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from incidents.assessment.migrations.operations import UNREAD, Column, ColumnType, Default, Kind, Op


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of a column; None, UNREAD and Default.UNKNOWN say that nobody knows."""

    type: ColumnType = UNREAD
    nullable: bool | None = None
    default: Default = Default.UNKNOWN
    unique: bool | None = None
    primary: bool = False
    references: str | None = None


def held(column: Column) -> Held:
    return Held(
        column.type,
        column.nullable and not column.primary,
        column.default,
        column.unique,
        column.primary,
        column.references,
    )


UNHELD = Held()


@dataclass(slots=True)
class ColumnState:
    """One column through a merge. `was` is None for one that the merge created, `now` for one that it dropped."""

    name: str
    was: Held | None
    now: Held | None
    original: str = ""
    marks: dict[Kind, Op] = field(default_factory=dict)
    """The last operation of each kind on it."""
    restated: bool = False
    """Its whole definition was given although nobody knows what it had been."""
    filled: bool = False
    """Some UPDATE wrote to it."""

    @property
    def created(self) -> bool:
        return self.was is None


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint or a unique index; `made` is the operation of this merge that added it."""

    kind: Kind
    columns: tuple[str, ...] = ()
    where: str = ""
    references: str = ""
    on_delete: str = ""
    values: tuple[str, ...] = ()
    empty_equal: bool = False
    made: Op | None = None


@dataclass(slots=True)
class Versions:
    """Something that is compared by its text: a view, a function, a trigger. None: it did not, or does not, exist."""

    was: Op | None = None
    now: Op | None = None
    unknown: bool = False
    """It was there, or may have been, and nobody knows its text."""
    marks: list[Op] = field(default_factory=list)


@dataclass(slots=True)
class TypeState:
    """An enum or another type of the schema's own. `values` is None where nobody knows them."""

    name: str
    original: str | None
    values: tuple[str, ...] | None
    marks: list[Op] = field(default_factory=list)
    dropped: Op | None = None


@dataclass(slots=True, eq=False)
class TableState:
    """One table through a merge. `original` is None for one that the merge created; `known` says that its columns are."""

    name: str
    original: str | None
    known: bool = False
    columns: dict[str, ColumnState] = field(default_factory=dict)
    lost: list[ColumnState] = field(default_factory=list)
    constraints: dict[str, Constraint] = field(default_factory=dict)
    before: dict[str, Constraint] = field(default_factory=dict)
    """The constraints in force when the merge began."""
    triggers: dict[str, Versions] = field(default_factory=dict)
    marks: dict[Kind, Op] = field(default_factory=dict)
    copied: dict[str, "dict[str, str]"] = field(default_factory=dict)
    """By the name of another table, which of its columns were copied into which of ours."""

    @property
    def created(self) -> bool:
        return self.original is None

    def column(self, name: str) -> ColumnState:
        """The column of that name; where nobody knows one, an old one of which nothing is known."""
        return self.columns.get(name) or self.columns.setdefault(name, ColumnState(name, UNHELD, UNHELD, name))

    def old_columns(self) -> Iterator[ColumnState]:
        yield from (column for column in (*self.lost, *self.columns.values()) if not column.created)


@dataclass(slots=True)
class Schema:
    """Everything that is known. `complete` says that the whole history was read, so that what is not in it is not there."""

    complete: bool = False
    tables: dict[str, TableState] = field(default_factory=dict)
    gone: list[TableState] = field(default_factory=list)
    types: dict[str, TypeState] = field(default_factory=dict)
    gone_types: list[TypeState] = field(default_factory=list)
    views: dict[str, Versions] = field(default_factory=dict)
    functions: dict[str, Versions] = field(default_factory=dict)
    obscure: list[str] = field(default_factory=list)
    """The texts of operations of the past that nobody could read: what they name may exist."""

    def find(self, name: str) -> TableState | None:
        """By its name; a name written with its schema here and without it there still meets."""
        if found := self.tables.get(name):
            return found
        last = _last(name)
        near = [
            table for known, table in self.tables.items() if _last(known) == last and ("." in name) != ("." in known)
        ]
        return near[0] if len(near) == 1 else None

    def table(self, name: str) -> TableState:
        """The table of that name; where nobody knows one, an old one of which nothing is known."""
        if found := self.find(name):
            return found
        if name not in self.views and not _last(name).startswith("pg_"):
            self.complete = False
        return self.tables.setdefault(name, TableState(name, name))

    def is_absent(self, name: str) -> bool:
        """Whether nothing of that name can have existed."""
        return self.complete and not any(_last(name) in text for text in self.obscure)

    def settle(self, *, complete: bool) -> None:
        """From here on everything counts as old: a merge begins."""
        self.complete = self.complete and complete
        self.gone, self.gone_types = [], []
        for table in self.tables.values():
            _settle_table(table)
        for kind in self.types.values():
            kind.original, kind.marks = kind.name, []
        for versions in (self.views, self.functions):
            _settle_versions(versions)


def _settle_table(table: TableState) -> None:
    table.original, table.lost, table.marks, table.copied = table.name, [], {}, {}
    table.constraints = {name: replace(kept, made=None) for name, kept in table.constraints.items()}
    table.before = dict(table.constraints)
    _settle_versions(table.triggers)
    for name, column in table.columns.items():
        table.columns[name] = ColumnState(name, column.now, column.now, name)


def _settle_versions(versions: dict[str, Versions]) -> None:
    for name, version in list(versions.items()):
        if version.now is None and not version.unknown:
            del versions[name]
        else:
            versions[name] = Versions(version.now, version.now, version.unknown)


def _last(name: str) -> str:
    return name.rpartition(".")[2]
