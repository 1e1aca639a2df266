"""What each call of a migration means, by its name: schema statements of Rails and of its usual gems."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from incidents.assessment.migrations.operations import UNREAD, Column, ColumnType, Default, Kind, Op
from incidents.assessment.migrations.rails import columns
from incidents.assessment.migrations.rails.names import index_name, join_table, singular
from incidents.assessment.migrations.rails.quoting import normalised
from incidents.assessment.migrations.rails.ruby import line_of, part, shown_text, words
from incidents.assessment.migrations.rails.values import string_list

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True, slots=True)
class Call:
    """One call with what it is given, evaluated. `was` are old types by table and column, where `down` states them."""

    name: str
    node: "Node"
    positional: list[Any]
    options: Mapping[str, Any]
    legacy: bool = False
    was: Mapping[tuple[str, str], ColumnType] | None = None

    def op(self, kind: Kind, table: Any = "", **fields: Any) -> Op:
        return Op(kind=kind, line=line_of(self.node), text=shown_text(self.node), table=bare(table), **fields)

    def unknown(self, why: str, table: Any = "") -> Op:
        return self.op(Kind.UNKNOWN, table, why=why)

    def at(self, place: int) -> Any:
        return self.positional[place] if place < len(self.positional) else None

    def text_at(self, place: int) -> str:
        return "" if self.at(place) is None else str(self.at(place))

    def option(self, name: str) -> str:
        value = self.options.get(name)
        return value if isinstance(value, str) else ""


Meaning = Callable[[Call], Iterator[Op]]


def bare(name: Any) -> str:
    """A table's name without `public.`."""
    return str(name).removeprefix("public.").replace('"', "") if name is not None else ""


def add_column(call: Call) -> Iterator[Op]:
    """`add_column :users, :age, :integer, null: false`; several names in `add_columns`."""
    if call.name == "add_columns":
        table, *names = call.positional
        for name in names:
            yield _added(call, table, str(name), columns.column(call.options.get("type"), call.options))
        return
    yield _added(call, call.at(0), call.text_at(1), columns.column(call.at(2), call.options))


def add_column_with_default(call: Call) -> Iterator[Op]:
    """GitLab's and Mastodon's: NOT NULL unless `allow_null`."""
    allowed = {**call.options, "null": call.options.get("allow_null") is True}
    yield _added(call, call.at(0), call.text_at(1), columns.column(call.at(2), allowed))


def _added(call: Call, table: Any, name: str, column: Column) -> Op:
    return call.op(
        Kind.ADD_COLUMN, table, column=name, definition=column, tolerant=call.options.get("if_not_exists") is True
    )


def add_reference(call: Call) -> Iterator[Op]:
    for name, column in columns.reference(call.text_at(1), call.options):
        yield _added(call, call.at(0), name, column)
    yield from reference_key(call, call.at(0), call.text_at(1))


def reference_key(call: Call, table: Any, name: str) -> Iterator[Op]:
    """The foreign key that a reference brings."""
    target = columns.foreign_table(name, call.options)
    if target and not call.options.get("polymorphic"):
        key = call.options["foreign_key"]
        on_delete = key.get("on_delete") if isinstance(key, Mapping) else None
        yield _foreign_key(call, table, (f"{name}_id",), target, on_delete)


def _foreign_key(call: Call, table: Any, own: tuple[str, ...], target: str, on_delete: Any, name: str = "") -> Op:
    """Rails' `:nullify` is SQL's SET NULL."""
    said = {"nullify": "set null", "cascade": "cascade", "restrict": "restrict"}
    deleting = said.get(str(on_delete), "")
    return call.op(Kind.ADD_FOREIGN_KEY, table, columns=own, references=bare(target), on_delete=deleting, name=name)


def add_timestamps(call: Call) -> Iterator[Op]:
    for name, column in columns.timestamps(call.options, legacy=call.legacy):
        yield _added(call, call.at(0), name, column)


def add_attachment(call: Call) -> Iterator[Op]:
    table, *names = call.positional
    for attached in names:
        for name, column in columns.attachment(str(attached)):
            yield _added(call, table, name, column)


