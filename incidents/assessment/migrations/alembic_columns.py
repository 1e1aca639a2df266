"""SQLAlchemy's columns and types, as the columns that they become in PostgreSQL."""

import ast
from dataclasses import replace
from typing import Final

from incidents.assessment.migrations.operations import UNREAD, Column, ColumnType, Default, unread_type
from incidents.assessment.migrations.python_values import Arguments, Unresolved, Values, keywords, last_name

_TYPES: Final = {
    "INTEGER": "integer",
    "BIGINTEGER": "bigint",
    "BIGINT": "bigint",
    "SMALLINTEGER": "smallint",
    "SMALLINT": "smallint",
    "TEXT": "text",
    "UNICODETEXT": "text",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "INTERVAL": "interval",
    "REAL": "real",
    "FLOAT": "double",
    "DOUBLE": "double",
    "DOUBLE_PRECISION": "double",
    "JSON": "json",
    "JSONB": "jsonb",
    "UUID": "uuid",
    "LARGEBINARY": "bytea",
    "BYTEA": "bytea",
    "INET": "inet",
    "CIDR": "cidr",
    "CITEXT": "citext",
    "HSTORE": "hstore",
    "TSVECTOR": "tsvector",
    "LONGTEXT": "text",
    "MEDIUMTEXT": "text",
    "OID": "oid",
    "DATERANGE": "daterange",
    "INT4RANGE": "int4range",
    "TSTZRANGE": "tstzrange",
}
_SIZED: Final = {
    "STRING": "varchar",
    "VARCHAR": "varchar",
    "UNICODE": "varchar",
    "CHAR": "char",
    "NUMERIC": "numeric",
    "DECIMAL": "numeric",
}
_TIMED: Final = {"DATETIME": "timestamp", "TIMESTAMP": "timestamp", "TIME": "time"}
_WIDE: Final = {"timestamp": "timestamptz", "time": "timetz"}
_OWN: Final = ("sqlalchemy", "sa", "postgresql", "pg", "types", "mysql")
_COLUMN: Final = ("name", "type_")


def read_column(node: ast.AST, values: Values, dialect: str) -> tuple[str, Column]:
    """A `Column(name, type, …)`. Unresolved where it is none, or where only running tells whether it may be NULL."""
    if not isinstance(node, ast.Call) or last_name(node.func) != "Column":
        raise Unresolved("a column")
    given = Arguments.of(node, _COLUMN, values)
    if not given.is_whole:
        raise Unresolved("a column's arguments")
    primary = given.flag("primary_key")
    type_node = given.node("type_")
    return given.text("name"), Column(
        type=UNREAD if type_node is None or _is_constraint(type_node) else column_type(type_node, values, dialect),
        nullable=_nullable(given) and not primary,
        default=_default(given, node),
        unique=bool(given.value("unique", default=False)) and not primary,
        primary=primary,
        references=_references(node, values),
    )


def _nullable(given: Arguments) -> bool:
    value = given.value("nullable", default=True)
    return value is None or bool(value)


def _is_constraint(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and last_name(node.func) in ("ForeignKey", "Computed", "Identity", "Sequence")


def _default(given: Arguments, node: ast.Call) -> Default:
    generators = {last_name(argument.func) for argument in node.args if isinstance(argument, ast.Call)}
    if generators & {"Computed", "Identity", "Sequence"}:
        return Default.GENERATED
    return server_default(given)


def server_default(given: Arguments) -> Default:
    """What the database itself fills in; `default=` is Python's alone."""
    node = given.node("server_default")
    if node is None:
        return Default.NONE
    try:
        value = given.value("server_default")
    except Unresolved:
        return Default.EXPRESSION
    if value is None or value is False:
        return Default.NONE
    return Default.CONSTANT if isinstance(node, ast.Constant) else Default.EXPRESSION


def _references(node: ast.Call, values: Values) -> str:
    for argument in node.args:
        if isinstance(argument, ast.Call) and last_name(argument.func) == "ForeignKey" and argument.args:
            try:
                target = values.of(argument.args[0])
            except Unresolved:
                return "?"
            return str(target).rpartition(".")[0] if isinstance(target, str) else "?"
    return ""


def column_type(node: ast.AST | None, values: Values, dialect: str) -> ColumnType:
    """The type; of a class that is not SQLAlchemy's, its spelling alone."""
    node = values.module.behind(node)
    if not isinstance(node, ast.Call):
        node = ast.Call(node, [], []) if isinstance(node, ast.Name | ast.Attribute) else None
    if node is None:
        return UNREAD
    if last_name(node.func) == "with_variant" and isinstance(node.func, ast.Attribute):
        return _variant(node, node.func.value, values, dialect)
    return _called_type(node, values, dialect)


def _variant(node: ast.Call, base: ast.expr, values: Values, dialect: str) -> ColumnType:
    """`Text().with_variant(JSONB, "postgresql")`: the one of the production dialect."""
    try:
        named = [values.of(argument) for argument in node.args[1:]]
    except Unresolved:
        return UNREAD
    return column_type(node.args[0] if dialect in named else base, values, dialect)


def _called_type(node: ast.Call, values: Values, dialect: str) -> ColumnType:
    short, named = last_name(node.func), values.module.named(node.func)
    upper = short.upper()
    given = Arguments.of(node, (), values)
    if not named.startswith(_OWN):
        return _foreign_type(node, upper, values)
    if upper == "ARRAY" and node.args:
        return replace(column_type(node.args[0], values, dialect), array=True)
    if upper == "ENUM":
        return _enum(given, values)
    if upper in _SIZED:
        return ColumnType(_SIZED[upper], _sizes(node, values))
    if upper in _TIMED:
        name = _TIMED[upper]
        return ColumnType(_WIDE[name] if _is_true(node, values) else name)
    return ColumnType(_TYPES[upper]) if upper in _TYPES else unread_type(ast.unparse(node).lower())


def _foreign_type(node: ast.Call, upper: str, values: Values) -> ColumnType:
    """A project's own type: a longer text of MySQL's, a string of a length, or known by its spelling alone."""
    if upper in ("MEDIUMTEXT", "LONGTEXT"):
        return ColumnType("text")
    sizes = _sizes(node, values) if upper.startswith("STRING") else ()
    return ColumnType("varchar", sizes) if sizes and sizes != (0,) else unread_type(ast.unparse(node).lower())


def _is_true(node: ast.Call, values: Values) -> bool:
    zoned = keywords(node).get("timezone") or (node.args[0] if node.args else None)
    try:
        return zoned is not None and values.of(zoned) is True
    except Unresolved:
        return False


def _sizes(node: ast.Call, values: Values) -> tuple[int, ...]:
    named = keywords(node)
    sized = [*node.args, *(named[name] for name in ("length", "precision", "scale") if name in named)]
    try:
        return tuple(size for size in map(values.of, sized) if isinstance(size, int))
    except Unresolved:
        return (0,)


def _enum(given: Arguments, values: Values) -> ColumnType:
    """An enum by its name in the database; one that is stored as text has none."""
    try:
        native, name = given.value("native_enum", default=True), given.text("name")
    except Unresolved:
        return UNREAD
    if native is False:
        return ColumnType("varchar")
    return ColumnType(name) if name else unread_type(ast.unparse(given.call).lower())
