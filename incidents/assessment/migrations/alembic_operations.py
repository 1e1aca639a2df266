"""Alembic's migrations, read into neutral operations by their syntax tree alone (assessment.md §2.3)."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from incidents.assessment.migrations.alembic_columns import column_type, read_column, server_default
from incidents.assessment.migrations.alembic_rows import on_connection, statement
from incidents.assessment.migrations.alembic_run import (
    ASKING,
    UNNAMED,
    Batch,
    Proxy,
    Run,
    Table,
    is_proxy,
    qualified,
    tables_of,
)
from incidents.assessment.migrations.harmless_calls import BUILTINS, METHODS, is_pure, is_question
from incidents.assessment.migrations.operations import Column, Default, Kind, Op, Unreadable
from incidents.assessment.migrations.python_values import (
    Arguments,
    Unresolved,
    changing_names,
    keywords,
    last_name,
    read_module,
    texts,
)

_TABLE: Final = ("table_name",)
_KINDS: Final = {
    "unique": Kind.ADD_UNIQUE,
    "check": Kind.ADD_CHECK,
    "foreignkey": Kind.ADD_FOREIGN_KEY,
    "primary": Kind.ADD_PRIMARY_KEY,
}


@dataclass(frozen=True, slots=True)
class AlembicReader:
    """Reads what `upgrade` does on the production database's dialect."""

    dialect: str = "postgresql"

    def __call__(self, text: str, *, path: str) -> list[Op]:
        """Every operation, in order; Unreadable where the file has no `upgrade`."""
        module = read_module(text)
        upgrade = module.functions.get("upgrade")
        if upgrade is None:
            raise Unreadable("The file defines no upgrade().")
        module.spent[0] = 0
        run = Run(module, path, self.dialect, perform, changing=changing_names(upgrade.body))
        scope: dict[str, object] = {**tables_of(module.tree.body), "op": Proxy()}
        try:
            run.body(upgrade.body, scope)
        except RecursionError as refusal:
            raise Unreadable("The file is nested too deeply to read.") from refusal
        return run.found


def perform(run: Run, node: ast.Call, scope: dict[str, object]) -> bool:
    """What one call does; false where its arguments are still to be looked at."""
    name = last_name(node.func)
    owner = run.known(node.func.value, scope) if isinstance(node.func, ast.Attribute) else None
    if isinstance(node.func, ast.Name) and is_proxy_import(run, node.func):
        owner = Proxy()
    if is_proxy(owner) or isinstance(owner, Batch):
        return _perform_operation(run, node, scope, owner.table if isinstance(owner, Batch) else "")
    if _is_type_call(run, node, scope) or (name in _DESCRIBING and is_pure(run.module.named(node.func))):
        return True
    understood = on_connection(run, node, scope, owner)
    if understood is not None:
        return understood
    if _like_operation(run, node, scope):
        return True
    if not _is_harmless(run, node, name, owner):
        run.ask(node, f"What does {name or 'this call'} do?")
        _follow_arguments(run, node, scope)
    return False


def is_proxy_import(run: Run, node: ast.Name) -> bool:
    """`from alembic.op import add_column`."""
    return run.module.imported.get(node.id, "").startswith("alembic.op.")


def _follow_arguments(run: Run, node: ast.Call, scope: dict[str, object]) -> None:
    """A function of the file that is handed on will be called."""
    for argument in node.args:
        if (function := run.function_of(argument, scope)) is not None:
            run.follow(function, ast.Call(argument, [], []), scope)


def _is_harmless(run: Run, node: ast.Call, name: str, owner: object) -> bool:
    named = run.module.named(node.func)
    if is_pure(named) or named.startswith("alembic.context") or "sqlite" in name.lower():
        return True
    if run.asking or is_question(name):
        return True
    if isinstance(node.func, ast.Attribute):
        return name in METHODS or name in _QUIET
    return name in BUILTINS or isinstance(run.known(node.func, {}), Table) or name in run.module.classes