def add_index(call: Call) -> Iterator[Op]:
    """Unique or not; `where` for a partial one."""
    table, own = call.at(0), tuple(string_list(call.at(1)))
    name = call.option("name") or (call.text_at(2) if isinstance(call.at(2), str) else "")
    name = name or index_name(bare(table), own)
    unique = call.options.get("unique", False)
    tolerant = call.options.get("if_not_exists") is True
    if unique is True:
        made = call.op(Kind.ADD_UNIQUE, table, columns=own, name=name, where=call.option("where"), tolerant=tolerant)
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


def remove_index_by_name(call: Call) -> Iterator[Op]:
    yield call.op(Kind.DROP_INDEX, call.at(0), name=call.text_at(1))


def rename_index(call: Call) -> Iterator[Op]:
    yield call.op(Kind.RENAME_INDEX, call.at(0), name=call.text_at(1), to=call.text_at(2))


def add_foreign_key(call: Call) -> Iterator[Op]:
    target = call.text_at(1)
    own = string_list(call.options.get("column")) or [f"{singular(target.rpartition('.')[2])}_id"]
    yield _foreign_key(call, call.at(0), tuple(own), target, call.options.get("on_delete"), call.option("name"))


def add_concurrent_foreign_key(call: Call) -> Iterator[Op]:
    """GitLab's: deletes in cascade unless it is told otherwise."""
    on_delete = call.options.get("on_delete", "cascade")
    own = tuple(string_list(call.options.get("column")))
    yield _foreign_key(call, call.at(0), own, call.text_at(1), on_delete, call.option("name"))


def remove_foreign_key(call: Call) -> Iterator[Op]:
    target = str(call.options.get("to_table") or call.at(1) or "")
    own = string_list(call.options.get("column")) or ([f"{singular(target)}_id"] if target else [])
    yield _unconstrained(call, Kind.ADD_FOREIGN_KEY, tuple(own), call.option("name"))


def _unconstrained(call: Call, of: Kind, own: tuple[str, ...], name: str) -> Op:
    tolerant = call.options.get("if_exists") is True
    return call.op(Kind.DROP_CONSTRAINT, call.at(0), of=of, columns=own, name=name, tolerant=tolerant)


def add_check_constraint(call: Call) -> Iterator[Op]:
    """Its name is an option, or GitLab's third argument."""
    name = call.option("name") or call.text_at(2)
    made = call.op(Kind.ADD_CHECK, call.at(0), where=call.text_at(1), name=name)
    yield normalised(made, f'ALTER TABLE "t" ADD CONSTRAINT "c" CHECK ({made.where})')


def remove_check_constraint(call: Call) -> Iterator[Op]:
    name = call.option("name") or (call.text_at(1) if call.at(1) is not None else "")
    where = call.option("expression")
    op = _unconstrained(call, Kind.ADD_CHECK, (), name)
    yield replace(op, where=where)


def add_not_null_constraint(call: Call) -> Iterator[Op]:
    """GitLab's: a CHECK in place of NOT NULL."""
    column = call.text_at(1)
    name = call.option("constraint_name")
    made = call.op(Kind.ADD_CHECK, call.at(0), columns=(column,), where=f"{column} IS NOT NULL", name=name)
    yield normalised(made, f'ALTER TABLE "t" ADD CONSTRAINT "c" CHECK ({made.where})')


def add_text_limit(call: Call) -> Iterator[Op]:
    column, name = call.text_at(1), call.option("constraint_name")
    within = f"char_length({column}) <= {call.text_at(2)}"
    yield call.op(Kind.ADD_CHECK, call.at(0), columns=(column,), where=within, name=name)


def remove_column_check(call: Call) -> Iterator[Op]:
    """GitLab's CHECK constraints that are named by their column."""
    yield _unconstrained(call, Kind.ADD_CHECK, (call.text_at(1),), call.option("constraint_name"))


def validate_constraint(call: Call) -> Iterator[Op]:
    yield call.op(Kind.VALIDATE_CONSTRAINT, call.at(0), name=call.option("name") or call.text_at(1))


def add_unique_constraint(call: Call) -> Iterator[Op]:
    own = tuple(string_list(call.at(1)))
    using = call.options.get("using_index")
    if using and not own:
        yield call.op(Kind.HARMLESS, call.at(0))  # the unique index is there already
        return
    yield call.op(Kind.ADD_UNIQUE, call.at(0), columns=own, name=call.option("name"))


def remove_unique_constraint(call: Call) -> Iterator[Op]:
    yield _unconstrained(call, Kind.ADD_UNIQUE, tuple(string_list(call.at(1))), call.option("name"))


