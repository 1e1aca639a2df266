"""The net effect of a merge: what the old code meets, taken from the state before and after, and from what was done."""

from collections.abc import Iterator
from typing import Final

from incidents.assessment.migrations.constraining import facts_of_dropped, new_constraints, new_foreign_keys
from incidents.assessment.migrations.effects import Effect, Fact
from incidents.assessment.migrations.folding import Deed, Fold
from incidents.assessment.migrations.operations import UNREAD, Default, Kind, Op
from incidents.assessment.migrations.schema import UNHELD, ColumnState, Held, Schema, TableState, TypeState, Versions
from incidents.assessment.migrations.widening import Step, step_between


def net_effects(fold: Fold) -> list[Effect]:
    """Ordered as the operations stand."""
    schema = fold.schema
    return [
        *(effect for table in schema.gone for effect in _gone_table(schema, table)),
        *(effect for table in schema.tables.values() for effect in _table(schema, table)),
        *(effect for state in (*schema.types.values(), *schema.gone_types) for effect in _type(schema, state)),
        *(effect for versions in (schema.views, schema.functions) for effect in _versions(versions)),
        *(_deed(schema, deed) for deed in fold.deeds),
    ]


# Tables


def _gone_table(schema: Schema, table: TableState) -> Iterator[Effect]:
    dropped = table.marks[Kind.DROP_TABLE]
    successor = schema.tables.get(table.original or "")
    copied = successor.copied.get(table.name) or successor.copied.get(table.original or "") if successor else None
    if successor and successor.created and copied is not None:
        yield from _rebuilt(schema, table, successor, copied)
        return
    facts = {Fact.RECREATED} if successor and successor.created else set()
    if table.original in schema.views and schema.views[table.original or ""].now:
        facts.add(Fact.STAND_IN)
    yield Effect(dropped.kind, dropped, frozenset(facts), table.original or table.name)


def _rebuilt(schema: Schema, table: TableState, successor: TableState, copied: dict[str, str]) -> Iterator[Effect]:
    """SQLite's way to alter a table: make it anew, copy the rows, drop the old one, take its name."""
    dropped = table.marks[Kind.DROP_TABLE]
    joined = TableState(successor.name, table.original, known=table.known, before=table.before)
    joined.constraints, joined.triggers = successor.constraints, successor.triggers
    old = list(table.old_columns())
    named = {column.original for column in old} if table.known else set(copied.values()) - {""}
    heirs = {
        source: successor.columns[target]
        for target, source in copied.items()
        if target in successor.columns and source in named
    }
    for column in old:
        _join_column(joined, column, heirs.get(column.original), dropped)
    taken = {heir.name for heir in heirs.values()}
    joined.columns |= {name: column for name, column in successor.columns.items() if name not in taken}
    if table.known:
        yield from _altered_table(schema, joined)
    else:
        yield from (_added_column(joined, column) for column in joined.columns.values() if column.created)
        yield Effect(Kind.REDEFINE_COLUMN, dropped, frozenset({Fact.UNKNOWN_BEFORE}), successor.name)


def _join_column(joined: TableState, column: ColumnState, heir: ColumnState | None, dropped: Op) -> None:
    marks = dict.fromkeys((*_ALTERING, Kind.DROP_COLUMN, Kind.RENAME_COLUMN), dropped)
    if heir is None:
        joined.lost.append(ColumnState(column.original, column.was, None, column.original, marks))
    else:
        del marks[Kind.REDEFINE_COLUMN]
        joined.columns[heir.name] = ColumnState(heir.name, column.was, heir.now, column.original, marks)


_ALTERING: Final = (
    Kind.REDEFINE_COLUMN,
    Kind.ALTER_TYPE,
    Kind.SET_NOT_NULL,
    Kind.DROP_NOT_NULL,
    Kind.SET_DEFAULT,
    Kind.DROP_DEFAULT,
)


def _table(schema: Schema, table: TableState) -> Iterator[Effect]:
    if table.created:
        if made := table.marks.get(Kind.CREATE_TABLE):
            yield Effect(made.kind, made, frozenset(), table.name)
        yield from new_foreign_keys(schema, table)
        return
    if table.name != table.original:
        yield _renamed_table(schema, table)
    yield from _altered_table(schema, table)


