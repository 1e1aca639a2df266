"""The front end for pop's fizz: calls such as `add_column("users", "name", "string", {"null": true})`."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from incidents.assessment.migrations.operations import MOST_TEXT, Column, ColumnType, Default, Kind, Op
from incidents.assessment.migrations.sql import read_sql

_CALL: Final = re.compile(
    r"(?P<name>[A-Za-z_][\w.]*)\s*\((?P<given>(?:[^()\"'`]|\"(?:[^\"\\]|\\.)*\"|'[^']*'|`[^`]*`|\([^()]*\))*)\)",
    re.DOTALL,
)
_STRING: Final = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|`([^`]*)`|'([^']*)'")
_TYPES: Final = {
    "string": ColumnType("varchar", (255,)), "text": ColumnType("text"), "int": ColumnType("integer"),
    "integer": ColumnType("integer"), "bigint": ColumnType("bigint"), "bool": ColumnType("boolean"),
    "timestamp": ColumnType("timestamp"), "uuid": ColumnType("uuid"), "json": ColumnType("jsonb"),
}  # fmt: skip


def read_fizz(text: str, *, path: str = "") -> tuple[Op, ...]:
    """A call that is not known here is an UNKNOWN."""
    return tuple(_ops(re.sub(r"(?m)^\s*(?:#|//)[^\n]*", "", text), path))


def _ops(text: str, path: str) -> Iterator[Op]:
    table, until = "", 0
    for call in _CALL.finditer(text):
        name, given = call["name"].lower(), call["given"]
        line = text.count("\n", 0, call.start()) + 1
        shown = " ".join(call.group().split())[:MOST_TEXT]
        strings = [next(filter(None, each.groups()), "") for each in _STRING.finditer(given)]
        if name == "create_table":
            table, until = (strings or [""])[0], _end_of_block(text, call.end())
            yield Op(kind=Kind.CREATE_TABLE, line=line, text=shown, path=path, table=table)
        elif call.start() < until:
            continue
        elif name in ("sql", "raw"):
            yield from read_sql("\n".join(strings), path=path, line=line)
        elif name in _CALLS and len(strings) >= 2:
            yield replace(_CALLS[name](strings, given), line=line, text=shown, path=path)
        elif name == "drop_table" and strings:
            yield Op(kind=Kind.DROP_TABLE, line=line, text=shown, path=path, table=strings[0])
        else:
            yield Op(kind=Kind.UNKNOWN, line=line, text=shown, path=path, why=f"What does {name}() do?")


def _end_of_block(text: str, at: int) -> int:
    if not text[at : at + 20].strip().startswith("{"):
        return at
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0 and text[place] == "}":
            return place
    return len(text)


def _column(strings: list[str], given: str) -> Column:
    options = given.partition("{")[2]
    default = Default.NONE
    if re.search(r"\bdefault\b", options):
        default = Default.CONSTANT
    elif re.search(r"\bdefault_raw\b", options):
        default = Default.EXPRESSION
    kind = _TYPES.get(strings[2], ColumnType(strings[2])) if len(strings) > 2 else ColumnType("?")
    if size := re.search(r"[\"']?size[\"']?\s*:\s*(\d+)", options):
        kind = ColumnType(kind.name, (int(size[1]),))
    nullable = bool(re.search(r"[\"']?null[\"']?\s*:\s*true", options))
    return Column(kind, nullable=nullable, default=default)


def _op(kind: Kind, table: str, column: str = "", to: str = "", name: str = "", **rest: Any) -> Op:
    return Op(kind=kind, line=0, table=table, column=column, to=to, name=name, **rest)


def _is_unique(given: str) -> bool:
    return bool(re.search(r"unique[\"']?\s*:\s*true", given))


_CALLS: Final[dict[str, Callable[[list[str], str], Op]]] = {
    "add_column": lambda s, given: _op(Kind.ADD_COLUMN, *s[:2], definition=_column(s, given)),
    "change_column": lambda s, given: _op(Kind.REDEFINE_COLUMN, *s[:2], definition=_column(s, given), replaces=True),
    "drop_column": lambda s, _: _op(Kind.DROP_COLUMN, *s[:2]),
    "rename_column": lambda s, _: _op(Kind.RENAME_COLUMN, *s[:3]),
    "rename_table": lambda s, _: _op(Kind.RENAME_TABLE, s[0], to=s[1]),
    "add_index": lambda s, given: _op(
        Kind.ADD_UNIQUE if _is_unique(given) else Kind.CREATE_INDEX, s[0], columns=tuple(_indexed(s))
    ),
    "drop_index": lambda s, _: _op(Kind.DROP_INDEX, s[0], name=s[1]),
    "rename_index": lambda s, _: _op(Kind.RENAME_INDEX, s[0], name=s[1], to=s[-1]),
    "add_foreign_key": lambda s, _: _op(Kind.ADD_FOREIGN_KEY, s[0], columns=(s[1],)),
    "drop_foreign_key": lambda s, _: _op(Kind.DROP_CONSTRAINT, s[0], name=s[1], of=Kind.ADD_FOREIGN_KEY),
}


def _indexed(strings: list[str]) -> list[str]:
    """The columns, without the words of the options behind them."""
    rest = strings[1:]
    return rest[: rest.index("unique")] if "unique" in rest else rest
