"""Django's migrations, read into neutral operations by their syntax tree alone (assessment.md §2.2).

A `DjangoReader` remembers the models between files, as Django's own state does: the app's earlier files first, then the
merge's, in the order in which they run.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

from incidents.assessment.migrations.django_models import MODEL_OPERATIONS, Step
from incidents.assessment.migrations.django_python import EDITOR, branch_of, quoted, run_python
from incidents.assessment.migrations.django_state import State
from incidents.assessment.migrations.embedded_sql import read_partly, read_percent
from incidents.assessment.migrations.migration_order import app_folder, app_labels, replaced_by
from incidents.assessment.migrations.operations import Kind, Op, Unreadable
from incidents.assessment.migrations.python_values import (
    Arguments,
    Module,
    Unresolved,
    Values,
    bindings,
    keywords,
    last_name,
    read_module,
)

_MOST_OPERATIONS: Final = 2_000
_HARMLESS: Final = (
    "TrigramExtension",
    "UnaccentExtension",
    "HStoreExtension",
    "CITextExtension",
    "BtreeGinExtension",
    "BtreeGistExtension",
    "BloomExtension",
    "CryptoExtension",
    "CreateExtension",
    "CreateCollation",
    "AlterModelOptions",
    "AlterModelManagers",
    "AlterModelTableComment",
    "ValidateConstraint",
    "AddIndexConcurrently",
    "RemoveIndexConcurrently",
    "AddIndex",
    "RemoveIndex",
    "RenameIndex",
    "AlterIndexTogether",
    "IgnoreMigration",
)
"""Django's own, and a linter's remark that is written as an operation."""
_OWN: Final = ("django.", "migrations.", "operations.")


@dataclass(slots=True)
class DjangoReader:
    """One reading of one history. `labels` names the apps whose label is not their folder's name."""

    labels: Mapping[str, str] = field(default_factory=dict)
    state: State = field(default_factory=State)
    read: set[tuple[str, str]] = field(default_factory=set)
    """By app's folder and name, what was read before."""

    def learn(self, files: Mapping[str, str]) -> None:
        """The labels of the apps that these migrations, by path, belong to."""
        self.labels = app_labels(files)

    def __call__(self, text: str, *, path: str) -> list[Op]:
        """Every operation of the file, in order; Unreadable where it is no migration of Django's."""
        module = read_module(text)
        migration = module.classes.get("Migration")
        if migration is None:
            raise Unreadable("The file defines no Migration.")
        try:
            return list(self._read(module, migration, path))
        except RecursionError as refusal:
            raise Unreadable("The file is nested too deeply to read.") from refusal

    def _read(self, module: Module, migration: ast.ClassDef, path: str) -> Iterator[Op]:
        folder = app_folder(path)
        module.spent[0] = 0
        values = Values(module, {"connection": EDITOR}, quoted)
        step = Step(self.state, self.labels.get(folder, folder), values, path)
        replaced = replaced_by(migration, values)
        known = bool(replaced) and all((folder, name) in self.read for name in replaced)
        self.read.add((folder, PurePosixPath(path).stem))
        if known:  # squashed from what has run: Django only notes that it is applied
            yield Op(kind=Kind.HARMLESS, line=migration.lineno, text=module.excerpt(migration), path=path)
            return
        for op in _operations(step, migration):
            yield replace(self._released(op), path=path)

    def _released(self, op: Op) -> Op:
        """A drop of what left the state before: the second half of a removal in two steps."""
        if op.kind not in (Kind.DROP_TABLE, Kind.DROP_COLUMN) or op.released_by:
            return op
        return replace(op, released_by=self.state.released.get((op.table, op.column), ""))


def _operations(step: Step, migration: ast.ClassDef) -> Iterator[Op]:
    for statement in migration.body:
        yield from _statement(step, statement)


