"""Folds operations, in their order, into the state of the schema that they leave behind."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from incidents.assessment.migrations.operations import Column, Default, Kind, Op
from incidents.assessment.migrations.schema import (
    UNHELD,
    ColumnState,
    Constraint,
    Held,
    Schema,
    TableState,
    TypeState,
    Versions,
    held,
)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done that no later state shows: rows changed, a rename of an index, a statement that nobody can read.

    `table` is what it was done to, as it stood then; `created` says that everything it touched came with the merge.
    """

    op: Op
    created: bool = False
    absent: bool = False
    """What it is about does not exist, or exists already: nothing happened."""
    dropped: Constraint | None = None


@dataclass(slots=True)
class Fold:
    """The schema and the deeds; `fold` continues it."""

    schema: Schema = field(default_factory=Schema)
    deeds: list[Deed] = field(default_factory=list)

    def note(self, op: Op, *, created: bool = False, absent: bool = False, dropped: Constraint | None = None) -> None:
        self.deeds.append(Deed(op, created, absent, dropped))


def fold(ops: Iterable[Op], into: Fold) -> None:
    for op in ops:
        if (
            op.tolerant
            and op.kind in _ALTERATIONS
            and not into.schema.find(op.table)
            and into.schema.is_absent(op.table)
        ):
            into.note(replace(op, kind=Kind.HARMLESS), absent=True)
        else:
            _STEPS[op.kind](into, op)


def fold_history(ops: Iterable[Op], *, from_the_first: bool = False) -> Fold:
    """The schema that the earlier migrations left, and nothing else of them.

    None at all says that nobody knows what was there, but for `from_the_first`: then nothing was.
    """
    into = Fold(Schema(complete=True))
    count = 0
    for op in ops:
        count += 1
        if op.kind is Kind.UNKNOWN:
            into.schema.obscure.append(op.body or op.text)
        else:
            fold([op], into)
    into.deeds = []
    into.schema.settle(complete=from_the_first or count > 0)
    return into


def default_name(op: Op) -> str:
    """The name that PostgreSQL gives a constraint or an index which nobody named."""
    suffix = _SUFFIXES.get(op.kind, "idx")
    bare = op.table.rpartition(".")[2]
    columns = [] if suffix == "pkey" else list(op.columns or ((op.column,) if op.column else ()))
    return "_".join([bare, *columns, suffix])


_SUFFIXES: Final = {
    Kind.ADD_UNIQUE: "key",
    Kind.ADD_CHECK: "check",
    Kind.ADD_FOREIGN_KEY: "fkey",
    Kind.ADD_PRIMARY_KEY: "pkey",
    Kind.ADD_EXCLUSION: "excl",
}


# Tables


def _create_table(into: Fold, op: Op) -> None:
    if op.tolerant and into.schema.find(op.table):
        into.note(op, absent=True)
        return
    if op.replaces and into.schema.find(op.table):
        _drop_table(into, replace(op, kind=Kind.DROP_TABLE))
    table = TableState(op.table, None, known=True, marks={op.kind: op})
    if op.references:
        _copy_columns(into.schema.find(op.references), table, op)
    into.schema.tables[op.table] = table
    for name, column in op.defined:
        _put_column(table, replace(op, column=name, kind=Kind.ADD_COLUMN, definition=column), column)


def _copy_columns(source: TableState | None, table: TableState, op: Op) -> None:
    """LIKE, INHERITS, PARTITION OF."""
    table.known = bool(source and source.known)
    for name, column in (source.columns if source else {}).items():
        table.columns[name] = ColumnState(name, None, column.now, "", {Kind.ADD_COLUMN: op})


def _drop_table(into: Fold, op: Op) -> None:
    if op.tolerant and not into.schema.find(op.table) and into.schema.is_absent(op.table):
        into.note(op, absent=True)
        return
    table = into.schema.table(op.table)
    into.schema.tables = {name: kept for name, kept in into.schema.tables.items() if kept is not table}
    if not table.created:
        table.marks[op.kind] = op
        into.schema.gone.append(table)


def _rename_table(into: Fold, op: Op) -> None:
    if op.table in into.schema.views and not into.schema.find(op.table):
        _rename_view(into, op)
        return
    table = into.schema.table(op.table)
    into.schema.tables = {name: kept for name, kept in into.schema.tables.items() if kept is not table}
    into.schema.tables[op.to] = table
    table.name = op.to
    table.marks[op.kind] = op


def _rename_view(into: Fold, op: Op) -> None:
    version = into.schema.views[op.table]
    into.schema.views[op.to] = Versions(None, version.now or op, marks=[op])
    into.schema.views[op.table] = Versions(version.was, None, version.unknown, [op])


