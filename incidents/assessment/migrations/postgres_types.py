"""Names, types, columns and expressions as PostgreSQL's parser gives them, in the neutral words."""

import json
from collections.abc import Iterator
from typing import Any, Final

from incidents.assessment.migrations.operations import UNREAD, Column, ColumnType, Default

Node = dict[str, Any]

_NAMES: Final = {
    "int4": "integer", "int": "integer", "int8": "bigint", "int2": "smallint", "float4": "real", "float8": "double",
    "bool": "boolean", "bpchar": "char", "serial4": "serial", "serial8": "bigserial", "serial2": "smallserial",
    "decimal": "numeric",
}  # fmt: skip
_SERIALS: Final = {"serial": "integer", "bigserial": "bigint", "smallserial": "smallint"}


def words(nodes: list[Node] | None) -> list[str]:
    return [node["String"]["sval"] for node in nodes or () if "String" in node]


def dotted(parts: list[str]) -> str:
    """A name with its schema, where one was written and is not `public`."""
    kept = [part for part in parts if part]
    return ".".join(kept[1:] if len(kept) > 1 and kept[0] == "public" else kept)


def relation(node: Node | None) -> str:
    return dotted([node.get("schemaname", ""), node["relname"]]) if node else ""


def column_type(node: Node | None) -> ColumnType:
    if not node:
        return UNREAD
    parts = words(node.get("names"))
    name = dotted([part for part in parts if part != "pg_catalog"])
    array = "arrayBounds" in node
    if name.startswith("_") and len(name) > 1:
        name, array = name[1:], True
    name = _NAMES.get(name, name)
    name = _SERIALS.get(name, name)
    arguments = () if name == "interval" else tuple(_arguments(node.get("typmods")))
    return ColumnType(name, arguments, array)


def is_serial(node: Node | None) -> bool:
    name = (words((node or {}).get("names")) or [""])[-1]
    return _NAMES.get(name, name) in _SERIALS


def _arguments(nodes: list[Node] | None) -> Iterator[int]:
    for node in nodes or ():
        value = node.get("A_Const", {}).get("ival")
        if value is not None:
            yield int(value.get("ival", 0))


def default_of(expression: Node | None) -> Default:
    """What fills a column whose DEFAULT is this expression."""
    if not expression or "isnull" in expression.get("A_Const", {}):
        return Default.NONE
    if "TypeCast" in expression:
        return default_of(expression["TypeCast"].get("arg"))
    if any("FuncCall" in node or "SQLValueFunction" in node for node in nodes_of(expression)):
        return Default.EXPRESSION
    return Default.CONSTANT


def column(node: Node) -> Column:
    """A column's definition; checks and foreign keys on it are operations of their own."""
    found = {each["Constraint"]["contype"]: each["Constraint"] for each in node.get("constraints", ())}
    default = default_of(found.get("CONSTR_DEFAULT", {}).get("raw_expr"))
    if "CONSTR_IDENTITY" in found or "CONSTR_GENERATED" in found or is_serial(node.get("typeName")):
        default = Default.GENERATED
    primary = "CONSTR_PRIMARY" in found
    return Column(
        type=column_type(node.get("typeName")),
        nullable=not (
            primary or "CONSTR_NOTNULL" in found or "CONSTR_IDENTITY" in found or is_serial(node.get("typeName"))
        ),
        default=default,
        unique="CONSTR_UNIQUE" in found and is_plain(found["CONSTR_UNIQUE"]),
        primary=primary,
        checked="CONSTR_CHECK" in found,
    )


def is_plain(unique: Node) -> bool:
    """A UNIQUE of one column that the column's definition says in full."""
    return "conname" not in unique and not unique.get("nulls_not_distinct")


# Expressions


def nodes_of(tree: Any) -> Iterator[Node]:
    """Every object within, itself first."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def columns_named(expression: Any) -> tuple[str, ...]:
    """The columns that an expression names, in the order of their first mention."""
    refs = [node["ColumnRef"] for node in nodes_of(expression) if "ColumnRef" in node]
    refs.sort(key=lambda ref: ref.get("location", 0))
    return tuple(dict.fromkeys(name for ref in refs for name in words(ref.get("fields"))[-1:]))


def normalised(tree: Any) -> str:
    """One text for all ways to write the same, but for names and constants."""
    return json.dumps(_bare(tree), sort_keys=True, separators=(",", ":")) if tree else ""


def _bare(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _bare(value) for key, value in tree.items() if key not in _PLACES}
    return [_bare(each) for each in tree] if isinstance(tree, list) else tree


_PLACES: Final = {"location", "stmt_location", "stmt_len", "relpersistence", "inh"}


def predicate(expression: Node | None) -> str:
    """A condition as text: its parts joined by AND; `column is not null` plainly."""
    if not expression:
        return ""
    if expression.get("BoolExpr", {}).get("boolop") == "AND_EXPR":
        return " AND ".join(sorted(map(predicate, expression["BoolExpr"]["args"])))
    test = expression.get("NullTest")
    if test and "ColumnRef" in test.get("arg", {}):
        verb = "is not null" if test["nulltesttype"] == "IS_NOT_NULL" else "is null"
        return f"{words(test['arg']['ColumnRef']['fields'])[-1]} {verb}"
    text = normalised(expression)
    return text + (" is not null" if "IS_NOT_NULL" in text else "")


def allowed_values(expression: Node | None) -> tuple[str, ...]:
    """The values that `column IN (…)` allows; nothing for any other condition."""
    test = (expression or {}).get("A_Expr", {})
    if "ColumnRef" not in _uncast(test.get("lexpr", {})):
        return ()
    if test.get("kind") == "AEXPR_IN" and words(test.get("name")) == ["="]:
        return _constants(test.get("rexpr", {}).get("List", {}).get("items", []))
    if test.get("kind") == "AEXPR_OP_ANY":
        return _constants(_uncast(test.get("rexpr", {})).get("A_ArrayExpr", {}).get("elements", []))
    return ()


def _constants(nodes: list[Node]) -> tuple[str, ...]:
    found = [_uncast(node).get("A_Const") for node in nodes]
    return tuple(normalised(each) for each in found if each) if all(found) else ()


def _uncast(node: Node) -> Node:
    while "TypeCast" in node:
        node = node["TypeCast"].get("arg", {})
    return node


def literal(node: Node | None) -> str | None:
    """A string constant's value."""
    value = _uncast(node or {}).get("A_Const", {}).get("sval")
    return str(value.get("sval", "")) if value is not None else None