_QUIET: Final = {
    "begin",
    "begin_nested",
    "commit",
    "rollback",
    "flush",
    "close",
    "expunge_all",
    "remove",
    "add",
    "connect",
    "autocommit_block",
    *ASKING,
}
_DESCRIBING: Final = {"table", "Table", "column", "Column", "MetaData", "cast", "type_coerce", "bindparam"}
"""Calls of SQLAlchemy's that only describe: their types may be anybody's."""


def _perform_operation(run: Run, node: ast.Call, scope: dict[str, object], table: str) -> bool:
    name = last_name(node.func)
    if name in _TRANSPARENT:
        return False
    if name == "execute":
        statement(run, node, node.args[0] if node.args else keywords(node).get("sqltext"), scope)
        return True
    read = _OPERATIONS.get(name)
    if read is None:
        run.ask(node, f"op.{name} is no operation of Alembic's: what does it do?")
        return True
    try:
        read(_Call.of(run, node, scope, table))
    except Unresolved:
        run.ask(node, "What this operation does is decided when the migration runs.")
    return True


_TRANSPARENT: Final = {"get_bind", "get_context", "f", "batch_alter_table", "autocommit_block"}


def _is_type_call(run: Run, node: ast.Call, scope: dict[str, object]) -> bool:
    """`ENUM(…, name="x").create(bind)` and `.drop(bind)`; `Table(…).create(bind)`."""
    name = last_name(node.func)
    if name not in ("create", "drop") or not isinstance(node.func, ast.Attribute):
        return False
    owner, around = run.node_of(node.func.value, scope)
    kind = last_name(owner.func).upper() if isinstance(owner, ast.Call) else ""
    if kind == "ENUM" and isinstance(owner, ast.Call):
        _type_call(run, node, owner, around)
    elif isinstance(table := run.known(node.func.value, scope), Table) or kind == "SEQUENCE":
        made = Kind.CREATE_TABLE if name == "create" else Kind.DROP_TABLE
        run.tell(node, made if isinstance(table, Table) else Kind.HARMLESS, table=getattr(table, "name", ""))
    else:
        return False
    return True


def _type_call(run: Run, node: ast.Call, owner: ast.Call, around: Mapping[str, object]) -> None:
    created = last_name(node.func) == "create"
    try:
        name = Arguments.of(owner, (), run.values(around)).text("name")
        values = texts([run.values(around).of(each) for each in owner.args]) if created else ()
    except Unresolved:
        run.tell(node, Kind.HARMLESS) if created else run.ask(node, "Which type is dropped?")
        return
    tolerant = "checkfirst" in keywords(node)
    run.tell(node, Kind.CREATE_TYPE if created else Kind.DROP_TYPE, name=name, values=values, tolerant=tolerant)


def _like_operation(run: Run, node: ast.Call, scope: dict[str, object]) -> bool:
    """A project's own function that is called like an operation of Alembic's, and given just what that one takes."""
    name = last_name(node.func)
    read = next((read for start, read in _LIKE.items() if name.lstrip("_").startswith(start)), None)
    given = Arguments.of(node, _LIKE_SIGNATURES.get(name, _TABLE), run.values(scope))
    first = next(iter(given.given.values()), None)
    if read is None or len(given.given) + len(node.args) < 2 or first is None:
        return False
    if not isinstance(run.known(first, scope), str):
        return False
    try:
        read(_Call(run, node, given, scope))
    except Unresolved:
        return False
    return True


def _like_add_columns(call: "_Call") -> None:
    for name, definition in [call.column_in(each) for each in call.node.args[1:]]:
        call.tell(Kind.ADD_COLUMN, column=name, definition=definition)