# Columns


def _add_column(into: Fold, op: Op) -> None:
    table = into.schema.table(op.table)
    there = table.columns.get(op.column)
    if op.tolerant and there and there.now:
        into.note(op, absent=True)
        return
    _put_column(table, op, op.definition or Column())


def _put_column(table: TableState, op: Op, definition: Column) -> None:
    state = ColumnState(op.column, None, held(definition), "", {Kind.ADD_COLUMN: op})
    table.columns[op.column] = state
    about = replace(op, columns=(op.column,), name="", where="")
    for kind, wanted in (
        (Kind.ADD_UNIQUE, definition.unique),
        (Kind.ADD_PRIMARY_KEY, definition.primary),
        (Kind.ADD_FOREIGN_KEY, bool(definition.references)),
    ):
        if wanted:
            made = replace(about, kind=kind, references=definition.references)
            table.constraints[default_name(made)] = Constraint(kind, (op.column,), references=definition.references)


def _drop_column(into: Fold, op: Op) -> None:
    table = into.schema.table(op.table)
    if op.tolerant and op.column not in table.columns and table.known:
        into.note(op, absent=True)
        return
    column = table.column(op.column)
    del table.columns[op.column]
    _forget_constraints(table, op.column)
    if not column.created:
        column.now = None
        column.marks[op.kind] = op
        table.lost.append(column)


def _forget_constraints(table: TableState, column: str) -> None:
    """What stood on a dropped column falls with it."""
    table.constraints = {name: kept for name, kept in table.constraints.items() if column not in kept.columns}


def _rename_column(into: Fold, op: Op) -> None:
    table = into.schema.table(op.table)
    column = table.column(op.column)
    del table.columns[op.column]
    table.columns[op.to] = column
    column.name = op.to
    column.marks[op.kind] = op
    for name, kept in table.constraints.items():
        renamed = tuple(op.to if each == op.column else each for each in kept.columns)
        table.constraints[name] = replace(kept, columns=renamed)


def _redefine_column(into: Fold, op: Op) -> None:
    table = into.schema.table(op.table)
    column = table.column(op.column)
    column.marks[op.kind] = op
    if op.previously and column.now == UNHELD and column.was == UNHELD:
        column.was = column.now = held(op.previously)
    column.restated = column.restated or column.now == UNHELD
    if op.was and column.was == UNHELD and column.now == UNHELD:
        column.was = replace(UNHELD, type=op.was)
    now = held(op.definition or Column())
    if op.replaces and column.now:
        now = replace(now, unique=column.now.unique, primary=column.now.primary, references=column.now.references)
    column.now = now
    if op.to and op.to != op.column:
        _rename_column(into, replace(op, kind=Kind.RENAME_COLUMN))


def _altered(change: Callable[[Held, Op], Held]) -> Callable[[Fold, Op], None]:
    def alter(into: Fold, op: Op) -> None:
        column = into.schema.table(op.table).column(op.column)
        if op.was and op.was.is_read and column.was and column.was == column.now and not column.was.type.is_read:
            column.was = column.now = replace(column.was, type=op.was)
        column.now = change(column.now or UNHELD, op)
        column.marks[op.kind] = op

    return alter


def _without_default(now: Held, op: Op) -> Held:
    """The migration may say itself whether the column may be NULL, where nobody else knows."""
    told = op.definition.nullable if op.definition and now.nullable is None else now.nullable
    return replace(now, default=Default.NONE, nullable=told)


def _default_of(op: Op) -> Default:
    return op.definition.default if op.definition else Default.CONSTANT


# Constraints


def _add_constraint(into: Fold, op: Op) -> None:
    table = into.schema.table(op.table)
    columns = op.columns or ((op.column,) if op.column else ())
    name = op.name or default_name(op)
    table.constraints[name] = Constraint(
        op.kind, columns, op.where, op.references, op.on_delete, op.values, op.empty_equal, made=op
    )
    if op.kind is Kind.ADD_PRIMARY_KEY:
        _become_primary(table, columns)


def _become_primary(table: TableState, columns: tuple[str, ...]) -> None:
    for column in filter(None, map(table.columns.get, columns)):
        if column.now:
            column.now = replace(column.now, nullable=False)


def _drop_constraint(into: Fold, op: Op) -> None:
    table = into.schema.find(op.table) if op.table else _owner(into.schema, op.name)
    if table is None and op.table:
        table = into.schema.table(op.table)
    name = op.name or (_named_by_columns(table, op) if table else "")
    dropped = table.constraints.pop(name, None) if table else None
    if dropped is None and op.of:
        dropped = Constraint(op.of, op.columns or ((op.column,) if op.column else ()))
    absent = bool(op.tolerant and dropped is None and table and table.known and into.schema.is_absent(name))
    came = bool(table and table.created) or bool(dropped and dropped.made)
    into.note(op, created=came, absent=absent, dropped=dropped)


