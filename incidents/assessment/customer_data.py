"""Does a change's migration touch customer data (M3; assessment.md §5)? Tables by name, against the service's list."""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from incidents.assessment.migrations.operations import Kind, Op


class CustomerData(enum.StrEnum):
    NONE = "none"
    """No migration, or every table of it is known to be another."""
    TOUCHED = "touched"
    """A listed table: the CTO and the on-call DBA approve first (M3)."""
    UNKNOWN = "unknown"
    """One question to the on-call engineer (E9): never a silent no."""


@dataclass(frozen=True, slots=True)
class TouchedTable:
    """One table that a migration touches, at the first place where it does; "" where no name could be read."""

    table: str
    verdict: CustomerData
    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class CustomerDataFound:
    verdict: CustomerData
    tables: tuple[TouchedTable, ...]


_NO_TABLE: Final = frozenset({
    Kind.HARMLESS, Kind.CREATE_TYPE, Kind.DROP_TYPE, Kind.ADD_ENUM_VALUE, Kind.RENAME_ENUM_VALUE, Kind.ALTER_OTHER_TYPE,
    Kind.CREATE_FUNCTION, Kind.DROP_FUNCTION, Kind.CREATE_VIEW, Kind.DROP_VIEW,
})  # fmt: skip
"""Operations that need not name a table."""
_OTHER: Final = "!"


def customer_data_of(ops: Iterable[Op], listed: Sequence[str]) -> CustomerDataFound:
    """`listed` are names or patterns (`billing.*`) of customer tables; `!name` lists a table that holds none."""
    seen: dict[str, TouchedTable] = {}
    for op in ops:
        for table in _tables(op):
            seen.setdefault(table, TouchedTable(table, _verdict(table, listed), op.path, op.line, op.text))
    found = sorted(seen.values(), key=lambda one: (_ORDER.index(one.verdict), one.table))
    return CustomerDataFound(found[0].verdict if found else CustomerData.NONE, tuple(found))


_ORDER: Final = (CustomerData.TOUCHED, CustomerData.UNKNOWN, CustomerData.NONE)


def _tables(op: Op) -> tuple[str, ...]:
    """An operation that nobody can read may touch any table."""
    names = (op.table, op.to) if op.kind in (Kind.RENAME_TABLE, Kind.MOVE_TABLE) else (op.table,)
    known = tuple(name for name in names if name and not name.startswith("?"))
    return known or (() if op.kind in _NO_TABLE else ("",))


def _verdict(table: str, listed: Sequence[str]) -> CustomerData:
    if any(_fits(table, pattern) for pattern in listed if not pattern.startswith(_OTHER)):
        return CustomerData.TOUCHED
    others = [pattern.removeprefix(_OTHER) for pattern in listed if pattern.startswith(_OTHER)]
    return CustomerData.NONE if any(_fits(table, pattern) for pattern in others) else CustomerData.UNKNOWN


def _fits(table: str, pattern: str) -> bool:
    """As written, whatever the case; a name without its schema meets one with it."""
    if not table:
        return False
    name, wanted = table.lower(), pattern.strip().lower()
    bare = name.rpartition(".")[2]
    return (
        fnmatchcase(name, wanted) or ("." not in wanted and fnmatchcase(bare, wanted)) or _without_schema(name, wanted)
    )


def _without_schema(name: str, wanted: str) -> bool:
    """`public.orders` in the list is `orders` in a migration."""
    return "." not in name and wanted.startswith("public.") and fnmatchcase(name, wanted.removeprefix("public."))
