"""One call of a migration with what it is given, and the operations that many calls come to."""

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from incidents.assessment.migrations.operations import Column, ColumnType, Kind, Op
from incidents.assessment.migrations.rails.ruby import line_of, shown_text

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True, slots=True)
class Call:
    """One call with what it is given, evaluated.

    `was` are old types by table and column, where `down` states them; `retyped` are columns that this file gave a type.
    """

    name: str
    node: "Node"
    positional: list[Any]
    options: Mapping[str, Any]
    legacy: bool = False
    was: Mapping[tuple[str, str], ColumnType] = field(default_factory=dict)
    retyped: Container[tuple[str, str]] = ()

    def op(self, kind: Kind, table: Any = "", **fields: Any) -> Op:
        return Op(kind=kind, line=line_of(self.node), text=shown_text(self.node), table=bare(table), **fields)

    def unknown(self, why: str, table: Any = "") -> Op:
        return self.op(Kind.UNKNOWN, table, why=why)

    def at(self, place: int) -> Any:
        return self.positional[place] if place < len(self.positional) else None

    def text_at(self, place: int) -> str:
        return "" if self.at(place) is None else str(self.at(place))

    def option(self, name: str) -> str:
        value = self.options.get(name)
        return value if isinstance(value, str) else ""


Meaning = Callable[[Call], Iterator[Op]]


def bare(name: Any) -> str:
    """A table's name without `public.`."""
    return str(name).removeprefix("public.").replace('"', "") if name is not None else ""


def added(call: Call, table: Any, name: str, column: Column) -> Op:
    return call.op(
        Kind.ADD_COLUMN, table, column=name, definition=column, tolerant=call.options.get("if_not_exists") is True
    )


def foreign_key(call: Call, table: Any, own: tuple[str, ...], target: str, on_delete: Any, name: str = "") -> Op:
    """Rails' `:nullify` is SQL's SET NULL."""
    said = {"nullify": "set null", "cascade": "cascade", "restrict": "restrict"}
    deleting = said.get(str(on_delete), "")
    return call.op(Kind.ADD_FOREIGN_KEY, table, columns=own, references=bare(target), on_delete=deleting, name=name)


def unconstrained(call: Call, of: Kind, own: tuple[str, ...], name: str) -> Op:
    tolerant = call.options.get("if_exists") is True
    return call.op(Kind.DROP_CONSTRAINT, call.at(0), of=of, columns=own, name=name, tolerant=tolerant)


def removed(call: Call, table: Any, name: str) -> Op:
    return call.op(Kind.DROP_COLUMN, table, column=name, tolerant=call.options.get("if_exists") is True)