def _owner(schema: Schema, name: str) -> TableState | None:
    """DROP INDEX names no table."""
    return next((table for table in schema.tables.values() if name in table.constraints), None)


def _named_by_columns(table: TableState, op: Op) -> str:
    columns = op.columns or (op.column,)
    kinds = {op.of} if op.of else {Kind.ADD_UNIQUE, Kind.ADD_CHECK, Kind.ADD_FOREIGN_KEY}
    found = (name for name, kept in table.constraints.items() if kept.columns == columns and kept.kind in kinds)
    return next(found, "")


def _rename_constraint(into: Fold, op: Op) -> None:
    table = into.schema.find(op.table) if op.table else _owner(into.schema, op.name)
    if table and op.name in table.constraints:
        table.constraints[op.to] = table.constraints.pop(op.name)
    into.note(op, created=bool(table and table.created))


def _create_index(into: Fold, op: Op) -> None:
    into.note(op, created=into.schema.table(op.table).created)


# Types


def _create_type(into: Fold, op: Op) -> None:
    if op.tolerant and op.name in into.schema.types:
        into.note(op, absent=True)
        return
    into.schema.types[op.name] = TypeState(op.name, None, op.values or None, [op])


def _type(schema: Schema, name: str) -> TypeState:
    return schema.types.get(name) or schema.types.setdefault(name, TypeState(name, name, None))


def _drop_type(into: Fold, op: Op) -> None:
    if op.tolerant and op.name not in into.schema.types and into.schema.is_absent(op.name):
        into.note(op, absent=True)
        return
    state = _type(into.schema, op.name)
    del into.schema.types[op.name]
    if state.original is not None:
        state.dropped = op
        into.schema.gone_types.append(state)


def _add_enum_value(into: Fold, op: Op) -> None:
    state = _type(into.schema, op.name)
    added = op.values or ((op.to,) if op.to else ())
    there = bool(op.tolerant and added and state.values is not None and set(added) <= set(state.values))
    if state.values is not None:
        state.values = tuple(dict.fromkeys((*state.values, *added)))
    into.note(op, created=state.original is None, absent=there)


def _rename_enum_value(into: Fold, op: Op) -> None:
    state = _type(into.schema, op.name)
    if state.values is not None and len(op.values) == 1 and op.to:
        state.values = tuple(op.to if value == op.values[0] else value for value in state.values)
    into.note(op, created=state.original is None)


def _alter_other_type(into: Fold, op: Op) -> None:
    state = _type(into.schema, op.name)
    if not op.to:
        into.note(op, created=state.original is None)
        return
    del into.schema.types[op.name]
    into.schema.types[op.to] = state
    state.name = op.to
    state.marks.append(op)
    for table in into.schema.tables.values():
        _retype(table, op)


def _retype(table: TableState, op: Op) -> None:
    for column in table.columns.values():
        if column.now and column.now.type.name == op.name:
            column.now = replace(column.now, type=replace(column.now.type, name=op.to))


# Views, functions, triggers


def _versions(into: Fold, op: Op) -> tuple[dict[str, Versions], str]:
    if op.kind in (Kind.CREATE_TRIGGER, Kind.DROP_TRIGGER):
        return into.schema.table(op.table).triggers, op.name
    if op.kind in (Kind.CREATE_VIEW, Kind.DROP_VIEW):
        return into.schema.views, op.name or op.table
    return into.schema.functions, op.name


def _make_version(into: Fold, op: Op) -> None:
    versions, name = _versions(into, op)
    unseen = op.replaces and name not in versions and not into.schema.is_absent(name)
    version = versions.setdefault(name, Versions(unknown=unseen))
    if op.kind is Kind.CREATE_TRIGGER and op.fills:
        into.schema.table(op.table).marks.setdefault(Kind.CREATE_TRIGGER, op)
    version.now = op
    version.marks.append(op)


def _drop_version(into: Fold, op: Op) -> None:
    versions, name = _versions(into, op)
    if op.tolerant and name not in versions and into.schema.is_absent(name):
        into.note(op, absent=True)
        return
    version = versions.setdefault(name, Versions(unknown=True))
    version.now = None
    version.marks.append(op)


# Rows, and what leaves no trace


def _insert_selected(into: Fold, op: Op) -> None:
    table = into.schema.table(op.table)
    if op.references and len(op.values) == len(op.columns) and not op.where:
        table.copied[op.references] = dict(zip(op.columns, op.values, strict=True))
    into.note(op, created=table.created)


