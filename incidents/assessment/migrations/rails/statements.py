"""Rails' own schema statements: what each call means, by its name."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from incidents.assessment.migrations.operations import UNREAD, Column, ColumnType, Default, Kind, Op
from incidents.assessment.migrations.rails import columns
from incidents.assessment.migrations.rails.calls import Call, Meaning, added, bare, foreign_key, removed, unconstrained
from incidents.assessment.migrations.rails.names import index_name, join_table, singular
from incidents.assessment.migrations.rails.quoting import normalised
from incidents.assessment.migrations.rails.values import string_list


def add_column(call: Call) -> Iterator[Op]:
    """`add_column :users, :age, :integer, null: false`; several names in `add_columns`."""
    if call.name == "add_columns":
        table, *names = call.positional
        for name in names:
            yield added(call, table, str(name), columns.column(call.options.get("type"), call.options))
        return
    yield added(call, call.at(0), call.text_at(1), columns.column(call.at(2), call.options))


def add_reference(call: Call) -> Iterator[Op]:
    for name, column in columns.reference(call.text_at(1), call.options):
        yield added(call, call.at(0), name, column)
    yield from reference_key(call, call.at(0), call.text_at(1))


def reference_key(call: Call, table: Any, name: str) -> Iterator[Op]:
    """The foreign key that a reference brings."""
    target = columns.foreign_table(name, call.options)
    if target and not call.options.get("polymorphic"):
        key = call.options["foreign_key"]
        on_delete = key.get("on_delete") if isinstance(key, Mapping) else None
        yield foreign_key(call, table, (f"{name}_id",), target, on_delete)


def add_timestamps(call: Call) -> Iterator[Op]:
    for name, column in columns.timestamps(call.options, legacy=call.legacy):
        yield added(call, call.at(0), name, column)


def add_index(call: Call) -> Iterator[Op]:
    """Unique or not; `where` for a partial one."""
    table, own = call.at(0), tuple(string_list(call.at(1)))
    name = call.option("name") or (call.text_at(2) if isinstance(call.at(2), str) else "")
    name = name or index_name(bare(table), own)
    unique = call.options.get("unique", False)
    tolerant = call.options.get("if_not_exists") is True
    if unique is True:
        told = {"where": call.option("where"), "tolerant": tolerant, "empty_equal": _empty_equal(call)}
        made = call.op(Kind.ADD_UNIQUE, table, columns=own, name=name, **told)
        yield normalised(made, f'CREATE UNIQUE INDEX "i" ON "t" ("c") WHERE {made.where}') if made.where else made
    elif unique in (False, None) and "**" not in call.options:
        yield call.op(Kind.CREATE_INDEX, table, columns=own, name=name, tolerant=tolerant)
    else:
        yield call.unknown("Is this index unique? Only a run tells what its options are.", table)


def remove_index(call: Call) -> Iterator[Op]:
    table = call.at(0)
    own = tuple(string_list(call.options.get("column") or call.at(1)))
    name = call.option("name")
    yield call.op(Kind.DROP_INDEX, table, columns=own, name=name, tolerant=call.options.get("if_exists") is True)


def rename_index(call: Call) -> Iterator[Op]:
    yield call.op(Kind.RENAME_INDEX, call.at(0), name=call.text_at(1), to=call.text_at(2))


def add_foreign_key(call: Call) -> Iterator[Op]:
    target = call.text_at(1)
    own = string_list(call.options.get("column")) or [f"{singular(target.rpartition('.')[2])}_id"]
    yield foreign_key(call, call.at(0), tuple(own), target, call.options.get("on_delete"), call.option("name"))


def remove_foreign_key(call: Call) -> Iterator[Op]:
    target = str(call.options.get("to_table") or call.at(1) or "")
    own = string_list(call.options.get("column")) or ([f"{singular(target)}_id"] if target else [])
    yield unconstrained(call, Kind.ADD_FOREIGN_KEY, tuple(own), call.option("name"))


def add_check_constraint(call: Call) -> Iterator[Op]:
    """Its name is an option, or GitLab's third argument."""
    name = call.option("name") or call.text_at(2)
    made = call.op(Kind.ADD_CHECK, call.at(0), where=call.text_at(1), name=name)
    yield normalised(made, f'ALTER TABLE "t" ADD CONSTRAINT "c" CHECK ({made.where})')


