"""One migration file's parts: what runs forward, the methods it may call, its constants and models."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from incidents.assessment.migrations.operations import Unreadable
from incidents.assessment.migrations.rails.names import tables_for
from incidents.assessment.migrations.rails.ruby import Source, every, inside, part, words
from incidents.assessment.migrations.rails.values import Scope, value_of

if TYPE_CHECKING:
    from tree_sitter import Node

_FORWARD: Final = ("up", "change", "self.up")
_LEGACY = re.compile(r"Migration(\[\s*4\.\d+\s*\])?$")


@dataclass(slots=True)
class Program:
    """`forward` are the bodies that run, in order; `legacy` before Rails 5; `models` by name to their tables."""

    source: Source
    forward: tuple["Node", ...] = ()
    backward: "Node | None" = None
    methods: dict[str, "Node"] = field(default_factory=dict)
    constants: dict[str, "Node"] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    legacy: bool = False

    def scope(self) -> Scope:
        return Scope({}, self.constants, self.source.heredocs)


def read_program(source: Source) -> Program:
    """Unreadable where the file defines nothing that runs forward."""
    found = Program(source)
    _read_constants(found)
    classes = [node for node in every(source.root) if node.type == "class" or _is_opened(node)]
    chosen = next((node for node in classes if _is_migration(node)), None) or next(filter(_runs, classes), None)
    if chosen is None:
        return _schema(found)
    _read_class(found, chosen)
    _read_models(found, [node for node in classes if node.id != chosen.id])
    return found


def _is_opened(node: "Node") -> bool:
    """`CreateTags.class_eval do … end`"""
    return node.type == "call" and words(part(node, "method")) == "class_eval" and part(node, "block") is not None


def _body(node: "Node") -> "Node | None":
    return part(part(node, "block") or node, "body")


def _is_migration(node: "Node") -> bool:
    return "Migration" in words(part(node, "superclass")) and _runs(node)


def _runs(node: "Node") -> bool:
    return any(name in _FORWARD for name, _ in _methods(node))


def _methods(node: "Node") -> Iterator[tuple[str, "Node"]]:
    """Methods of this class itself, `self.` before the class's own."""
    pending = list(reversed(inside(_body(node))))
    while pending:
        child = pending.pop()
        if child.type == "method":
            yield words(part(child, "name")), child
        elif child.type == "singleton_method":
            yield f"self.{words(part(child, 'name'))}", child
        elif child.type == "singleton_class":
            yield from ((f"self.{name}", method) for name, method in _methods(child))
        elif child.type in ("call", "argument_list"):  # private def helper
            pending += reversed(inside(child) if child.type[0] == "a" else inside(part(child, "arguments")))


def _read_class(found: Program, node: "Node") -> None:
    found.methods = dict(reversed(list(_methods(node))))
    found.legacy = bool(_LEGACY.search(words(part(node, "superclass")).strip()))
    entry = next(found.methods[name] for name in _FORWARD if name in found.methods)
    found.forward = (entry,)
    found.backward = found.methods.get("down") or found.methods.get("self.down")


def _schema(found: Program) -> Program:
    """`ActiveRecord::Schema[7.0].define do … end`, or a block given to the migration class itself."""
    for node in every(found.source.root):
        if (
            node.type == "call"
            and words(part(node, "method")) == "define"
            and "Schema" in words(part(node, "receiver"))
        ):
            body = part(node, "block")
            found.forward = (body,) if body is not None else ()
            return found
    raise Unreadable("No migration class with `change` or `up` stands in this file.")


def _read_constants(found: Program) -> None:
    for node in every(found.source.root):
        left, right = part(node, "left"), part(node, "right")
        if (
            node.type in ("assignment", "operator_assignment")
            and left is not None
            and left.type == "constant"
            and right is not None
        ):
            found.constants.setdefault(words(left), right)


def _read_models(found: Program, classes: list["Node"]) -> None:
    for node in classes:
        name = words(part(node, "name"))
        found.models[name] = _table_name(found, node) or tables_for(name.rpartition("::")[2])[0]


def _table_name(found: Program, node: "Node") -> str:
    for statement in inside(part(node, "body")):
        named = words(part(statement, "left")) or words(part(statement, "method"))
        if named in ("self.table_name", "set_table_name"):
            given = part(statement, "right") or next(iter(inside(part(statement, "arguments"))), None)
            value = value_of(given, found.scope())
            return value if isinstance(value, str) else ""
    return ""