def _statement(step: Step, statement: ast.stmt) -> Iterator[Op]:
    match statement:
        case ast.AugAssign(target=ast.Name(id="operations"), value=value):
            yield from listed(step, value)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="operations"), attr="append"), args=[one])):
            yield from listed(step, ast.List([one]))
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="operations"), attr="extend"), args=[more])):
            yield from listed(step, more)
        case ast.If() | ast.For() | ast.With() | ast.Try():
            yield from _conditional(step, statement)
        case _:
            for name, value in bindings(statement):
                if name == "operations":
                    yield from listed(step, value)


def _conditional(step: Step, statement: ast.If | ast.For | ast.With | ast.Try) -> Iterator[Op]:
    """Operations that only running would choose: each is read, and a person is asked."""
    if isinstance(statement, ast.If) and (branch := branch_of(step.values, statement)) is not None:
        for inner in branch:
            yield from _statement(step, inner)
        return
    found = [op for inner in statement.body for op in _statement(step, inner)]
    if found:
        yield step.unknown(statement, "Which operations run is decided when the migration runs.")
    yield from found


def listed(step: Step, node: ast.expr) -> Iterator[Op]:
    """A list of operations, whatever it is put together from."""
    match node:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            for element in islice(elements, _MOST_OPERATIONS):
                whole = element.value if isinstance(element, ast.Starred) else None
                yield from listed(step, whole) if whole else _operation(step, element)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            yield from listed(step, left)
            yield from listed(step, right)
        case ast.Name(id=name) if name in step.values.module.constants:
            yield from listed(step, step.values.module.constants[name])
        case ast.ListComp() | ast.GeneratorExp():
            yield from _comprehended(step, node)
        case ast.Call(func=ast.Name(id="list" | "tuple"), args=[inner]):
            yield from listed(step, inner)
        case ast.IfExp(body=body, orelse=orelse):
            yield step.unknown(node, "Which operations run is decided when the migration runs.")
            yield from listed(step, body)
            yield from listed(step, orelse)
        case _:
            yield from _returned(step, node)


def _comprehended(step: Step, node: ast.ListComp | ast.GeneratorExp) -> Iterator[Op]:
    try:
        scopes = list(islice(step.values.each(node.generators), _MOST_OPERATIONS))
    except Unresolved:
        yield step.unknown(node, "The list of operations is made when the migration runs.")
        return
    for scope in scopes:
        yield from _operation(replace(step, values=scope), node.elt)


def _returned(step: Step, node: ast.expr) -> Iterator[Op]:
    """A function of the file that does nothing but return a list."""
    function = step.values.module.functions.get(last_name(node.func)) if isinstance(node, ast.Call) else None
    match function:
        case ast.FunctionDef(body=[*_, ast.Return(value=ast.List() as value)], args=ast.arguments(args=[])):
            yield from listed(step, value)
        case _:
            yield step.unknown(node, "The list of operations is made elsewhere.")


def _operation(step: Step, node: ast.expr) -> Iterator[Op]:
    node = step.values.module.behind(node)
    if isinstance(node, ast.IfExp):
        yield from listed(
            step, ast.IfExp(node.test, ast.List([node.body]), ast.List([node.orelse]), lineno=node.lineno)
        )
        return
    if not isinstance(node, ast.Call):
        yield step.unknown(node, "What this operation is cannot be read.")
        return
    try:
        yield from _read_operation(replace(step, call=node), node)
    except Unresolved:
        yield step.unknown(node, "What this operation does is decided when the migration runs.")


def _read_operation(step: Step, node: ast.Call) -> Iterable[Op]:
    name = _operation_name(step, node)
    if read := _WHOLE.get(name) or MODEL_OPERATIONS.get(name):
        return read(step, node)
    if name in _HARMLESS:
        return (step.op(Kind.HARMLESS),)
    return (step.unknown(node, f"{last_name(node.func) or 'This'} is no operation of Django's: what does it do?"),)


def _operation_name(step: Step, node: ast.Call) -> str:
    """The operation of Django's that this is; empty for a class of somebody else's."""
    short, module = last_name(node.func), step.values.module
    own = module.classes.get(short) if isinstance(node.func, ast.Name) else None
    if own is not None:
        return _inherited(own)
    if short in _THIRD:
        return _THIRD[short]
    return short if f"{module.named(node.func)}.".startswith(_OWN) else ""