def _altered_table(schema: Schema, table: TableState) -> Iterator[Effect]:
    for column in table.lost:
        yield from _lost_column(table, column)
    for column in table.columns.values():
        yield from _kept_column(schema, table, column)
    yield from new_constraints(schema, table)
    for trigger in table.triggers.values():
        yield from _version(trigger)


def _renamed_table(schema: Schema, table: TableState) -> Effect:
    kind = next((kind for kind in (Kind.RENAME_TABLE, Kind.MOVE_TABLE) if kind in table.marks), Kind.RENAME_TABLE)
    view = schema.views.get(table.original or "")
    facts = {Fact.STAND_IN} if view and view.now else set()
    return Effect(kind, table.marks[kind], frozenset(facts), table.original or "")


# Columns


def _lost_column(table: TableState, column: ColumnState) -> Iterator[Effect]:
    heir = table.columns.get(column.original)
    dropped = column.marks[Kind.DROP_COLUMN]
    facts = set()
    if heir and heir.created and heir.now and column.was:
        facts.add(Fact.RECREATED)
        if heir.now.default is Default.GENERATED and column.was.default is Default.GENERATED:
            facts.add(Fact.GENERATED)
        elif heir.filled and column.was != UNHELD:
            yield from _replaced_column(table, column, heir)
            return
    yield Effect(Kind.DROP_COLUMN, dropped, frozenset(facts), table.original or "", column.original)


def _replaced_column(table: TableState, column: ColumnState, heir: ColumnState) -> Iterator[Effect]:
    """A column made anew, filled, and put in the place of the old one."""
    marks = dict.fromkeys(_ALTERING, column.marks[Kind.DROP_COLUMN])
    yield from _altered_column(table, ColumnState(heir.name, column.was, heir.now, heir.name, marks))


def _kept_column(schema: Schema, table: TableState, column: ColumnState) -> Iterator[Effect]:
    if column.created:
        if Kind.ADD_COLUMN in column.marks and not any(lost.original == column.name for lost in table.lost):
            yield _added_column(table, column)
        return
    if column.name != column.original:
        yield Effect(
            Kind.RENAME_COLUMN, column.marks[Kind.RENAME_COLUMN], frozenset(), table.original or "", column.original
        )
    if not _is_retyped_by_its_type(schema, column):
        yield from _altered_column(table, column)
    else:
        yield from _altered_nullability(table, column)


def _is_retyped_by_its_type(schema: Schema, column: ColumnState) -> bool:
    """Its type was made anew under the same name: what that means is said of the type."""
    name = column.now.type.name if column.now else ""
    return _predecessor(schema, name) is not None and Kind.ALTER_TYPE in column.marks


def _added_column(table: TableState, column: ColumnState) -> Effect:
    now = column.now or UNHELD
    facts = set()
    if now.nullable is False and now.default is Default.NONE:
        facts.add(Fact.REQUIRED)
    if now.nullable is False and now.default is Default.UNKNOWN:
        facts.add(Fact.REQUIRED_UNSURE)
    if any(mark.fills for mark in table.marks.values() if mark.kind is Kind.CREATE_TRIGGER):
        facts.add(Fact.TRIGGER)
    if now.unique and now.default is Default.CONSTANT:
        facts.add(Fact.COLLIDES)
    return Effect(Kind.ADD_COLUMN, _culprit(column), frozenset(facts), table.original or table.name, column.name)


def _culprit(column: ColumnState) -> Op:
    """What made a new column what it is: the operation after which it was required, else the one that added it."""
    required = column.now and column.now.nullable is False and column.now.default is Default.NONE
    later = column.marks.get(Kind.DROP_DEFAULT) or column.marks.get(Kind.SET_NOT_NULL) if required else None
    return later or column.marks[Kind.ADD_COLUMN]


def _altered_column(table: TableState, column: ColumnState) -> Iterator[Effect]:
    if column.restated and Kind.REDEFINE_COLUMN in column.marks:
        redefined = column.marks[Kind.REDEFINE_COLUMN]
        yield Effect(redefined.kind, redefined, frozenset({Fact.UNKNOWN_BEFORE}), table.original or "", column.original)
        if redefined.was:
            yield from _altered_type(table, column)
        return
    yield from _altered_type(table, column)
    yield from _altered_nullability(table, column)
    if Kind.REDEFINE_COLUMN in column.marks:
        yield from _altered_keys(table, column)