def remove_check_constraint(call: Call) -> Iterator[Op]:
    name = call.option("name") or (call.text_at(1) if call.at(1) is not None else "")
    where = call.option("expression")
    op = unconstrained(call, Kind.ADD_CHECK, (), name)
    yield replace(op, where=where)


def validate_constraint(call: Call) -> Iterator[Op]:
    yield call.op(Kind.VALIDATE_CONSTRAINT, call.at(0), name=call.option("name") or call.text_at(1))


def add_unique_constraint(call: Call) -> Iterator[Op]:
    own = tuple(string_list(call.at(1)))
    using = call.options.get("using_index")
    if using and not own:
        yield call.op(Kind.HARMLESS, call.at(0))  # the unique index is there already
        return
    yield call.op(Kind.ADD_UNIQUE, call.at(0), columns=own, name=call.option("name"), empty_equal=_empty_equal(call))


def _empty_equal(call: Call) -> bool:
    return call.options.get("nulls_not_distinct") is True


def remove_unique_constraint(call: Call) -> Iterator[Op]:
    yield unconstrained(call, Kind.ADD_UNIQUE, tuple(string_list(call.at(1))), call.option("name"))


def add_exclusion_constraint(call: Call) -> Iterator[Op]:
    yield call.op(Kind.ADD_EXCLUSION, call.at(0), name=call.option("name"), where=call.text_at(1))


def remove_exclusion_constraint(call: Call) -> Iterator[Op]:
    yield unconstrained(call, Kind.ADD_EXCLUSION, (), call.option("name"))


def change_column(call: Call) -> Iterator[Op]:
    """PostgreSQL's adapter leaves the default and NULL alone unless they are given."""
    table, name = call.at(0), call.text_at(1)
    column = columns.column(call.at(2), call.options)
    was = call.was.get((bare(table), name)) or _USUALLY.get(column.type)
    retyped = column.type in (_STRING, _FLOAT) and not _BESIDE_TYPE & call.options.keys()
    converts = "using" in call.options or retyped
    yield call.op(Kind.ALTER_TYPE, table, column=name, definition=column, was=was, converts=converts)
    if "default" in call.options:
        yield _default(call, table, name, call.options["default"])
    if "null" in call.options:
        yield _nullability(call, table, name, call.options["null"])


_STRING, _FLOAT = ColumnType("varchar"), ColumnType("double")
_BESIDE_TYPE: Final = {"default", "null", "collation", "comment", "charset"}
"""Options for whose sake a column is changed that keeps its type."""
_USUALLY: Final = {ColumnType("text"): _STRING, ColumnType("bigint"): ColumnType("integer")}
"""What a column was that becomes one of these, where nobody says."""


def change_column_null(call: Call) -> Iterator[Op]:
    """A fourth argument fills what is empty first."""
    if call.at(3) is not None:
        yield call.op(Kind.UPDATE, call.at(0), columns=(call.text_at(1),), fills=True)
    yield _nullability(call, call.at(0), call.text_at(1), call.at(2))


def _nullability(call: Call, table: Any, name: str, null: Any) -> Op:
    if not isinstance(null, bool):
        return call.unknown("Does this column become NOT NULL? Only a run tells.", table)
    return call.op(Kind.DROP_NOT_NULL if null else Kind.SET_NOT_NULL, table, column=name)


def change_column_default(call: Call) -> Iterator[Op]:
    """`from:` and `to:`, or the new default itself."""
    value = call.options["to"] if "to" in call.options else call.at(2)
    if not call.positional[2:] and "to" not in call.options:
        value = call.options.get("default") if "default" in call.options else None
    yield _default(call, call.at(0), call.text_at(1), value)


def _default(call: Call, table: Any, name: str, value: Any) -> Op:
    default = columns.default_of(value)
    if default is Default.NONE:
        return call.op(Kind.DROP_DEFAULT, table, column=name)
    return call.op(Kind.SET_DEFAULT, table, column=name, definition=Column(UNREAD, default=default))


