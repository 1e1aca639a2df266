"""SQL that stands in a migration's Python: read as any other, once its parameters have a place."""

import ast
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from incidents.assessment.migrations.operations import Kind, Op
from incidents.assessment.migrations.python_values import Unresolved, Values, last_name
from incidents.assessment.migrations.sql import read_sql

_GAP: Final = "some_name"
"""Stands where only running would tell a name."""
_BRACES: Final = re.compile(r"\{\w*\}")
_NAMED: Final = re.compile(r"(?<![:\w\\]):([a-zA-Z_]\w*)(?!:)")
_PERCENT: Final = re.compile(r"%(?:\(\w+\))?s")


def read_named(sql: str, *, path: str, line: int) -> Iterable[Op]:
    """A text of SQLAlchemy's, whose parameters are `:name`."""
    return _read(_NAMED.sub("$1", sql).replace("\\:", ":"), path, line)


def read_percent(sql: str, *, path: str, line: int) -> Iterable[Op]:
    """A text for a cursor, whose parameters are `%s` and `%(name)s`."""
    return _read(_PERCENT.sub("$1", sql).replace("%%", "%"), path, line)


def read_partly(values: Values, node: ast.expr, *, path: str, line: int) -> Iterable[Op]:
    """What a text surely does although names in it are unknown; that it is known in part only is asked besides."""
    template = _template(values, node)
    ops = (
        [replace(op, line=line) for op in read_sql(_PERCENT.sub("$1", template), path=path, line=line)]
        if template
        else []
    )
    return [op for op in ops if op.kind not in (Kind.UNKNOWN, Kind.HARMLESS)]


def _template(values: Values, node: ast.expr) -> str:
    """The text with a name in place of each part that nobody can tell; empty where it is no text at all."""
    if isinstance(node, ast.Name) and node.id in values.module.constants and node.id not in values.local:
        node = values.module.constants[node.id]
    match node:
        case ast.JoinedStr(values=parts):
            return "".join(_told(values, part) for part in parts)
        case ast.Call(func=ast.Attribute(value=owner, attr="format" | "strip")):
            return _BRACES.sub(_GAP, _template(values, owner) or _told(values, owner))
        case ast.BinOp(left=left, op=ast.Mod()):
            return _PERCENT.sub(_GAP, _told(values, left))
        case ast.Call(args=[inner, *_]) if last_name(node.func) in ("text", "SQL", "dedent", "DDL"):
            return _template(values, inner)
    return ""


def _told(values: Values, node: ast.expr) -> str:
    try:
        value = values.of(node.value if isinstance(node, ast.FormattedValue) else node)
    except Unresolved:
        return _GAP
    return str(value) if isinstance(value, str | int) else _GAP


def _read(sql: str, path: str, line: int) -> Iterable[Op]:
    """Every operation stands where the call stands: its own line within the text is not the file's."""
    return [replace(op, line=line) for op in read_sql(sql, path=path, line=line)]