def _inherited(own: ast.ClassDef) -> str:
    """A class of the file that adds nothing to an operation of Django's."""
    defined = {node.name for node in own.body if isinstance(node, ast.FunctionDef)}
    adds = defined - {"describe", "migration_name_fragment", "deconstruct"}
    return last_name(own.bases[0]) if len(own.bases) == 1 and not adds else ""


_THIRD: Final = {
    "IgnoreMigration": "IgnoreMigration",
    "SafeDeleteModel": "SafeDeleteModel",
    "SafeRemoveField": "SafeRemoveField",
    "SafeRunSQL": "RunSQL",
}


# What holds other operations, SQL or Python


def _separate(step: Step, node: ast.Call) -> Iterator[Op]:
    """Only `database_operations` change the database; the state is told by `state_operations` alone."""
    given = Arguments.of(node, ("database_operations", "state_operations"), step.values)
    if not given.is_whole:
        raise Unresolved("operations")
    database, state = given.node("database_operations"), given.node("state_operations")
    if database is not None and not _is_none(database):
        yield from listed(replace(step, state=step.state.copy()), database)
    if state is not None and not _is_none(state):
        _tell_state(step, state)
    if database is None:
        yield step.op(Kind.HARMLESS)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _tell_state(step: Step, operations: ast.expr) -> None:
    """The state learns, the database does not: what would have been dropped is released."""
    for op in listed(step, operations):
        if op.kind in (Kind.DROP_TABLE, Kind.DROP_COLUMN):
            step.state.released[op.table, op.column] = step.path


def _run_sql(step: Step, node: ast.Call) -> Iterator[Op]:
    given = Arguments.of(node, ("sql", "reverse_sql", "state_operations"), step.values)
    try:
        statements = list(_statements(given.value("sql")))
    except Unresolved:
        yield from read_partly(step.values, given.given["sql"], path=step.path, line=node.lineno)
        raise
    for statement in statements:
        yield from (
            replace(op, text=op.text or step.text) for op in read_percent(statement, path=step.path, line=node.lineno)
        )
    if (state := given.node("state_operations")) is not None and not _is_none(state):
        _tell_state(step, state)


def _statements(sql: object) -> Iterator[str]:
    """A text, a list of texts, or a list of pairs of text and parameters; RunSQL.noop is an empty text."""
    if isinstance(sql, str):
        yield sql
    elif isinstance(sql, list | tuple | set):
        for item in sql:
            text = item[0] if isinstance(item, list | tuple) and item else item
            if not isinstance(text, str):
                raise Unresolved("sql")
            yield text
    elif not str(getattr(sql, "name", "")).endswith("RunSQL.noop"):
        raise Unresolved("sql")


def _run_python(step: Step, node: ast.Call) -> Iterable[Op]:
    given = Arguments.of(node, ("code", "reverse_code", "atomic", "hints", "elidable"), step.values)
    return run_python(step, given.node("code"))


def _safe_removal(step: Step, node: ast.Call) -> Iterator[Op]:
    """A removal in two steps, told apart by its `deletion_action`: first the state's, then the database's."""
    kind = {"SafeRemoveField": "RemoveField", "SafeDeleteModel": "DeleteModel"}[last_name(node.func)]
    action = keywords(node).get("deletion_action")
    found = MODEL_OPERATIONS[kind](step, node)
    if action is not None and last_name(action) == "MOVE_TO_PENDING":
        for op in found:
            step.state.released[op.table, op.column] = step.path
        yield step.op(Kind.HARMLESS)
    elif action is not None and last_name(action) == "DELETE":
        for op in found:  # that it was released before is what this second half means
            yield replace(op, released_by=step.state.released.get((op.table, op.column), "an earlier migration"))
    else:
        raise Unresolved("a removal")


_WHOLE: Final = {
    "SeparateDatabaseAndState": _separate,
    "RunSQL": _run_sql,
    "RunPython": _run_python,
    "SafeRemoveField": _safe_removal,
    "SafeDeleteModel": _safe_removal,
}