def _like_drop_columns(call: "_Call") -> None:
    for name in [call.named(each) for each in call.node.args[1:]]:
        call.tell(Kind.DROP_COLUMN, column=name)


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of `op` or `batch_op`, its table known."""

    run: Run
    node: ast.Call
    given: Arguments
    scope: Mapping[str, object]
    batch: str = ""

    @classmethod
    def of(cls, run: Run, node: ast.Call, scope: Mapping[str, object], batch: str) -> "_Call":
        signature = _SIGNATURES.get(last_name(node.func), _TABLE)
        wanted = tuple(name for name in signature if not (batch and name in _ON_TABLE))
        return cls(run, node, Arguments.of(node, wanted, run.values(scope)), scope, batch)

    @property
    def table(self) -> str:
        if self.batch:
            return self.batch
        named = next((name for name in _ON_TABLE if name in self.given), "")
        try:
            return self.of_schema(self.table_named(named), "schema", "source_schema") if named else ""
        except Unresolved:
            return UNNAMED

    def table_named(self, name: str) -> str:
        value = self.given.value(name)
        if isinstance(value, Table):
            return value.name
        return self.given.text(name)

    def of_schema(self, table: str, *names: str) -> str:
        schema = next((self.given.value(name) for name in names if name in self.given), None)
        return qualified(table, schema)

    def tell(self, kind: Kind, **told: object) -> None:
        self.run.tell(self.node, kind, **{"table": self.table, **told})

    def column_in(self, node: ast.expr) -> tuple[str, Column]:
        node, scope = self.run.node_of(node, self.scope)
        return read_column(node, self.run.values(scope), self.run.dialect)

    def named(self, node: ast.expr) -> str:
        value = self.run.values(self.scope).of(node)
        if not isinstance(value, str):
            raise Unresolved("a name")
        return value

    def name_of(self, *names: str) -> str:
        """A constraint's or an index's name; one that nobody can read is no name."""
        for name in names:
            if name in self.given:
                value = self.run.known(self.given.given[name], self.scope)
                return value if isinstance(value, str) else ""
        return ""

    def columns(self, name: str) -> tuple[str, ...]:
        """Columns by name; an expression stands for itself."""
        node = self.given.node(name)
        if isinstance(node, ast.List | ast.Tuple):
            return tuple(self._column_or_text(each) for each in node.elts)
        return self.given.texts(name)

    def _column_or_text(self, node: ast.expr) -> str:
        value = self.run.known(node, self.scope)
        return value if isinstance(value, str) else ast.unparse(node)


def _create_table(call: _Call) -> None:
    columns: dict[str, Column] = {}
    foreign: dict[str, str] = {}
    for node in call.node.args[1:]:
        inner = node.value if isinstance(node, ast.Starred) else node
        try:
            name, definition = call.column_in(inner)
        except Unresolved:
            foreign |= _foreign(call, inner)
            continue
        columns[name] = definition
    columns |= {name: replace(columns[name], references=to) for name, to in foreign.items() if name in columns}
    call.tell(Kind.CREATE_TABLE, defined=tuple(columns.items()), tolerant="if_not_exists" in call.given)


def _foreign(call: _Call, node: ast.expr) -> dict[str, str]:
    """`ForeignKeyConstraint(["a_id"], ["a.id"])` within a new table."""
    if not isinstance(node, ast.Call) or last_name(node.func) != "ForeignKeyConstraint" or len(node.args) < 2:
        return {}
    local, remote = (call.run.known(each, call.scope) for each in node.args[:2])
    if not isinstance(local, list | tuple) or not isinstance(remote, list | tuple):
        return {}
    return {str(one): str(other).rpartition(".")[0] for one, other in zip(local, remote, strict=False)}


def _add_column(call: _Call) -> None:
    node = call.given.node("column")
    if node is None:
        raise Unresolved("a column")
    name, definition = call.column_in(node)
    tolerant = "if_not_exists" in call.given
    call.tell(Kind.ADD_COLUMN, column=name, definition=definition, tolerant=tolerant)


def _drop_column(call: _Call) -> None:
    call.tell(Kind.DROP_COLUMN, column=call.given.text("column_name"), tolerant="if_exists" in call.given)


def _alter_column(call: _Call) -> None:
    """Each thing that is altered is an operation of its own; the new name comes last."""
    column = call.given.text("column_name")
    about = {"column": column}
    before = len(call.run.found)
    if "type_" in call.given and not _is_none(call.given.node("type_")):
        call.tell(Kind.ALTER_TYPE, **about, **_types(call))
    if "server_default" in call.given and call.run.known(call.given.given["server_default"], call.scope) is not False:
        _alter_default(call, about)
    wanted = call.given.value("nullable")
    if wanted is not None and wanted != call.given.value("existing_nullable"):
        call.tell(Kind.DROP_NOT_NULL if wanted else Kind.SET_NOT_NULL, **about)
    new = call.given.text("new_column_name")
    if new and new != column:
        call.tell(Kind.RENAME_COLUMN, **about, to=new)
    if len(call.run.found) == before:
        call.tell(Kind.HARMLESS)


def _types(call: _Call) -> dict[str, object]:
    values, dialect = call.run.values(call.scope), call.run.dialect
    new, old = (_type_node(call, name) for name in ("type_", "existing_type"))
    was = column_type(old, values, dialect) if old is not None else None
    return {"definition": Column(column_type(new, values, dialect)), "was": was}


def _type_node(call: _Call, name: str) -> ast.expr | None:
    node = call.given.node(name)
    return call.run.node_of(node, call.scope)[0] if node is not None else None


def _alter_default(call: _Call, about: dict[str, str]) -> None:
    default = server_default(call.given)
    nullable = call.given.value("existing_nullable")
    definition = Column(nullable=nullable is not False, default=default) if nullable is not None else None
    if default is Default.NONE:
        call.tell(Kind.DROP_DEFAULT, **about, definition=definition)
    else:
        call.tell(Kind.SET_DEFAULT, **about, definition=Column(default=default))


def _is_none(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _rename_table(call: _Call) -> None:
    call.tell(Kind.RENAME_TABLE, to=call.of_schema(call.given.text("new_table_name"), "schema"))


def _create_index(call: _Call) -> None:
    unique = bool(call.given.value("unique", default=False))
    where = call.given.node(f"{call.run.dialect}_where")
    told = {"name": call.name_of("index_name"), "columns": call.columns("columns"), "empty_equal": _empty_equal(call)}
    predicate = ast.unparse(where) if where is not None and not _is_none(where) else ""
    call.tell(Kind.ADD_UNIQUE if unique else Kind.CREATE_INDEX, where=predicate, **told)


def _create_unique(call: _Call) -> None:
    name, columns = call.name_of("constraint_name"), call.columns("columns")
    call.tell(Kind.ADD_UNIQUE, name=name, columns=columns, empty_equal=_empty_equal(call))


def _empty_equal(call: _Call) -> bool:
    return bool(call.given.value("postgresql_nulls_not_distinct", default=False))


def _create_primary(call: _Call) -> None:
    call.tell(Kind.ADD_PRIMARY_KEY, name=call.name_of("constraint_name"), columns=call.columns("columns"))


def _create_check(call: _Call) -> None:
    condition = call.given.node("condition")
    value = call.run.known(condition, call.scope) if condition is not None else None
    where = value if isinstance(value, str) else ast.unparse(condition) if condition is not None else ""
    call.tell(Kind.ADD_CHECK, name=call.name_of("constraint_name"), where=where)


def _create_foreign_key(call: _Call) -> None:
    told = {"name": call.name_of("constraint_name", "foreign_key_name"), "columns": call.columns("local_cols")}
    delete = call.given.value("ondelete")
    referent = "referent_table" if "referent_table" in call.given else "referenced_table"
    told["references"] = call.of_schema(call.table_named(referent), "referent_schema")
    call.tell(Kind.ADD_FOREIGN_KEY, on_delete=delete if isinstance(delete, str) else "", **told)


def _drop_constraint(call: _Call) -> None:
    kind = _KINDS.get(str(call.given.value("type_") or ""))
    name = call.name_of("constraint_name")
    if kind is Kind.ADD_PRIMARY_KEY:
        call.tell(Kind.DROP_PRIMARY_KEY, name=name)
    else:
        call.tell(Kind.DROP_CONSTRAINT, name=name, of=kind, tolerant="if_exists" in call.given)


def _bulk_insert(call: _Call) -> None:
    rows = call.given.node("rows")
    node = call.node.args[0] if call.node.args else None
    table = call.run.known(node, call.scope) if node is not None else None
    literal = rows is not None and isinstance(call.run.node_of(rows, call.scope)[0], ast.List | ast.Tuple)
    named = table.name if isinstance(table, Table) else ""
    call.run.tell(call.node, Kind.INSERT_ROWS if literal else Kind.INSERT_SELECTED, table=named)


def _simple(kind: Kind) -> Callable[[_Call], None]:
    """An operation with a name at most."""

    def tell(call: _Call) -> None:
        call.tell(kind, name=call.name_of("constraint_name", "index_name"))

    return tell


_LIKE: Final = {
    "add_column": _like_add_columns,
    "drop_column": _like_drop_columns,
    "create_table": _create_table,
    "create_index": _create_index,
    "drop_index": _simple(Kind.DROP_INDEX),
    "create_fk": _create_foreign_key,
    "drop_fk": _simple(Kind.DROP_CONSTRAINT),
}
"""By how its name begins: what such a function does with a table's name and columns."""
_LIKE_SIGNATURES: Final[dict[str, tuple[str, ...]]] = {
    "create_index": ("table_name", "index_name", "columns"),
    "create_fks_for_table": ("foreign_key_name", "table_name", "referenced_table", "local_cols", "remote_cols"),
}
_ON_TABLE: Final = ("table_name", "source_table", "old_table_name")
_SIGNATURES: Final[dict[str, tuple[str, ...]]] = {
    "add_column": ("table_name", "column"),
    "drop_column": ("table_name", "column_name"),
    "alter_column": ("table_name", "column_name"),
    "rename_table": ("old_table_name", "new_table_name"),
    "create_index": ("index_name", "table_name", "columns"),
    "drop_index": ("index_name", "table_name"),
    "create_unique_constraint": ("constraint_name", "table_name", "columns"),
    "create_check_constraint": ("constraint_name", "table_name", "condition"),
    "create_foreign_key": ("constraint_name", "source_table", "referent_table", "local_cols", "remote_cols"),
    "create_primary_key": ("constraint_name", "table_name", "columns"),
    "create_exclude_constraint": ("constraint_name", "table_name"),
    "drop_constraint": ("constraint_name", "table_name", "type_"),
    "bulk_insert": ("table", "rows"),
}
_OPERATIONS: Final[dict[str, Callable[[_Call], None]]] = {
    "create_table": _create_table,
    "drop_table": _simple(Kind.DROP_TABLE),
    "rename_table": _rename_table,
    "add_column": _add_column,
    "drop_column": _drop_column,
    "alter_column": _alter_column,
    "create_index": _create_index,
    "drop_index": _simple(Kind.DROP_INDEX),
    "create_unique_constraint": _create_unique,
    "create_check_constraint": _create_check,
    "create_foreign_key": _create_foreign_key,
    "create_primary_key": _create_primary,
    "create_exclude_constraint": _simple(Kind.ADD_EXCLUSION),
    "drop_constraint": _drop_constraint,
    "bulk_insert": _bulk_insert,
    "create_table_comment": _simple(Kind.HARMLESS),
    "drop_table_comment": _simple(Kind.HARMLESS),
}