def _mark(column: ColumnState, *kinds: Kind) -> Op | None:
    return next((column.marks[kind] for kind in (*kinds, Kind.REDEFINE_COLUMN) if kind in column.marks), None)


def _altered_type(table: TableState, column: ColumnState) -> Iterator[Effect]:
    was, now, op = column.was or UNHELD, column.now or UNHELD, _mark(column, Kind.ALTER_TYPE)
    if op is None or (was.type == now.type and was.type != UNREAD):
        return
    facts = _STEP_FACTS[step_between(was.type, now.type)]
    if was.type == UNREAD and now.type.name in _MOSTLY_WIDER and not op.converts:
        facts = frozenset({Fact.UNKNOWN_BEFORE})
    if (
        op.kind is not Kind.DROP_COLUMN
        and UNREAD not in (was.type, now.type)
        and not (was.type.is_read and now.type.is_read)
    ):
        facts = frozenset({Fact.UNKNOWN_BEFORE})  # a custom type: what it is in the database, its own code says
    yield Effect(Kind.ALTER_TYPE, op, facts, table.original or "", column.original)


_MOSTLY_WIDER: Final = {"text", "bigint", "varchar", "double", "numeric", "longtext", "mediumtext"}
_STEP_FACTS: Final = {
    Step.SAME: frozenset({Fact.SAME}),
    Step.WIDER: frozenset({Fact.WIDER}),
    Step.WIDER_VALUES: frozenset({Fact.WIDER_VALUES}),
    Step.MORE_VALUES: frozenset({Fact.CHANGED}),
    Step.OTHER: frozenset[Fact](),
}


def _altered_nullability(table: TableState, column: ColumnState) -> Iterator[Effect]:
    was, now = column.was or UNHELD, column.now or UNHELD
    about = (table.original or "", column.original)
    tightened, relaxed = _mark(column, Kind.SET_NOT_NULL), _mark(column, Kind.DROP_NOT_NULL)
    if tightened and now.nullable is False and was.nullable is not False:
        proved = any(each.where == f"{column.original} is not null" for each in table.before.values())
        yield Effect(Kind.SET_NOT_NULL, tightened, frozenset({Fact.PROVED} if proved else ()), *about)
    if relaxed and now.nullable is True and was.nullable is not True:
        yield Effect(Kind.DROP_NOT_NULL, relaxed, frozenset(), *about)
    yield from _altered_default(column, was, now, about)


def _altered_default(column: ColumnState, was: Held, now: Held, about: tuple[str, str]) -> Iterator[Effect]:
    dropped, put = _mark(column, Kind.DROP_DEFAULT), _mark(column, Kind.SET_DEFAULT)
    if dropped and now.default is Default.NONE and was.default is not Default.NONE:
        yield Effect(Kind.DROP_DEFAULT, dropped, _NULLABILITY[now.nullable], *about)
    elif put and now.default not in (Default.NONE, was.default):
        yield Effect(Kind.SET_DEFAULT, put, frozenset(), *about)


_NULLABILITY: Final = {
    None: frozenset({Fact.UNKNOWN_BEFORE}),
    True: frozenset({Fact.NULLABLE}),
    False: frozenset({Fact.REQUIRED}),
}


def _altered_keys(table: TableState, column: ColumnState) -> Iterator[Effect]:
    """A whole redefinition may also add or take away what stands on the column alone."""
    was, now, op = column.was or UNHELD, column.now or UNHELD, column.marks[Kind.REDEFINE_COLUMN]
    about = (table.original or "", column.original)
    if now.unique and was.unique is False and not was.primary:
        yield Effect(Kind.ADD_UNIQUE, op, frozenset(), *about)
    if was.unique and not now.unique:
        yield Effect(Kind.DROP_CONSTRAINT, op, frozenset({Fact.UNIQUE}), *about)
    if now.references and now.references != was.references:
        facts = frozenset({Fact.CHANGED} if was.references else ())
        yield Effect(Kind.ADD_FOREIGN_KEY, op, facts, *about)
    if was.primary != now.primary:
        yield Effect(Kind.ADD_PRIMARY_KEY, op, frozenset(), *about)


# Types