def remove_column(call: Call) -> Iterator[Op]:
    """`remove_column :t, :a, :string` drops one; `remove_columns` several."""
    table, *names = call.positional
    names = names[:1] if call.name == "remove_column" and not isinstance(names[0], list) else string_list(names)
    for name in names:
        yield removed(call, table, str(name))


def remove_reference(call: Call) -> Iterator[Op]:
    yield removed(call, call.at(0), f"{call.text_at(1)}_id")
    if call.options.get("polymorphic"):
        yield removed(call, call.at(0), f"{call.text_at(1)}_type")


def remove_timestamps(call: Call) -> Iterator[Op]:
    for name in ("created_at", "updated_at"):
        yield removed(call, call.at(0), name)


def rename_column(call: Call) -> Iterator[Op]:
    yield call.op(Kind.RENAME_COLUMN, call.at(0), column=call.text_at(1), to=call.text_at(2))


def rename_table(call: Call) -> Iterator[Op]:
    yield call.op(Kind.RENAME_TABLE, call.at(0), to=bare(call.at(1)))


def drop_table(call: Call) -> Iterator[Op]:
    for table in call.positional:
        yield call.op(Kind.DROP_TABLE, table, tolerant=call.options.get("if_exists") is True)


def drop_join_table(call: Call) -> Iterator[Op]:
    name = call.option("table_name") or join_table(call.text_at(0), call.text_at(1))
    yield call.op(Kind.DROP_TABLE, name, tolerant=call.options.get("if_exists") is True)


def create_type(call: Call) -> Iterator[Op]:
    yield call.op(Kind.CREATE_TYPE, name=call.text_at(0), values=tuple(string_list(call.at(1))))


def drop_type(call: Call) -> Iterator[Op]:
    """Renamed is dropped for the code that knows it by its old name."""
    yield call.op(Kind.DROP_TYPE, name=call.text_at(0), tolerant=call.options.get("if_exists") is True)


def add_enum_value(call: Call) -> Iterator[Op]:
    yield call.op(Kind.ADD_ENUM_VALUE, name=call.text_at(0), values=(call.text_at(1),))


def rename_enum_value(call: Call) -> Iterator[Op]:
    was, to = (call.option("from"), call.option("to")) if call.options else (call.text_at(1), call.text_at(2))
    yield call.op(Kind.RENAME_ENUM_VALUE, name=call.text_at(0), values=(was,), to=to)


def harmless(call: Call) -> Iterator[Op]:
    yield call.op(Kind.HARMLESS)


MEANINGS: Final[Mapping[str, Meaning]] = {
    **dict.fromkeys(("add_column", "add_columns"), add_column),
    **dict.fromkeys(("add_reference", "add_belongs_to"), add_reference),
    "add_timestamps": add_timestamps,
    "add_index": add_index,
    "remove_index": remove_index,
    "rename_index": rename_index,
    "add_foreign_key": add_foreign_key,
    "remove_foreign_key": remove_foreign_key,
    "add_check_constraint": add_check_constraint,
    "remove_check_constraint": remove_check_constraint,
    **dict.fromkeys(("validate_constraint", "validate_check_constraint", "validate_foreign_key"), validate_constraint),
    **dict.fromkeys(("add_unique_constraint", "add_unique_key"), add_unique_constraint),
    **dict.fromkeys(("remove_unique_constraint", "remove_unique_key"), remove_unique_constraint),
    "add_exclusion_constraint": add_exclusion_constraint,
    "remove_exclusion_constraint": remove_exclusion_constraint,
    "change_column": change_column,
    "change_column_null": change_column_null,
    "change_column_default": change_column_default,
    **dict.fromkeys(("remove_column", "remove_columns"), remove_column),
    **dict.fromkeys(("remove_reference", "remove_belongs_to"), remove_reference),
    "remove_timestamps": remove_timestamps,
    "rename_column": rename_column,
    "rename_table": rename_table,
    "drop_table": drop_table,
    "drop_join_table": drop_join_table,
    "create_enum": create_type,
    **dict.fromkeys(("drop_enum", "rename_enum"), drop_type),
    "add_enum_value": add_enum_value,
    "rename_enum_value": rename_enum_value,
    **dict.fromkeys(
        ("enable_extension", "create_schema", "change_table_comment", "change_column_comment", "clear_cache!"), harmless
    ),
}