def _update(into: Fold, op: Op) -> None:
    table = into.schema.table(op.table)
    touched = [table.column(name) for name in op.columns]
    for column in touched:
        column.filled = True
        if op.fills and column.was == UNHELD and column.now == UNHELD:
            column.was = column.now = replace(UNHELD, nullable=True)
    into.note(op, created=table.created or (bool(touched) and all(column.created for column in touched)))


def _change_rows(into: Fold, op: Op) -> None:
    into.note(op, created=into.schema.table(op.table).created)


def _note(into: Fold, op: Op) -> None:
    table = into.schema.find(op.table) if op.table else None
    routine = into.schema.functions.get(op.name) if op.kind is Kind.ALTER_POLICY and not op.table else None
    is_new = bool(routine and routine.was is None and not routine.unknown)
    into.note(op, created=is_new or bool(table and table.created))


_ALTERATIONS: Final = {
    Kind.ADD_COLUMN,
    Kind.DROP_COLUMN,
    Kind.RENAME_COLUMN,
    Kind.RENAME_TABLE,
    Kind.MOVE_TABLE,
    Kind.ALTER_TYPE,
    Kind.SET_NOT_NULL,
    Kind.DROP_NOT_NULL,
    Kind.SET_DEFAULT,
    Kind.DROP_DEFAULT,
    Kind.ADD_UNIQUE,
    Kind.ADD_CHECK,
    Kind.ADD_FOREIGN_KEY,
    Kind.ADD_PRIMARY_KEY,
    Kind.DROP_CONSTRAINT,
    Kind.DROP_TRIGGER,
}
"""What IF EXISTS on the table makes harmless where there is none."""

_STEPS: Final[dict[Kind, Callable[[Fold, Op], None]]] = {
    Kind.CREATE_TABLE: _create_table,
    Kind.DROP_TABLE: _drop_table,
    Kind.RENAME_TABLE: _rename_table,
    Kind.MOVE_TABLE: _rename_table,
    Kind.ADD_COLUMN: _add_column,
    Kind.DROP_COLUMN: _drop_column,
    Kind.RENAME_COLUMN: _rename_column,
    Kind.REDEFINE_COLUMN: _redefine_column,
    Kind.ALTER_TYPE: _altered(lambda now, op: replace(now, type=op.definition.type if op.definition else UNHELD.type)),
    Kind.SET_NOT_NULL: _altered(lambda now, _: replace(now, nullable=False)),
    Kind.DROP_NOT_NULL: _altered(lambda now, _: replace(now, nullable=True)),
    Kind.SET_DEFAULT: _altered(lambda now, op: replace(now, default=_default_of(op))),
    Kind.DROP_DEFAULT: _altered(_without_default),
    Kind.ADD_UNIQUE: _add_constraint,
    Kind.ADD_CHECK: _add_constraint,
    Kind.ADD_EXCLUSION: _add_constraint,
    Kind.ADD_FOREIGN_KEY: _add_constraint,
    Kind.ADD_PRIMARY_KEY: _add_constraint,
    Kind.DROP_PRIMARY_KEY: lambda into, op: _drop_constraint(
        into, replace(op, name=op.name or f"{op.table.rpartition('.')[2]}_pkey", of=Kind.ADD_PRIMARY_KEY)
    ),
    Kind.DROP_CONSTRAINT: _drop_constraint,
    Kind.VALIDATE_CONSTRAINT: _note,
    Kind.RENAME_CONSTRAINT: _rename_constraint,
    Kind.CREATE_INDEX: _create_index,
    Kind.DROP_INDEX: _drop_constraint,
    Kind.RENAME_INDEX: _rename_constraint,
    Kind.CREATE_TYPE: _create_type,
    Kind.DROP_TYPE: _drop_type,
    Kind.ADD_ENUM_VALUE: _add_enum_value,
    Kind.RENAME_ENUM_VALUE: _rename_enum_value,
    Kind.ALTER_OTHER_TYPE: _alter_other_type,
    Kind.CREATE_VIEW: _make_version,
    Kind.DROP_VIEW: _drop_version,
    Kind.CREATE_FUNCTION: _make_version,
    Kind.DROP_FUNCTION: _drop_version,
    Kind.CREATE_TRIGGER: _make_version,
    Kind.DROP_TRIGGER: _drop_version,
    Kind.ALTER_POLICY: _note,
    Kind.INSERT_ROWS: _change_rows,
    Kind.INSERT_SELECTED: _insert_selected,
    Kind.UPDATE: _update,
    Kind.DELETE: _change_rows,
    Kind.TRUNCATE: _change_rows,
    Kind.HARMLESS: _note,
    Kind.UNKNOWN: _note,
}
