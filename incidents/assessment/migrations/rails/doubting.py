"""Branches that a reading cannot choose: the environment, or the database's adapter, does."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from incidents.assessment.migrations.operations import Default, Kind, Op
from incidents.assessment.migrations.rails.ruby import line_of, part, shown_text, words

if TYPE_CHECKING:
    from tree_sitter import Node

_ENVIRONMENT = re.compile(
    r"Rails\.env|\bENV\b|Gitlab\.|adapter|postgres|mysql|sqlite|Rails\.configuration", re.IGNORECASE
)
_ALWAYS_FORWARD: Final = frozenset((
    Kind.CREATE_TABLE, Kind.CREATE_INDEX, Kind.DROP_INDEX, Kind.RENAME_INDEX, Kind.HARMLESS, Kind.VALIDATE_CONSTRAINT,
    Kind.DROP_NOT_NULL, Kind.SET_DEFAULT, Kind.CREATE_TYPE, Kind.INSERT_ROWS,
))  # fmt: skip
_ENVIRONMENT_DECIDES = "Which branch runs in production? The environment or the database's adapter decides."


def is_environmental(condition: "Node | None") -> bool:
    return _ENVIRONMENT.search(words(condition)) is not None


def doubted(node: "Node", found: list[Op]) -> Iterator[Op]:
    """Operations, and a question unless they are forward-compatible whichever branch runs."""
    yield from found
    if not all(map(_is_always_forward, found)):
        yield Op(kind=Kind.UNKNOWN, line=line_of(node), text=shown_text(node), why=_ENVIRONMENT_DECIDES)


def _is_always_forward(op: Op) -> bool:
    if op.kind is Kind.ADD_COLUMN and op.definition is not None:
        return op.definition.nullable or op.definition.default not in (Default.NONE, Default.UNKNOWN)
    return op.kind in _ALWAYS_FORWARD


def leaves(node: "Node") -> bool:
    """Whether it is `return if …`."""
    body = part(node, "body")
    return node.type in ("if_modifier", "unless_modifier") and body is not None and body.type == "return"