def add_exclusion_constraint(call: Call) -> Iterator[Op]:
    yield call.op(Kind.ADD_EXCLUSION, call.at(0), name=call.option("name"), where=call.text_at(1))


def remove_exclusion_constraint(call: Call) -> Iterator[Op]:
    yield _unconstrained(call, Kind.ADD_EXCLUSION, (), call.option("name"))


def change_column(call: Call) -> Iterator[Op]:
    """PostgreSQL's adapter leaves the default and NULL alone unless they are given."""
    table, name = call.at(0), call.text_at(1)
    column = columns.column(call.at(2), call.options)
    was = (call.was or {}).get((bare(table), name))
    yield call.op(Kind.ALTER_TYPE, table, column=name, definition=column, was=was)
    if "default" in call.options:
        yield _default(call, table, name, call.options["default"])
    if "null" in call.options:
        yield _nullability(call, table, name, call.options["null"])


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
        yield _removed(call, table, str(name))


def _removed(call: Call, table: Any, name: str) -> Op:
    return call.op(Kind.DROP_COLUMN, table, column=name, tolerant=call.options.get("if_exists") is True)


def remove_reference(call: Call) -> Iterator[Op]:
    yield _removed(call, call.at(0), f"{call.text_at(1)}_id")
    if call.options.get("polymorphic"):
        yield _removed(call, call.at(0), f"{call.text_at(1)}_type")


def remove_timestamps(call: Call) -> Iterator[Op]:
    for name in ("created_at", "updated_at"):
        yield _removed(call, call.at(0), name)


def remove_attachment(call: Call) -> Iterator[Op]:
    table, *names = call.positional
    for attached in names:
        for name, _ in columns.attachment(str(attached)):
            yield _removed(call, table, name)


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


def create_view(call: Call) -> Iterator[Op]:
    yield call.op(Kind.CREATE_VIEW, name=call.text_at(0))


def drop_view(call: Call) -> Iterator[Op]:
    yield call.op(Kind.DROP_VIEW, name=call.text_at(0), tolerant=call.options.get("if_exists") is True)


def change_view(call: Call) -> Iterator[Op]:
    yield call.unknown("Does the view still have every column that the old code reads? Compare its two versions.")


def create_function(call: Call) -> Iterator[Op]:
    yield call.op(Kind.CREATE_FUNCTION, name=call.text_at(0), replaces=call.name == "update_function")


def drop_function(call: Call) -> Iterator[Op]:
    yield call.op(Kind.DROP_FUNCTION, name=call.text_at(0))


def create_trigger(call: Call) -> Iterator[Op]:
    yield call.op(Kind.CREATE_TRIGGER, call.options.get("on"), name=call.text_at(0))


def drop_trigger(call: Call) -> Iterator[Op]:
    yield call.op(Kind.DROP_TRIGGER, call.options.get("on"), name=call.text_at(0))


def cleanup_concurrent_rename(call: Call) -> Iterator[Op]:
    """GitLab's second step: the old column goes."""
    yield call.op(Kind.DROP_COLUMN, call.at(0), column=call.text_at(1))


def cleanup_concurrent_type_change(call: Call) -> Iterator[Op]:
    yield call.op(Kind.ALTER_TYPE, call.at(0), column=call.text_at(1), definition=Column())


def rename_concurrently(call: Call) -> Iterator[Op]:
    """GitLab's first step: a copy of the column, held alike by triggers on the table."""
    yield call.op(Kind.ADD_COLUMN, call.at(0), column=call.text_at(2), definition=Column())
    yield call.op(Kind.CREATE_TRIGGER, call.at(0), name=f"{call.text_at(1)}_{call.text_at(2)}")


def execute_drop(call: Call) -> Iterator[Op]:
    """Discourse's `Migration::ColumnDropper` and `Migration::TableDropper`."""
    if len(call.positional) == 1:
        yield call.op(Kind.DROP_TABLE, call.at(0))
    for name in string_list(call.at(1)):
        yield call.op(Kind.DROP_COLUMN, call.at(0), column=name)


def mark_readonly(call: Call) -> Iterator[Op]:
    """Discourse's: a trigger that refuses what would write to it."""
    yield call.op(Kind.CREATE_TRIGGER, call.at(0), name="readonly")


def truncate_tables(call: Call) -> Iterator[Op]:
    for table in string_list(call.positional):
        yield call.op(Kind.TRUNCATE, table)


