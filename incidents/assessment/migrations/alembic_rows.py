"""What an Alembic migration does through a connection or a session: SQL text, SQLAlchemy statements, mapped rows."""

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from incidents.assessment.migrations.alembic_run import Bind, Row, Rows, Run, Table
from incidents.assessment.migrations.embedded_sql import read_named, read_partly
from incidents.assessment.migrations.operations import Kind
from incidents.assessment.migrations.python_values import Symbol, Unresolved, chained, keywords, last_name

_VERBS: Final = {"update": Kind.UPDATE, "insert": Kind.INSERT_SELECTED, "delete": Kind.DELETE}
_READING: Final = {"select", "exists", "query", "literal_column", "values_list"}
_SCHEMA: Final = {"CreateSequence", "CreateSchema", "SetColumnComment", "SetTableComment", "CreateIndex"}
_EXECUTING: Final = {"execute", "exec_driver_sql", "scalar", "scalars"}
_CONNECTIONS: Final = {"conn", "connection", "session", "bind", "db", "engine"}


def statement(run: Run, call: ast.Call, node: ast.expr | None, scope: Mapping[str, object]) -> None:
    """One thing handed to `execute`: SQL by its text, a statement of SQLAlchemy by its verb."""
    if node is None:
        run.ask(call, "Which SQL it executes is decided when the migration runs.")
        return
    value = run.known(node, scope)
    if isinstance(value, str):
        run.found += read_named(value, path=run.path, line=call.lineno)
        return
    node, scope = run.node_of(node, scope)
    for each in node.elts if isinstance(node, ast.List | ast.Tuple) else [node]:
        _expression(run, call, each, scope)


def _expression(run: Run, call: ast.Call, node: ast.expr, scope: Mapping[str, object]) -> None:
    inner = (
        node.args[0] if isinstance(node, ast.Call) and last_name(node.func) in ("text", "DDL") and node.args else node
    )
    value = run.known(inner, scope)
    methods = list(chained(node))
    names = {name for name, _ in methods}
    verb = next((name for name, _ in reversed(methods) if name in _VERBS), "")
    if isinstance(value, str):
        run.found += read_named(value, path=run.path, line=call.lineno)
    elif verb:
        _change(run, call, methods, verb, scope)
    elif names & (_READING | _SCHEMA):
        run.tell(call, Kind.HARMLESS)
    else:
        run.found += read_partly(run.values(scope), node, path=run.path, line=call.lineno)
        run.ask(call, "Which SQL it executes is decided when the migration runs.")


def _change(
    run: Run, call: ast.Call, methods: list[tuple[str, ast.Call]], verb: str, scope: Mapping[str, object]
) -> None:
    """`table.update().where(…).values(…)`, `sa.update(table)…`, `query(Mapped).delete()`."""
    at = next(node for name, node in reversed(methods) if name == verb)
    table = _table_of(run, at, scope)
    columns = tuple(sorted(_written(methods)))
    blank = {name for _, node in methods for name in _blank(node)}
    kind = _VERBS[verb]
    if verb == "insert" and _is_literal(methods):
        kind = Kind.INSERT_ROWS
    if verb == "update" and not columns:
        run.ask(call, "Which columns does it overwrite?")
        return
    fills = verb == "update" and set(columns) <= blank
    run.tell(call, kind, table=table, columns=columns, fills=fills)


def _table_of(run: Run, node: ast.Call, scope: Mapping[str, object]) -> str:
    candidates = [*node.args[:1], *([node.func.value] if isinstance(node.func, ast.Attribute) else [])]
    for candidate in candidates:
        owner = run.known(candidate, scope)
        if isinstance(owner, Table | Rows | Row):
            return owner.name if isinstance(owner, Table) else owner.table
    return ""


