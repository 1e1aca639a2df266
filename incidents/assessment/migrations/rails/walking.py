"""Follows a migration forward, statement by statement, without running it."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from incidents.assessment.migrations.operations import ColumnType, Kind, Op, Unreadable
from incidents.assessment.migrations.rails import gems, rows, tables
from incidents.assessment.migrations.rails.binding import bound_by, record_named, spread
from incidents.assessment.migrations.rails.calls import Call, bare
from incidents.assessment.migrations.rails.doubting import doubted, is_environmental, leaves
from incidents.assessment.migrations.rails.program import Program
from incidents.assessment.migrations.rails.quoting import read_sql
from incidents.assessment.migrations.rails.ruby import (
    given_to,
    inside,
    line_of,
    parameters_of,
    part,
    shown_text,
    words,
)
from incidents.assessment.migrations.rails.values import (
    Direction,
    Rows,
    Scope,
    TableBlock,
    Unresolved,
    arguments_of,
    options_of,
    value_of,
)
from incidents.assessment.migrations.rails.vocabulary import ACTS, CONNECTION, QUIET, SPEAKING, TRANSPARENT

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_STEPS = 20_000
_DEEPEST = 12
_SKIPPED: Final = frozenset((
    "method", "singleton_method", "class", "module", "singleton_class", "heredoc_body", "comment", "string",
    "simple_symbol", "hash_key_symbol", "integer", "float", "string_array", "symbol_array", "heredoc_beginning",
    "constant", "scope_resolution", "nil", "true", "false", "self", "instance_variable", "regex", "delimited_symbol",
    "superclass", "method_parameters", "block_parameters", "lambda_parameters", "chained_string", "exceptions",
    "exception_variable",
))  # fmt: skip

_OPAQUE: Final = {
    "ERROR": "What does this say? It cannot be parsed.",
    "subshell": "What does this shell command do to the database?",
}
"""Nodes that nobody can follow, and the question that each is."""


@dataclass(slots=True)
class Walk:
    """One reading of one file. `was` are old types as `down` states them; `known` the tables spoken of so far."""

    program: Program
    path: str
    was: dict[tuple[str, str], ColumnType] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    created: dict[str, set[str]] = field(default_factory=dict)
    retyped: set[tuple[str, str]] = field(default_factory=set)
    steps: int = 0
    following: tuple[str, ...] = ()

    def run(self, bodies: Sequence["Node"]) -> Iterator[Op]:
        """Every operation, in order; Unreadable where there is no end of it."""
        for op in self._unparsed(bodies):
            yield replace(op, path=self.path)
        for body in bodies:
            for op in self.sequence(inside(part(body, "body")), self.program.scope()):
                self._note(op)
                yield replace(rows.placed(op, self.created), path=self.path)

    def _unparsed(self, bodies: Sequence["Node"]) -> Iterator[Op]:
        """A syntax error anywhere but on the way back may hide what runs; one inside a body is met there."""
        apart = [*bodies, *filter(None, [self.program.backward])]
        for node in self.program.source.errors:
            if not any(other.start_byte <= node.start_byte < other.end_byte for other in apart):
                yield Op(kind=Kind.UNKNOWN, line=line_of(node), text=shown_text(node), why=_OPAQUE["ERROR"])

    def _note(self, op: Op) -> None:
        if op.table:
            self.known.add(op.table)
        if op.kind is Kind.ALTER_TYPE:
            self.retyped.add((op.table, op.column))
        names = [op.column] if op.kind is Kind.ADD_COLUMN else [name for name, _ in op.defined]
        if op.kind in (Kind.ADD_COLUMN, Kind.CREATE_TABLE):
            self.created.setdefault(op.table, set()).update(names)

    def sequence(self, nodes: Sequence["Node"], scope: Scope) -> Iterator[Op]:
        """Statements one after the other, up to a plain `return`."""
        for place, node in enumerate(nodes):
            if node.type in ("return", "break", "next") and not inside(node):
                return
            if leaves(node) and is_environmental(part(node, "condition")):
                yield from doubted(node, list(self.sequence(nodes[place + 1 :], scope)))
                return
            if node.type == "identifier":
                yield from self.named(node, scope)
            else:
                yield from self.visit(node, scope)

    def visit(self, node: "Node", scope: Scope) -> Iterator[Op]:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise Unreadable("The migration is too long to be followed.")
        if node.type in _SKIPPED:
            return
        if node.type in _OPAQUE:
            yield Op(kind=Kind.UNKNOWN, line=line_of(node), text=shown_text(node), why=_OPAQUE[node.type])
            return
        if node.type == "identifier":
            if words(node) in self.program.methods and words(node) not in scope.variables:
                yield from self.follow(words(node), node, scope)
            return
        visit = _VISITS.get(node.type)
        yield from visit(self, node, scope) if visit else self.sequence(inside(node), scope)

    # Branches

    def branches(self, node: "Node", scope: Scope) -> Iterator[Op]:
        """Every branch, since a reading cannot choose; where the environment chooses, a person is asked."""
        condition = part(node, "condition") or part(node, "value")
        if condition is not None:
            yield from self.visit(condition, scope)
        rest = [child for child in inside(node) if condition is None or child.id != condition.id]
        found = [op for child in rest for op in self.sequence([child], scope)]
        yield from doubted(node, found) if is_environmental(condition) else found

    # Names

    def assigned(self, node: "Node", scope: Scope) -> Iterator[Op]:
        left, right = part(node, "left"), part(node, "right")
        if left is None or right is None:
            return
        yield from self.visit(right, scope)
        if left.type in ("identifier", "instance_variable", "constant"):
            scope.variables[words(left)] = self.held(right, scope)
        elif left.type == "left_assignment_list":
            for child in inside(left):
                if child.type == "identifier":
                    scope.variables[words(child)] = Unresolved(words(child))
                else:
                    self._set_attribute(child, scope)
        else:
            self._set_attribute(left, scope)

    def _set_attribute(self, left: "Node", scope: Scope) -> None:
        """`user.name = …`, `user[:name] = …`."""
        owner = part(left, "receiver") or part(left, "object")
        if owner is not None and owner.type == "call" and left.type == "element_reference":
            self._change_attribute(owner, scope)
            return
        record = self.rows(owner, scope)
        if record is None and owner is not None and owner.type == "identifier":
            record = scope.variables[words(owner)] = Rows("")
        if record is not None:
            keys = [str(value_of(child, scope)) for child in inside(left)[1:]]
            record.assigned.update([words(part(left, "method"))] if left.type == "call" else keys)

    def _change_attribute(self, attribute: "Node", scope: Scope) -> None:
        """`user.settings[:a] = 1`, `user.settings.merge!(…)`: an attribute changed in its place."""
        record = self.rows(part(attribute, "receiver") or part(attribute, "object"), scope)
        if record is not None:
            record.assigned.add(words(part(attribute, "method")))

    def held(self, node: "Node", scope: Scope) -> Any:
        """What an expression stands for: rows, or a value."""
        value = value_of(node, scope)
        if not isinstance(value, Unresolved):
            return value
        found = self.rows(node, scope)
        fields = ("pluck", "ids", "count", "exists?", "any?", "maximum", "minimum", "sum", "map", "to_h")
        return found if found is not None and words(part(node, "method")) not in fields else value

    def rows(self, node: "Node | None", scope: Scope) -> Rows | None:
        return rows.rows_of(node, scope, self.program, frozenset(self.known))

    # Calls

    def called(self, node: "Node", scope: Scope) -> Iterator[Op]:
        name, receiver = words(part(node, "method")), part(node, "receiver")
        if receiver is None or CONNECTION.fullmatch(words(receiver)):
            yield from self.said(node, name, scope)
            return
        held = scope.variables.get(words(receiver))
        if isinstance(held, TableBlock):
            yield from self.on_table(node, name, held, scope)
        elif isinstance(held, Direction):
            yield from self.block(node, scope) if name == "up" else ()
        else:
            yield from self.sent(node, name, receiver, scope)

    def named(self, node: "Node", scope: Scope) -> Iterator[Op]:
        """A bare word as a statement: a variable, or a call without arguments."""
        if words(node) not in scope.variables:
            yield from self.said(node, words(node), scope)

    def said(self, node: "Node", name: str, scope: Scope) -> Iterator[Op]:
        """A call on the migration itself, or on its connection."""
        if name in self.program.methods or f"self.{name}" in self.program.methods:
            yield from self.follow(name, node, scope)
        elif name in ("create_table", "create_join_table", "create_table_with_constraints"):
            yield from self.create_table(node, name, scope)
        elif name == "change_table":
            yield from self.change_table(node, name, scope)
        elif name in SPEAKING:
            yield from self.spoken(node, name, scope)
        elif name in gems.MEANINGS:
            yield from self.meant(node, name, scope)
        elif name in TRANSPARENT:
            yield from self.block(node, scope, *([Direction()] if name == "reversible" else []))
        elif name in QUIET:
            yield from self.arguments(node, scope)
            yield from self.block(node, scope)
        else:
            yield from self.block(node, scope)
            yield self.call(node, name, scope).unknown(f"What does `{name}` do? This file does not say.")

    def call(self, node: "Node", name: str, scope: Scope) -> Call:
        return Call(
            name, node, arguments_of(node, scope), options_of(node, scope), self.program.legacy, self.was, self.retyped
        )

    def meant(self, node: "Node", name: str, scope: Scope) -> Iterator[Op]:
        call = self.call(node, name, scope)
        if "**" in call.options and name not in ("drop_table", "remove_column", "remove_columns"):
            yield call.unknown("Which options does this call have? Only a run tells.", call.at(0))
            return
        try:
            found = list(gems.MEANINGS[name](call))
        except (ValueError, IndexError, TypeError, AttributeError):
            found = [call.unknown("What does this call do? Its arguments cannot be read.")]
        yield from found

    def spoken(self, node: "Node", name: str, scope: Scope) -> Iterator[Op]:
        """`execute` and its like: SQL in a string."""
        text = next(iter(arguments_of(node, scope)), None)
        yield from read_sql(text, node, self.path, asking=SPEAKING[name])

    def arguments(self, node: "Node", scope: Scope) -> Iterator[Op]:
        given = given_to(node)
        for child in (*given.positional, *(value for _, value in given.options)):
            yield from self.visit(child, scope)

    # Tables

    def create_table(self, node: "Node", name: str, scope: Scope) -> Iterator[Op]:
        call = self.call(node, name, scope)
        table = tables.table_name(call)
        defined: list[Any] = []
        bound = {**scope.variables, "=defined": defined}
        after = list(self.block(node, replace(scope, variables=bound), TableBlock(table, made=True)))
        yield from tables.created(call, defined, after)

    def change_table(self, node: "Node", name: str, scope: Scope) -> Iterator[Op]:
        call = self.call(node, name, scope)
        yield from self.block(node, scope, TableBlock(bare(call.at(0)), made=False))

    def on_table(self, node: "Node", name: str, block: TableBlock, scope: Scope) -> Iterator[Op]:
        call = self.call(node, name, scope)
        try:
            other = tables.on_table(call, block.table)
            if other is not None:
                yield from list(other)
            elif not block.made:
                yield from tables.columns_added(call, block.table)
            else:
                scope.variables["=defined"] += tables.named_columns(call)
                yield from tables.reference_keys(call, block.table)
        except (ValueError, IndexError, TypeError, AttributeError):
            yield call.unknown("What does this call do? Its arguments cannot be read.", block.table)

    # Methods and blocks

    def follow(self, name: str, node: "Node", scope: Scope) -> Iterator[Op]:
        """A method of the migration itself."""
        method = self.program.methods.get(name) or self.program.methods[f"self.{name}"]
        if name in self.following or len(self.following) > _DEEPEST:
            yield self.call(node, name, scope).unknown(f"Where does `{name}` end? It calls itself.")
            return
        bound = {**bound_by(method, node, scope), "&": (part(node, "block"), scope)}
        ivars = {key: value for key, value in scope.variables.items() if key.startswith("@")}
        self.following = (*self.following, name)
        yield from self.sequence(inside(part(method, "body")), replace(scope, variables={**ivars, **bound}))
        self.following = self.following[:-1]

    def yielded(self, node: "Node", scope: Scope) -> Iterator[Op]:
        block, outside = scope.variables.get("&", (None, scope))
        if block is not None:
            yield from self.body(block, outside, [value_of(child, scope) for child in inside(node)])

    def block(self, node: "Node", scope: Scope, *given: Any) -> Iterator[Op]:
        block = part(node, "block")
        if block is not None:
            yield from self.body(block, scope, list(given))

    def body(self, block: "Node", scope: Scope, given: list[Any], *, looping: bool = False) -> Iterator[Op]:
        names = parameters_of(block)
        values = [*given, *(Unresolved(name) for name in names[len(given) :])]
        bound = dict(zip(names or ("it", "_1"), values, strict=False))
        inner = scope.within(bound, looping=looping)
        if "=defined" in scope.variables:
            inner.variables["=defined"] = scope.variables["=defined"]
        yield from self.sequence(inside(part(block, "body")), inner)

    # Calls on something

    def sent(self, node: "Node", name: str, receiver: "Node", scope: Scope) -> Iterator[Op]:
        """A call on an object: rows read or written, plain Ruby, or nobody knows."""
        yield from self.chain(receiver, scope)
        held = self.rows(receiver, scope)
        if "Dropper" in words(receiver) and name in gems.DROPPERS:
            yield from gems.DROPPERS[name](self.call(node, name, scope))
        elif rows.is_write(name, held):
            yield from rows.written(self.call(node, name, scope), held, scope)
            yield from self.looped(node, held, scope)
        elif name in rows.SETTERS:
            if held is not None:
                held.assigned.update(rows.assigned_by(node, scope))
        elif self.is_quiet(node, name, receiver, held):
            if name in rows.MUTATORS:
                self._change_attribute(receiver, scope)
            yield from self.arguments(node, scope)
            yield from self.iterated(node, name, receiver, held, scope)
        else:
            yield from self.looped(node, held, scope)
            yield self.call(node, name, scope).unknown(
                f"What does `{_short(receiver)}.{name}` do? This file does not say."
            )

    def is_quiet(self, node: "Node", name: str, receiver: "Node", held: Rows | None) -> bool:
        """Reads only: plain Ruby, a query, an attribute of something at hand."""
        a_class = receiver.type in ("constant", "scope_resolution") and words(receiver) not in rows.NO_MODELS
        if name in ACTS or (a_class and name in rows.COLLECTING):
            return False
        if name in QUIET or name in rows.RELATIONS or name.endswith("?"):
            return True
        attribute = receiver.type != "constant" and not inside(part(node, "arguments")) and not name.endswith("!")
        return attribute or (held is not None and name.startswith("find_"))

    def chain(self, node: "Node", scope: Scope) -> Iterator[Op]:
        """What happens on the way to a receiver; unknown names there are taken for scopes of a model."""
        if node.type != "call":
            yield from self.visit(node, scope)
            return
        name, receiver = words(part(node, "method")), part(node, "receiver")
        if receiver is None or name in ACTS or name in rows.WRITERS or CONNECTION.fullmatch(words(receiver)):
            yield from self.called(node, scope)
            return
        yield from self.chain(receiver, scope)
        yield from self.arguments(node, scope)
        yield from self.iterated(node, name, receiver, self.rows(receiver, scope), scope)

    def looped(self, node: "Node", held: Rows | None, scope: Scope) -> Iterator[Op]:
        block = part(node, "block")
        if block is not None:
            yield from self.body(block, scope, [held or Rows("")], looping=True)

    def iterated(self, node: "Node", name: str, receiver: "Node", held: Rows | None, scope: Scope) -> Iterator[Op]:
        """A block runs once for each of a list that is written out, once where nobody knows the list."""
        block = part(node, "block")
        if block is None:
            yield from self.shortened(node, held, scope)
            return
        items = value_of(receiver, scope)
        listed = list(items.items()) if isinstance(items, dict) else items
        if isinstance(listed, list) and held is None:
            for place, item in enumerate(listed):
                yield from self.body(block, scope, spread(item, block, place if "index" in name else None))
            return
        counted = isinstance(items, Unresolved) and re.fullmatch(r"\(?\d+\.\.\.?\d+\)?|\d+", items.text)
        first = held or record_named(block)
        looping = not counted and name not in ("tap", "then", "with_options")
        yield from self.body(block, scope, [] if counted else [first], looping=looping)

    def shortened(self, node: "Node", held: Rows | None, scope: Scope) -> Iterator[Op]:
        """`each(&:save!)`: one call on each."""
        for child in inside(part(node, "arguments")):
            name = words(child).removeprefix("&:") if child.type == "block_argument" else ""
            if not re.fullmatch(r"\w+[!?]?", name):
                continue
            call = replace(self.call(node, name, scope.within({}, looping=True)), positional=[], options={})
            if rows.is_write(name, held):
                yield from rows.written(call, held, scope)
            elif name in ACTS or (name.endswith("!") and name not in QUIET):
                yield call.unknown(f"What does `{name}` do? This file does not say.")


def old_types(walk: Walk, program: Program) -> dict[tuple[str, str], ColumnType]:
    """The types that `down` changes columns back to."""
    if program.backward is None:
        return {}
    try:
        found = list(walk.run([program.backward]))
    except Unreadable:
        return {}
    back = [op for op in found if op.kind is Kind.ALTER_TYPE and op.definition is not None]
    return {(op.table, op.column): op.definition.type for op in back if op.definition is not None}


def _short(node: "Node") -> str:
    return words(node).split("\n")[0][:40]


_VISITS: Final[dict[str, Callable[[Walk, "Node", Scope], Iterator[Op]]]] = {
    **dict.fromkeys(
        ("if", "unless", "elsif", "if_modifier", "unless_modifier", "conditional", "case", "while", "until"),
        Walk.branches,
    ),
    "assignment": Walk.assigned,
    "operator_assignment": Walk.assigned,
    "call": Walk.called,
    "yield": Walk.yielded,
}
