"""Opens DO blocks and plpgsql functions: the statements that they run, written plainly or put together at run time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from incidents.assessment.migrations.postgres_types import Node, literal, words

_UNREADABLE: Final = "The body cannot be read here: what does it do?"
_DYNAMIC: Final = "A statement is put together at run time: what does it do?"
_RUN: Final = ("PLpgSQL_stmt_execsql", "PLpgSQL_stmt_perform", "PLpgSQL_stmt_call")
_DYNAMIC_RUN: Final = ("PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors")
_GUARDS: Final = ("PLpgSQL_stmt_if", "PLpgSQL_stmt_case", "PLpgSQL_exception_block")


@dataclass(frozen=True, slots=True)
class Part:
    """One statement of a body. `line` counts from 0, from where the body's text begins."""

    line: int
    text: str = ""
    guarded: bool = False
    """It runs only if something holds, or its failure is forgiven."""
    dynamic: bool = False
    """Names were put in at run time: stand-ins are in their place."""
    unread: str = ""


def parts(text: str) -> Iterator[Part]:
    """Of a whole DO or CREATE FUNCTION statement, in the order in which they are written."""
    tree = _parse(text)
    start = text.count("\n", 0, max(0, text.find("$")))
    if tree is None:
        yield Part(start, unread=_UNREADABLE)
        return
    for part in _walk(tree, guarded=False):
        yield Part(start + max(0, part.line - 1), part.text, part.guarded, part.dynamic, part.unread)


def _parse(text: str) -> Any:
    import pgparse  # a C library that only workers need

    try:
        return pgparse.parse_pgsql(text)
    except (pgparse.PGQueryError, UnicodeError, ValueError, RecursionError):
        return None


def _walk(tree: Any, *, guarded: bool) -> Iterator[Part]:
    if isinstance(tree, list):
        for each in tree:
            yield from _walk(each, guarded=guarded)
    elif isinstance(tree, dict):
        inside = guarded or "exceptions" in tree
        for name, node in tree.items():
            yield from _node(name, node, guarded=inside)


def _node(name: str, node: Any, *, guarded: bool) -> Iterator[Part]:
    if name in _RUN:
        query = _query(node.get("sqlstmt") or node.get("expr"))
        yield Part(node.get("lineno", 1), query, guarded)
    elif name in _DYNAMIC_RUN:
        yield _dynamic(node, guarded=guarded)
        yield from _walk(node.get("body"), guarded=guarded)
    else:
        yield from _walk(node, guarded=guarded or name in _GUARDS)


def _query(node: Node | None) -> str:
    return str((node or {}).get("PLpgSQL_expr", {}).get("query", ""))


def _dynamic(node: Node, *, guarded: bool) -> Part:
    line = node.get("lineno", 1)
    built = _built(_query(node.get("query")))
    if built is None:
        return Part(line, unread=_DYNAMIC)
    text, exact = built
    return Part(line, text, guarded, dynamic=not exact)


def _built(expression: str) -> tuple[str, bool] | None:
    """The text that an expression makes, and whether every part of it is written there."""
    tree = _parse_expression(expression)
    return _value(tree) if tree else None


def _parse_expression(expression: str) -> Node | None:
    import pgparse  # a C library that only workers need

    try:
        found = pgparse.parse(f"SELECT {expression}")
        target: Node = found[0]["stmt"]["SelectStmt"]["targetList"][0]["ResTarget"]["val"]
    except (pgparse.PGQueryError, UnicodeError, ValueError, RecursionError, KeyError, IndexError):
        return None
    return target


def _value(node: Node) -> tuple[str, bool] | None:
    if (text := literal(node)) is not None:
        return text, True
    call, joined = node.get("FuncCall"), node.get("A_Expr")
    if call and words(call.get("funcname"))[-1:] == ["format"]:
        return _formatted(call.get("args", []))
    if joined and words(joined.get("name")) == ["||"]:
        left, right = (_value(joined[side]) or (_STAND_IN, False) for side in ("lexpr", "rexpr"))
        return left[0] + right[0], left[1] and right[1]
    return (_STAND_IN, False) if "ColumnRef" in node or call else None


_STAND_IN: Final = "unknown_name"
_PLACEHOLDER: Final = re.compile(r"%(?:\d+\$)?[-\d]*([sIL%])")


def _formatted(arguments: list[Node]) -> tuple[str, bool] | None:
    template = _value(arguments[0]) if arguments else None
    if template is None:
        return None
    given = iter(arguments[1:])
    exact = template[1]

    def put(found: re.Match[str]) -> str:
        nonlocal exact
        if found[1] == "%":
            return "%"
        value = literal(next(given, None))
        exact = exact and value is not None and "$" not in found[0]
        name = _STAND_IN if value is None else value
        return f"'{name}'" if found[1] == "L" else name

    return _PLACEHOLDER.sub(put, template[0]), exact