def _written(methods: list[tuple[str, ast.Call]]) -> Iterator[str]:
    """The columns that `.values(…)` or `.update({…})` sets."""
    for name, node in methods:
        if name not in ("values", "update"):
            continue
        yield from (key for key in keywords(node) if key != "synchronize_session")
        for argument in node.args:
            for key in argument.keys if isinstance(argument, ast.Dict) else ():
                yield _column(key)


def _column(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return last_name(node) if node is not None else "?"


def _blank(node: ast.Call) -> Iterator[str]:
    """Columns that a condition within says are NULL."""
    for inner in ast.walk(node):
        match inner:
            case (
                ast.Call(
                    func=ast.Attribute(value=ast.Attribute(attr=name), attr="is_"), args=[ast.Constant(value=None)]
                )
                | ast.Compare(
                    left=ast.Attribute(attr=name), ops=[ast.Eq() | ast.Is()], comparators=[ast.Constant(value=None)]
                )
            ):
                yield name


def _is_literal(methods: list[tuple[str, ast.Call]]) -> bool:
    given = [value for name, node in methods if name == "values" for value in (*node.args, *keywords(node).values())]
    plain = (ast.Constant, ast.Dict, ast.List, ast.Tuple)
    return bool(given) and all(isinstance(value, plain) for value in given)


def on_connection(run: Run, node: ast.Call, scope: dict[str, object], owner: object) -> bool | None:
    """What a call on a connection, a session or its rows does; None where it is no such call."""
    name = last_name(node.func)
    if not isinstance(node.func, ast.Attribute):
        return _on_plain(run, node, scope)
    if name in _EXECUTING and node.args and _connects(node.func.value, owner):
        statement(run, node, node.args[0], scope)
        return True
    if name in ("update", "delete") and isinstance(owner, Rows):
        _change(run, node, list(chained(node)), name, scope)
        return True
    if name in _SESSION and _connects(node.func.value, owner):
        _on_session(run, node, scope, name)
        return True
    return None


def _on_plain(run: Run, node: ast.Call, scope: Mapping[str, object]) -> bool | None:
    """`Mapped(…)` makes a row that counts only when it is added."""
    if last_name(node.func) == "setattr" and node.args and isinstance(row := run.known(node.args[0], scope), Row):
        column = run.known(node.args[1], scope) if len(node.args) > 1 else None
        run.tell(node, Kind.UPDATE, table=row.table, columns=(column if isinstance(column, str) else "*",))
        return True
    made = run.known(node.func, scope)
    return False if isinstance(made, Table | Bind) else None


def _connects(node: ast.expr, owner: object) -> bool:
    if isinstance(owner, Bind):
        return True
    if isinstance(owner, Symbol):
        return owner.name.rpartition(".")[2] in _CONNECTIONS
    return owner is None and last_name(node).lstrip("_") in _CONNECTIONS


_SESSION: Final = {
    "add",
    "add_all",
    "merge",
    "delete",
    "bulk_save_objects",
    "bulk_insert_mappings",
    "bulk_update_mappings",
}


def _on_session(run: Run, node: ast.Call, scope: dict[str, object], name: str) -> None:
    owner = run.known(node.args[0], scope) if node.args else None
    table = owner.table if isinstance(owner, Row | Rows) else owner.name if isinstance(owner, Table) else ""
    if name == "delete":
        run.tell(node, Kind.DELETE, table=table)
    elif name in ("merge", "bulk_update_mappings"):
        run.ask(node, "Which rows does it overwrite?")
    elif not isinstance(owner, Row):
        run.tell(node, Kind.INSERT_SELECTED, table=table or _made(run, node, scope))


def _made(run: Run, node: ast.Call, scope: Mapping[str, object]) -> str:
    """The table of a row that is made here: `session.add(Mapped(…))`, or of a name that was bound to it."""
    for argument in node.args:
        found, around = run.node_of(argument, scope)
        try:
            made = run.values(around).of(found.func) if isinstance(found, ast.Call) else None
        except Unresolved:
            continue
        if isinstance(made, Table):
            return made.name
    return ""
