"""`create_table` and `change_table`: what the block says of its `t`."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from incidents.assessment.migrations.operations import Column, Kind, Op
from incidents.assessment.migrations.rails import columns, statements
from incidents.assessment.migrations.rails.calls import Call, bare
from incidents.assessment.migrations.rails.columns import Named
from incidents.assessment.migrations.rails.names import join_table, singular

_ON_TABLE: Final[Mapping[str, str]] = {
    "index": "add_index",
    "foreign_key": "add_foreign_key",
    "check_constraint": "add_check_constraint",
    "unique_constraint": "add_unique_constraint",
    "unique_key": "add_unique_constraint",
    "exclusion_constraint": "add_exclusion_constraint",
    "remove": "remove_columns",
    "remove_index": "remove_index",
    "remove_foreign_key": "remove_foreign_key",
    "remove_check_constraint": "remove_check_constraint",
    "remove_unique_constraint": "remove_unique_constraint",
    "remove_exclusion_constraint": "remove_exclusion_constraint",
    "remove_timestamps": "remove_timestamps",
    "rename": "rename_column",
    "rename_index": "rename_index",
    "change": "change_column",
    "change_default": "change_column_default",
    "change_null": "change_column_null",
    "validate_constraint": "validate_constraint",
    "validate_check_constraint": "validate_constraint",
    "validate_foreign_key": "validate_constraint",
}
_REFERENCES: Final = ("references", "belongs_to")
_TIMESTAMPS: Final = ("timestamps", "timestamps_with_timezone", "datetime_with_timezone_timestamps")


def table_name(call: Call) -> str:
    """Of `create_table :a`, `create_join_table :a, :b`."""
    if call.name.endswith("join_table"):
        return call.option("table_name") or join_table(call.text_at(0), call.text_at(1))
    return bare(call.at(0))


def created(call: Call, named: list[Named], after: list[Op]) -> Iterator[Op]:
    """The table with its columns, then what its block adds to it.

    `force` drops a table of that name before, so the operation replaces.
    """
    table = table_name(call)
    forced = call.options.get("force") in (True, "cascade")
    yield call.op(
        Kind.CREATE_TABLE,
        table,
        defined=(*_own_columns(call), *named),
        replaces=forced,
        tolerant=call.options.get("if_not_exists") is True,
    )
    yield from after


def _own_columns(call: Call) -> list[Named]:
    if call.name.endswith("join_table"):
        null = (call.options.get("column_options") or {}).get("null", False) is True
        return [(f"{singular(str(name))}_id", columns.foreign_id(null=null)) for name in call.positional[:2]]
    return columns.primary_key(call.options)


def named_columns(call: Call) -> list[Named]:
    """The columns that one call on `t` defines: `t.string :a, :b`."""
    options, names = call.options, [str(name) for name in call.positional]
    if call.name in _TIMESTAMPS:
        return columns.timestamps(options, legacy=call.legacy)
    if call.name in _REFERENCES:
        return [named for name in names for named in columns.reference(name, options)]
    if call.name in ("attachment", "has_attached_file"):
        return [named for name in names for named in columns.attachment(name)]
    if call.name == "column":
        return [(name, columns.column(call.at(1), options)) for name in names[:1]]
    word = {"datetime_with_timezone": "timestamptz", "text_limit": "text"}.get(call.name, call.name)
    return [(name, columns.column(word, options)) for name in names]


def on_table(call: Call, table: str) -> Iterator[Op] | None:
    """What a call on `t` means other than a column; None where it defines columns."""
    whole = replace(call, positional=[table, *call.positional])
    if call.name in _ON_TABLE:
        meaning = _ON_TABLE[call.name]
        return statements.MEANINGS[meaning](replace(whole, name=meaning))
    if call.name in ("remove_references", "remove_belongs_to"):
        return _removed_references(whole)
    return None


def reference_keys(call: Call, table: str) -> Iterator[Op]:
    if call.name in _REFERENCES:
        for name in call.positional:
            yield from statements.reference_key(call, table, str(name))


def columns_added(call: Call, table: str) -> Iterator[Op]:
    """Columns by `change_table`."""
    for name, column in named_columns(call):
        yield _added(call, table, name, column)
    yield from reference_keys(call, table)


def _added(call: Call, table: Any, name: str, column: Column) -> Op:
    return call.op(Kind.ADD_COLUMN, table, column=name, definition=column)


def _removed_references(call: Call) -> Iterator[Op]:
    table, *names = call.positional
    for name in names:
        yield from statements.remove_reference(replace(call, positional=[table, name]))
