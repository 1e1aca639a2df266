"""SQL inside Ruby strings, handed to the SQL front end with its place in the file."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from incidents.assessment.migrations.operations import Kind, Op, Unreadable
from incidents.assessment.migrations.rails.ruby import every, line_of, shown_text
from incidents.assessment.migrations.rails.values import GAP

if TYPE_CHECKING:
    from tree_sitter import Node

_ONLY_ASKS = re.compile(
    r"\s*(?:select|show|explain|with)\b(?!.*\b(?:update|delete|insert|into|nextval|setval)\b)",
    re.IGNORECASE | re.DOTALL,
)
_PLACEHOLDER = re.compile(r"(?<![\w:'\"])(?::[a-z_]\w*\b|\?(?![|&?\w])|%\{\w+\}|%s)")


def read_sql(text: Any, node: "Node", path: str, *, asking: bool) -> Iterator[Op]:
    """The operations of a string of SQL; a question where it is not written out here or names what only a run knows."""
    from incidents.assessment.migrations.sql import read_sql as read_statements  # a parser: workers only

    if not isinstance(text, str):
        if not asking:
            yield _question(node, "Which SQL runs here? It is not written out in this file.")
        return
    if asking and _ONLY_ASKS.match(text):
        return
    first = _first_line(node)
    try:
        found = list(read_statements(_filled(text), path=path, line=first))
    except Unreadable:
        yield _question(node, "What does this SQL do? It cannot be parsed.")
        return
    for op in found:
        types = [column.type.name for column in (op.definition, *(column for _, column in op.defined)) if column]
        if any(GAP in name for name in types):
            yield _question(node, "Which column is this? Its type is made only in a run.", op)
        else:
            yield op


def _filled(text: str) -> str:
    """Values that are bound later, as values that any parser takes."""
    return _PLACEHOLDER.sub("NULL", text)


def normalised(op: Op, statement: str) -> Op:
    """The same operation with its condition as the SQL front end writes it, so that equal ones meet."""
    from incidents.assessment.migrations.sql import read_sql as read_statements  # a parser: workers only

    try:
        found = next((one for one in read_statements(statement, path=op.path) if one.kind is op.kind), None)
    except Unreadable:
        found = None
    if found is None:
        return op
    return replace(op, where=found.where, values=found.values, columns=op.columns or found.columns)


def _first_line(node: "Node") -> int:
    """A heredoc's text begins with the end of the line that names it."""
    begins = (child for child in every(node) if child.type in ("heredoc_beginning", "string"))
    return line_of(next(begins, node))


def _question(node: "Node", why: str, near: Op | None = None) -> Op:
    return Op(kind=Kind.UNKNOWN, line=near.line if near else line_of(node), text=shown_text(node), why=why)