def harmless(call: Call) -> Iterator[Op]:
    yield call.op(Kind.HARMLESS)


def update_column_in_batches(call: Call) -> Iterator[Op]:
    """GitLab's and Mastodon's; its block may choose the rows that are empty yet."""
    fills = f"[:{call.text_at(1)}].eq(nil)" in words(part(call.node, "block"))
    yield call.op(Kind.UPDATE, call.at(0), columns=(call.text_at(1),), fills=fills)


MEANINGS: Final[Mapping[str, Meaning]] = {
    **dict.fromkeys(("add_column", "add_columns"), add_column),
    "add_column_with_default": add_column_with_default,
    **dict.fromkeys(("add_reference", "add_belongs_to", "add_concurrent_reference"), add_reference),
    "add_timestamps": add_timestamps,
    "add_timestamps_with_timezone": add_timestamps,
    "add_attachment": add_attachment,
    **dict.fromkeys(("add_index", "add_concurrent_index", "prepare_async_index"), add_index),
    "add_concurrent_partitioned_index": add_index,
    **dict.fromkeys(("remove_index", "remove_concurrent_index"), remove_index),
    **dict.fromkeys(
        ("remove_concurrent_index_by_name", "remove_concurrent_partitioned_index_by_name"), remove_index_by_name
    ),
    "remove_index_if_exists": remove_index,
    "prepare_async_index_removal": remove_index,
    "rename_index": rename_index,
    "add_foreign_key": add_foreign_key,
    **dict.fromkeys(
        ("add_concurrent_foreign_key", "add_concurrent_partitioned_foreign_key"), add_concurrent_foreign_key
    ),
    **dict.fromkeys(("remove_foreign_key", "remove_foreign_key_if_exists"), remove_foreign_key),
    "remove_foreign_key_without_error": remove_foreign_key,
    "add_check_constraint": add_check_constraint,
    "remove_check_constraint": remove_check_constraint,
    "add_not_null_constraint": add_not_null_constraint,
    "add_text_limit": add_text_limit,
    **dict.fromkeys(("remove_not_null_constraint", "remove_text_limit"), remove_column_check),
    **dict.fromkeys(
        (
            "validate_constraint", "validate_check_constraint", "validate_foreign_key", "validate_not_null_constraint",
            "validate_text_limit", "prepare_async_foreign_key_validation", "prepare_async_check_constraint_validation",
        ),
        validate_constraint,
    ),
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
    "remove_attachment": remove_attachment,
    "rename_column": rename_column,
    "rename_table": rename_table,
    "drop_table": drop_table,
    "drop_join_table": drop_join_table,
    "create_enum": create_type,
    **dict.fromkeys(("drop_enum", "rename_enum"), drop_type),
    "add_enum_value": add_enum_value,
    "rename_enum_value": rename_enum_value,
    "create_view": create_view,
    "drop_view": drop_view,
    **dict.fromkeys(("update_view", "replace_view"), change_view),
    **dict.fromkeys(("create_function", "update_function"), create_function),
    "drop_function": drop_function,
    **dict.fromkeys(("create_trigger", "update_trigger"), create_trigger),
    "drop_trigger": drop_trigger,
    "rename_column_concurrently": rename_concurrently,
    "undo_cleanup_concurrent_column_rename": rename_concurrently,
    "cleanup_concurrent_column_rename": cleanup_concurrent_rename,
    "cleanup_concurrent_column_type_change": cleanup_concurrent_type_change,
    **dict.fromkeys(("truncate_tables!", "truncate", "truncate_tables"), truncate_tables),
    "update_column_in_batches": update_column_in_batches,
    **dict.fromkeys(
        (
            "enable_extension", "create_schema", "change_table_comment", "change_column_comment", "add_comment",
            "unprepare_async_index", "unprepare_async_index_by_name", "unprepare_async_foreign_key_validation",
            "set_column_comment", "set_table_comment", "remove_comment", "clear_cache!", "remove_column_comment",
            "unprepare_async_check_constraint_validation", "execute_default",
        ),
        harmless,
    ),
}  # fmt: skip
"""Every other name is a question."""

DROPPERS: Final[Mapping[str, Meaning]] = {
    "execute_drop": execute_drop,
    "mark_readonly": mark_readonly,
    "read_only_table": mark_readonly,
    "drop_readonly": harmless,
}
"""What Discourse's droppers do, called on their own constants."""
