"""Column types as Rails writes them, in the neutral words of operations.ColumnType."""

import re
from collections.abc import Mapping
from typing import Any, Final

from incidents.assessment.migrations.operations import UNREAD, ColumnType

_PLAIN: Final = {
    "string": "varchar", "text": "text", "boolean": "boolean", "date": "date", "time": "time", "datetime": "timestamp",
    "timestamp": "timestamp", "timestamptz": "timestamptz", "float": "double", "decimal": "numeric",
    "numeric": "numeric", "bigint": "bigint", "big_integer": "bigint", "integer": "integer", "binary": "bytea",
    "blob": "bytea", "json": "json", "jsonb": "jsonb", "uuid": "uuid", "citext": "citext", "primary_key": "bigint",
    "serial": "integer", "bigserial": "bigint", "references": "bigint", "belongs_to": "bigint",
    "tinytext": "text", "mediumtext": "text", "longtext": "text", "tinyblob": "bytea", "mediumblob": "bytea",
    "longblob": "bytea", "tinyint": "smallint", "smallint": "smallint", "mediumint": "integer", "int": "integer",
    "unsigned_integer": "bigint", "unsigned_bigint": "bigint", "unsigned_decimal": "numeric",
    "unsigned_float": "double", "double": "double", "real": "real", "varchar": "varchar", "char": "char",
    "character varying": "varchar", "character": "char", "double precision": "double", "int8": "bigint",
    "int4": "integer", "int2": "smallint", "bool": "boolean", "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
}  # fmt: skip
_MICROSECONDS = 6
SELF_FILLING: Final = ("primary_key", "serial", "bigserial")


def type_of(word: Any, options: Mapping[str, Any]) -> ColumnType:
    """`:string, limit: 60` is varchar(60); what is not known keeps its own name; UNREAD where only a run could tell."""
    if not isinstance(word, str):
        return UNREAD
    if word == "enum":
        named = options.get("enum_type")
        return ColumnType(named) if isinstance(named, str) else ColumnType("enum")
    if word == "virtual":
        return type_of(options.get("type"), options)
    name, arguments, array = _written(word)
    name = _PLAIN.get(name, name)
    return ColumnType(name, arguments or _arguments(name, options), array or bool(options.get("array")))


def sized(name: str, limit: Any) -> str:
    """An integer by its bytes."""
    if name != "integer" or not isinstance(limit, int):
        return name
    return "smallint" if limit <= 2 else "integer" if limit <= 4 else "bigint"


def _written(word: str) -> tuple[str, tuple[int, ...], bool]:
    """A type in SQL's words: `"varchar(60)"`, `"integer[]"`."""
    found = re.fullmatch(r"\s*([A-Za-z_ ]+?)\s*(?:\((\d+(?:\s*,\s*\d+)*)\))?\s*(unsigned)?\s*(\[\])?\s*", word)
    if not found:
        return word, (), False
    name, inner, _, array = found.groups()
    whole = name.lower() in ("tinyint", "smallint", "mediumint", "int", "integer", "bigint")
    arguments = () if whole or not inner else tuple(int(one) for one in inner.split(","))
    return name.lower(), arguments, bool(array)


def _arguments(name: str, options: Mapping[str, Any]) -> tuple[int, ...]:
    limit, precision, scale = (options.get(word) for word in ("limit", "precision", "scale"))
    if name in ("varchar", "char"):
        return (limit,) if isinstance(limit, int) else ()
    if name == "numeric" and isinstance(precision, int):
        return (precision, scale) if isinstance(scale, int) else (precision,)
    if name in ("timestamp", "timestamptz", "time"):
        return (precision,) if isinstance(precision, int) and precision < _MICROSECONDS else ()
    return ()
