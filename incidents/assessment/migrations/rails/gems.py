"""What the usual gems and the large applications add to migrations: scenic, fx, Paperclip, GitLab, Mastodon, Discourse."""

from collections.abc import Iterator, Mapping
from typing import Final

from incidents.assessment.migrations.operations import Column, Kind, Op
from incidents.assessment.migrations.rails import columns, statements
from incidents.assessment.migrations.rails.calls import Call, Meaning, added, bare, foreign_key, removed, unconstrained
from incidents.assessment.migrations.rails.quoting import normalised
from incidents.assessment.migrations.rails.ruby import part, words
from incidents.assessment.migrations.rails.values import string_list


def add_column_with_default(call: Call) -> Iterator[Op]:
    """GitLab's and Mastodon's: NOT NULL unless `allow_null`."""
    allowed = {**call.options, "null": call.options.get("allow_null") is True}
    yield added(call, call.at(0), call.text_at(1), columns.column(call.at(2), allowed))


def add_attachment(call: Call) -> Iterator[Op]:
    table, *names = call.positional
    for attached in names:
        for name, column in columns.attachment(str(attached)):
            yield added(call, table, name, column)


def remove_index_by_name(call: Call) -> Iterator[Op]:
    yield call.op(Kind.DROP_INDEX, call.at(0), name=call.text_at(1))


def add_concurrent_foreign_key(call: Call) -> Iterator[Op]:
    """GitLab's: deletes in cascade unless it is told otherwise."""
    on_delete = call.options.get("on_delete", "cascade")
    own = tuple(string_list(call.options.get("column")))
    yield foreign_key(call, call.at(0), own, call.text_at(1), on_delete, call.option("name"))


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
    yield unconstrained(call, Kind.ADD_CHECK, (call.text_at(1),), call.option("constraint_name"))


def remove_attachment(call: Call) -> Iterator[Op]:
    table, *names = call.positional
    for attached in names:
        for name, _ in columns.attachment(str(attached)):
            yield removed(call, table, name)


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


def change_type_concurrently(call: Call) -> Iterator[Op]:
    """GitLab's and Mastodon's: by a copy of the column, held alike until the copy takes its place."""
    table, name = call.at(0), call.text_at(1)
    was = call.was.get((bare(table), name))
    yield call.op(Kind.ALTER_TYPE, table, column=name, definition=columns.column(call.at(2), {}), was=was)


def cleanup_concurrent_type_change(call: Call) -> Iterator[Op]:
    """The second step: which type it was to be stands in the migration before."""
    if (bare(call.at(0)), call.text_at(1)) not in call.retyped:
        yield call.unknown("The column's copy takes its place: which type has it?", call.at(0))


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


def update_column_in_batches(call: Call) -> Iterator[Op]:
    """GitLab's and Mastodon's; its block may choose the rows that are empty yet."""
    fills = f"[:{call.text_at(1)}].eq(nil)" in words(part(call.node, "block"))
    yield call.op(Kind.UPDATE, call.at(0), columns=(call.text_at(1),), fills=fills)


MEANINGS: Final[Mapping[str, Meaning]] = {
    **statements.MEANINGS,
    "add_column_with_default": add_column_with_default,
    "add_concurrent_reference": statements.add_reference,
    "add_timestamps_with_timezone": statements.add_timestamps,
    **dict.fromkeys(
        ("add_concurrent_index", "add_concurrent_partitioned_index", "prepare_async_index"), statements.add_index
    ),
    **dict.fromkeys(
        ("remove_concurrent_index", "remove_index_if_exists", "prepare_async_index_removal"), statements.remove_index
    ),
    **dict.fromkeys(
        ("remove_concurrent_index_by_name", "remove_concurrent_partitioned_index_by_name"), remove_index_by_name
    ),
    **dict.fromkeys(
        ("add_concurrent_foreign_key", "add_concurrent_partitioned_foreign_key"), add_concurrent_foreign_key
    ),
    **dict.fromkeys(
        ("remove_foreign_key_if_exists", "remove_foreign_key_without_error"), statements.remove_foreign_key
    ),
    "add_not_null_constraint": add_not_null_constraint,
    "add_text_limit": add_text_limit,
    **dict.fromkeys(("remove_not_null_constraint", "remove_text_limit"), remove_column_check),
    **dict.fromkeys(
        (
            "validate_not_null_constraint",
            "validate_text_limit",
            "prepare_async_foreign_key_validation",
            "prepare_async_check_constraint_validation",
        ),
        statements.validate_constraint,
    ),
    "rename_column_concurrently": rename_concurrently,
    "undo_cleanup_concurrent_column_rename": rename_concurrently,
    "cleanup_concurrent_column_rename": cleanup_concurrent_rename,
    "change_column_type_concurrently": change_type_concurrently,
    "cleanup_concurrent_column_type_change": cleanup_concurrent_type_change,
    **dict.fromkeys(("truncate_tables!", "truncate", "truncate_tables"), truncate_tables),
    "update_column_in_batches": update_column_in_batches,
    **dict.fromkeys(
        (
            "unprepare_async_index",
            "unprepare_async_index_by_name",
            "unprepare_async_foreign_key_validation",
            "unprepare_async_check_constraint_validation",
            "set_column_comment",
            "set_table_comment",
        ),
        statements.harmless,
    ),
    "create_view": create_view,
    "drop_view": drop_view,
    **dict.fromkeys(("update_view", "replace_view"), change_view),
    **dict.fromkeys(("create_function", "update_function"), create_function),
    "drop_function": drop_function,
    **dict.fromkeys(("create_trigger", "update_trigger"), create_trigger),
    "drop_trigger": drop_trigger,
    "add_attachment": add_attachment,
    "remove_attachment": remove_attachment,
}
"""Every other name is a question."""

DROPPERS: Final[Mapping[str, Meaning]] = {
    "execute_drop": execute_drop,
    "mark_readonly": mark_readonly,
    "read_only_table": mark_readonly,
    "drop_readonly": statements.harmless,
}
"""What Discourse's droppers do, called on their own constants."""
