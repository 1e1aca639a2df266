"""The neutral operations that every front end speaks: what a migration does, whatever language it is written in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Final, Protocol, runtime_checkable


class Kind(StrEnum):
    """One thing done to a schema or to its rows."""

    CREATE_TABLE = auto()
    DROP_TABLE = auto()
    RENAME_TABLE = auto()
    MOVE_TABLE = auto()
    """Into another schema."""

    ADD_COLUMN = auto()
    DROP_COLUMN = auto()
    RENAME_COLUMN = auto()
    REDEFINE_COLUMN = auto()
    """The whole new definition is given, as Django's AlterField does; the fold finds what differs."""
    ALTER_TYPE = auto()
    SET_NOT_NULL = auto()
    DROP_NOT_NULL = auto()
    SET_DEFAULT = auto()
    DROP_DEFAULT = auto()

    ADD_UNIQUE = auto()
    """A constraint or an index; `where` for a partial one."""
    ADD_CHECK = auto()
    ADD_EXCLUSION = auto()
    ADD_FOREIGN_KEY = auto()
    ADD_PRIMARY_KEY = auto()
    DROP_PRIMARY_KEY = auto()
    DROP_CONSTRAINT = auto()
    """By name, or by what it is on: `of` says which kind where that is known."""
    VALIDATE_CONSTRAINT = auto()
    RENAME_CONSTRAINT = auto()

    CREATE_INDEX = auto()
    """Not unique."""
    DROP_INDEX = auto()
    RENAME_INDEX = auto()

    CREATE_TYPE = auto()
    """`values` where it is an enum."""
    DROP_TYPE = auto()
    ADD_ENUM_VALUE = auto()
    RENAME_ENUM_VALUE = auto()
    ALTER_OTHER_TYPE = auto()
    """A type or domain altered otherwise: its name (`to`), its attributes, its checks."""

    CREATE_VIEW = auto()
    """`replaces` for CREATE OR REPLACE."""
    DROP_VIEW = auto()
    CREATE_FUNCTION = auto()
    DROP_FUNCTION = auto()
    CREATE_TRIGGER = auto()
    """`fills` where it is BEFORE INSERT on each row; DISABLE and ENABLE speak as DROP and CREATE."""
    DROP_TRIGGER = auto()
    ALTER_POLICY = auto()
    """Row security, its policies, and REVOKE: what decides who sees a row."""

    INSERT_ROWS = auto()
    """Literal rows."""
    INSERT_SELECTED = auto()
    UPDATE = auto()
    DELETE = auto()
    TRUNCATE = auto()

    HARMLESS = auto()
    """COMMENT, ANALYZE, GRANT, SET, LOCK, CLUSTER, a new schema, extension or sequence, a no-op: never more than F."""
    UNKNOWN = auto()
    """Nobody can tell by reading: `why` is the question that a person must answer."""


class Default(StrEnum):
    """What fills a column that an INSERT does not name, in the database itself."""

    NONE = auto()
    CONSTANT = auto()
    EXPRESSION = auto()
    GENERATED = auto()
    """Serial, identity, generated: the database always has a value."""
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A type by PostgreSQL's usual name: `integer bigint smallint real double numeric varchar char text citext boolean
    date time timestamp timestamptz json jsonb uuid bytea`; an enum, a domain and the rest by their own name.

    `arguments`: length, or precision and scale; empty is unlimited. `array` for one of any depth.
    """

    name: str
    arguments: tuple[int, ...] = ()
    array: bool = False

    @property
    def is_read(self) -> bool:
        """Whether it can be compared with another type at all."""
        return not self.name.startswith("?")

    def __str__(self) -> str:
        within = f"({','.join(map(str, self.arguments))})" if self.arguments else ""
        return f"{self.name}{within}{'[]' if self.array else ''}"


UNREAD: Final = ColumnType("?")
"""A type that the front end could not read: equal to nothing, and wider than nothing."""


def unread_type(spelling: str) -> ColumnType:
    """A type known by its spelling alone, as a custom field's class: it compares with nothing but that spelling."""
    return ColumnType(f"?{spelling}")


@dataclass(frozen=True, slots=True)
class Column:
    """One column as the database will hold it. `references` is the table of a foreign key on it alone."""

    type: ColumnType = UNREAD
    nullable: bool = True
    default: Default = Default.NONE
    unique: bool = False
    primary: bool = False
    references: str = ""
    checked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Op:
    """One operation, where it stands, and what it says.

    Names are folded as PostgreSQL folds them (lower case unless quoted), with a schema only where one was written and
    is not `public`. `column` is the one, `columns` are the several that it is about, in order. `line` counts from 1;
    `text` is the statement or the call, cut to `MOST_TEXT` characters, never holding a value of a secret.
    """

    kind: Kind
    line: int
    text: str = ""
    path: str = ""
    table: str = ""
    column: str = ""
    columns: tuple[str, ...] = ()
    name: str = ""
    to: str = ""
    definition: Column | None = None
    defined: tuple[tuple[str, Column], ...] = ()
    """CREATE_TABLE: its columns. Its constraints and indexes of more than one column follow as operations of their own."""
    was: ColumnType | None = None
    """ALTER_TYPE, REDEFINE_COLUMN: the old type, where the migration itself states it (Alembic's `existing_type`)."""
    previously: Column | None = None
    """REDEFINE_COLUMN: the definition before it, where the framework's own state (earlier files replayed) knows it."""
    released_by: str = ""
    """DROP_…: the migration that took it out of the code's own state before; only the database still held it."""
    of: Kind | None = None
    """DROP_CONSTRAINT: the ADD_… that had made it."""
    values: tuple[str, ...] = ()
    """An enum's values; the values that a CHECK of one column allows, where it is a mere list; what a view selects."""
    where: str = ""
    """The predicate of a partial index, the expression of a CHECK, the condition of an UPDATE: normalised text."""
    body: str = ""
    """A view's or a function's text, normalised, so that two can be compared."""
    references: str = ""
    """The table of a foreign key; the one table that INSERT_SELECTED copies from, whose columns are then `values`."""
    on_delete: str = ""
    converts: bool = False
    """ALTER_TYPE that says how to convert (USING): no mere widening. INSERT_ROWS that overwrites what it meets (an upsert)."""
    replaces: bool = False
    """CREATE OR REPLACE. REDEFINE_COLUMN that leaves the column's keys as they are, though it does not name them."""
    tolerant: bool = False
    """IF EXISTS, IF NOT EXISTS."""
    empty_equal: bool = False
    """ADD_UNIQUE: one empty value equals another (NULLS NOT DISTINCT)."""
    fills: bool = False
    """A trigger that may fill columns at INSERT; an UPDATE that only fills NULLs."""
    why: str = ""


MOST_TEXT: Final = 240


class Unreadable(ValueError):
    """The text is no migration of that framework, or none that a parser can read; the words say why."""


@runtime_checkable
class Learner(Protocol):
    """A front end that wants to know every file of the history, by path, before it reads the first."""

    def learn(self, files: Mapping[str, str]) -> None: ...


class FrontEnd(Protocol):
    """Reads one migration into operations, in the order in which they run forward ("up").

    `path` is for findings and, where the framework takes names from it (Django's app label), for names. Never raises
    but `Unreadable`; what it cannot tell inside a readable file is an Op of kind UNKNOWN.
    """

    def __call__(self, text: str, *, path: str) -> Iterable[Op]: ...