def _predecessor(schema: Schema, name: str) -> TypeState | None:
    """The old type in whose place a new one of its name was put."""
    heir = schema.types.get(name)
    if heir is None or heir.original is not None:
        return None
    kept = (state for state in schema.types.values() if state.original == name)
    return next((state for state in schema.gone_types if state.original == name), None) or next(kept, None)


def _type(schema: Schema, state: TypeState) -> Iterator[Effect]:
    if state.original is None:
        yield from _new_type(schema, state)
    elif _predecessor(schema, state.original):
        if _still_types(schema, state):
            yield Effect(Kind.ALTER_OTHER_TYPE, state.marks[-1], frozenset({Fact.CHANGED}), state.original)
    elif state.dropped:
        used = _is_used(schema, state.original)
        unused = schema.complete and not used
        yield Effect(Kind.DROP_TYPE, state.dropped, frozenset({Fact.ABSENT} if unused else ()), state.original)
    elif state.name != state.original:
        yield Effect(Kind.ALTER_OTHER_TYPE, state.marks[-1], frozenset({Fact.CHANGED}), state.original)


def _new_type(schema: Schema, state: TypeState) -> Iterator[Effect]:
    before = _predecessor(schema, state.name)
    if before is None:
        if state.marks:
            yield Effect(Kind.CREATE_TYPE, state.marks[0], frozenset(), state.name)
        return
    known = before.values is not None and state.values is not None
    missing = set(before.values or ()) - set(state.values or ())
    if known and not missing:
        same = set(before.values or ()) == set(state.values or ())
        yield Effect(Kind.ADD_ENUM_VALUE, state.marks[0], frozenset({Fact.SAME} if same else ()), state.name)
    else:
        op = before.dropped or state.marks[-1]
        yield Effect(Kind.DROP_TYPE, op, frozenset({Fact.RECREATED}), state.name)


def _still_types(schema: Schema, state: TypeState) -> bool:
    """Whether an old column has kept it, though another type bears its name now."""
    columns = (column for table in schema.tables.values() for column in table.old_columns())
    return not state.dropped and any(column.now and column.now.type.name == state.name for column in columns)


def _is_used(schema: Schema, name: str) -> bool:
    """By a column that was there before the merge, dropped ones included."""
    tables = (*schema.tables.values(), *schema.gone)
    columns = (column for table in tables for column in table.old_columns())
    return any(column.was and column.was.type.name == name for column in columns)


# What is compared by its text


def _versions(versions: dict[str, Versions]) -> Iterator[Effect]:
    for version in versions.values():
        yield from _version(version)


def _version(version: Versions) -> Iterator[Effect]:
    if not version.marks:
        return
    now, was, last = version.now, version.was, version.marks[-1]
    if now is None:
        made_here = any(mark.kind in _MAKING for mark in version.marks) and (
            version.marks[0].kind in _MAKING or version.marks[0].tolerant
        )
        if was or (version.unknown and not made_here):
            yield Effect(last.kind, last, frozenset(), last.table or last.name)
        return
    yield Effect(now.kind, now, frozenset(_facts_of_versions(was, now, unknown=version.unknown)), now.table or now.name)


_MAKING: Final = {Kind.CREATE_VIEW, Kind.CREATE_FUNCTION, Kind.CREATE_TRIGGER}


def _facts_of_versions(was: Op | None, now: Op, *, unknown: bool) -> set[Fact]:
    if was is None:
        return {Fact.CHANGED, Fact.UNKNOWN_BEFORE} if unknown else set()
    if was.body and was.body == now.body and set(was.values) <= set(now.values):
        return {Fact.SAME}
    if was.columns and now.columns and not set(was.columns) <= set(now.columns):
        return {Fact.CHANGED, Fact.LOST_COLUMNS}
    return {Fact.CHANGED}


# Deeds


def _deed(schema: Schema, deed: Deed) -> Effect:
    op, facts = deed.op, set()
    facts |= {Fact.CREATED} if deed.created else set()
    facts |= {Fact.ABSENT} if deed.absent else set()
    facts |= {Fact.FILLS_NULLS} if op.fills else set()
    facts |= {Fact.OVERWRITES} if op.converts else set()
    if op.kind in (Kind.DROP_CONSTRAINT, Kind.DROP_INDEX, Kind.DROP_PRIMARY_KEY):
        facts |= facts_of_dropped(schema, deed)
    return Effect(op.kind, op, frozenset(facts), op.table, op.column)
