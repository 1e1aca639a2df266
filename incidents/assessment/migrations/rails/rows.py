"""Model code inside a migration: which rows of which table it changes, and how (assessment.md §2.4)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from incidents.assessment.migrations.operations import Kind, Op
from incidents.assessment.migrations.rails.calls import Call
from incidents.assessment.migrations.rails.names import plural, tables_for
from incidents.assessment.migrations.rails.program import Program
from incidents.assessment.migrations.rails.ruby import given_to, inside, part, words
from incidents.assessment.migrations.rails.values import (
    Rows,
    Scope,
    Unresolved,
    arguments_of,
    options_of,
    resolved,
    string_list,
    value_of,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_BY_OPTIONS: Final = ("update", "update!", "update_attributes", "update_attributes!", "update_columns", "update_all")
_BY_NAME: Final = ("update_column", "update_attribute", "update_attribute!")
_BY_STEP: Final = ("increment!", "decrement!", "toggle!")
_SAVES: Final = ("save", "save!")
_DELETES: Final = (
    "delete_all", "destroy_all", "delete", "destroy", "destroy!", "really_destroy!", "delete_by", "destroy_by",
    "delete_all!", "destroy_each",
)  # fmt: skip
_INSERTS: Final = (
    "create", "create!", "insert", "insert!", "insert_all", "insert_all!", "find_or_create_by", "find_or_create_by!",
    "first_or_create", "first_or_create!", "create_or_find_by", "create_or_find_by!", "import", "import!",
    "bulk_insert", "bulk_insert!", "create_if_not_exists",
)  # fmt: skip
_UPSERTS: Final = ("upsert", "upsert_all", "bulk_upsert!", "create_or_update")
_RECOUNTS: Final = ("reset_counters", "update_counters", "increment_counter", "decrement_counter", "touch", "touch_all")
_ALSO_OF_COLLECTIONS: Final = ("delete", "insert", "update", "import", "create")
WRITERS: Final = frozenset((*_BY_OPTIONS, *_BY_NAME, *_BY_STEP, *_SAVES, *_DELETES, *_INSERTS, *_UPSERTS, *_RECOUNTS))
MUTATORS: Final = (
    "merge!", "deep_merge!", "push", "append", "prepend", "concat", "store", "<<", "gsub!", "sub!", "delete_if", "map!",
    "reject!", "select!", "compact!", "uniq!", "unshift", "insert", "delete", "update", "transform_values!", "except!",
)  # fmt: skip
"""What changes a value in its place: of an attribute, so that saving writes it."""
COLLECTING: Final = frozenset((*MUTATORS, "add", "clear", "pop", "shift", "nullify", "cycle", "then", "slice!"))
"""Plain Ruby for a collection, anything at all for a class."""
SETTERS: Final = ("assign_attributes", "attributes=", "write_attribute", "[]=")
_MAKERS: Final = ("new", "build", "find_or_initialize_by", "first_or_initialize")
NO_MODELS: Final = frozenset({
    "DB", "Rails", "ActiveRecord::Base", "ActiveRecord", "SecureRandom", "Time", "Date", "DateTime", "JSON", "File",
    "YAML", "ENV", "Struct", "Class", "Hash", "Array", "String", "Integer", "Set", "Arel", "Digest", "I18n", "Logger",
    "ActiveSupport", "ObjectSpace", "GC", "Benchmark", "URI", "CSV", "Dir", "Pathname", "Regexp", "Math", "BCrypt",
    "Marshal", "Base64", "Zlib", "OpenSSL", "StringIO", "Kernel", "Psych", "Sidekiq", "SiteSetting", "Jobs",
    "OpenStruct", "Gitlab::AppLogger", "FileUtils", "Range", "Process",
})  # fmt: skip
_RECORDS: Final = (
    "first", "last", "take", "find", "find_by", "find_by!", "first!", "last!", "take!", "sole", "find_sole_by",
    *_MAKERS, "find_or_create_by", "find_or_create_by!", "create", "create!", "reload", "lock!",
)  # fmt: skip
RELATIONS: Final = frozenset((
    "where", "not", "all", "unscoped", "order", "limit", "select", "joins", "includes", "preload", "eager_load",
    "left_joins", "left_outer_joins", "references", "group", "having", "distinct", "offset", "lock", "readonly", "from",
    "reorder", "rewhere", "or", "and", "merge", "none", "extending", "unscope", "only", "except", "with_deleted",
    "in_batches", "in_order_of", "with", "reverse_order", "reselect", "uniq", "each_batch", "find_each", "missing",
    "find_in_batches", "each", "to_a", "load", "reverse", "sort_by", "group_by", "index_by", "each_record", "records",
    "each_relation", "each_with_index", "compact", "filter", "reject", "sort", "scoped", "presence", "find_all",
))  # fmt: skip


def rows_of(node: "Node | None", scope: Scope, program: Program, known: frozenset[str]) -> Rows | None:
    """The model, relation or record that an expression stands for; `known` are the tables the file speaks of."""
    if node is None:
        return None
    if node.type in ("identifier", "instance_variable"):
        value = scope.variables.get(words(node))
        return value if isinstance(value, Rows) else None
    if node.type in ("constant", "scope_resolution"):
        return _model(words(node), scope, program, known)
    if node.type == "parenthesized_statements" and inside(node):
        return rows_of(inside(node)[0], scope, program, known)
    return _called(node, scope, program, known) if node.type == "call" else None


def _model(name: str, scope: Scope, program: Program, known: frozenset[str]) -> Rows | None:
    if name in NO_MODELS or name.partition("::")[0] in NO_MODELS:
        return None
    held = scope.variables.get(name)
    if isinstance(held, Rows):
        return held
    if last := program.models.get(name) or program.models.get(name.rpartition("::")[2]):
        return Rows(last)
    if name in scope.constants:
        return rows_of(scope.constants[name], scope, program, known) if len(name) > 1 else None
    candidates = tables_for(name)
    return Rows(next((table for table in candidates if table in known), candidates[0]))


def _called(node: "Node", scope: Scope, program: Program, known: frozenset[str]) -> Rows | None:
    name, receiver = words(part(node, "method")), part(node, "receiver")
    if name in ("define_batchable_model", "model_for"):
        table = (arguments_of(node, scope) or [None])[0]
        return Rows(str(table)) if table is not None else None
    if receiver is None:
        return None
    if words(receiver) == "Class" and name == "new":
        return _anonymous(node, scope)
    held = rows_of(receiver, scope, program, known)
    return _next(held, node, name, scope) if held is not None else None


def _anonymous(node: "Node", scope: Scope) -> Rows | None:
    """`Class.new(ActiveRecord::Base) { self.table_name = "users" }`."""
    block = part(node, "block")
    for statement in inside(part(block, "body")) if block is not None else ():
        if words(part(statement, "left")) == "self.table_name":
            return Rows(str(value_of(part(statement, "right"), scope)))
    return None


def _next(held: Rows, node: "Node", name: str, scope: Scope) -> Rows | None:
    """One step along a chain."""
    if name in _MAKERS:
        return Rows(held.table, fresh=True, assigned=set(options_of(node, scope)))
    if name in _RECORDS:
        return Rows(held.table, held.empty)
    if name in ("where", "rewhere"):
        return Rows(held.table, held.empty | _nulls(node, scope))
    if name in RELATIONS:
        return held if name != "not" else Rows(held.table)
    return _association(held, node, name)


def _association(held: Rows, node: "Node", name: str) -> Rows:
    """`user.profile` and `user.posts` are other tables; a scope of a model stays with its own."""
    receiver = part(node, "receiver")
    record = receiver is not None and receiver.type in ("identifier", "instance_variable")
    return Rows(plural(name)) if record and not inside(part(node, "arguments")) else Rows(held.table, held.empty)


def _nulls(node: "Node", scope: Scope) -> frozenset[str]:
    """Columns that a `where` holds to NULL."""
    named = {name for name, value in options_of(node, scope).items() if value is None}
    stated = " ".join(str(value) for value in arguments_of(node, scope)[:1] if isinstance(value, str)).split()
    upper = [word.upper() for word in stated]
    said = {stated[at - 1] for at, word in enumerate(upper) if word == "IS" and upper[at + 1 : at + 2] == ["NULL"]}
    alone = said if "OR" not in upper else set()
    return frozenset(named | {word.rpartition(".")[2].strip('"') for word in alone})


def is_write(name: str, held: Rows | None) -> bool:
    """A hash's `delete` is none."""
    return name in WRITERS and (held is not None or name not in _ALSO_OF_COLLECTIONS)


def written(call: Call, held: Rows | None, scope: Scope) -> Iterator[Op]:
    """What a writing call does to rows."""
    rows = held or Rows("")
    if call.name in _DELETES:
        yield call.op(Kind.DELETE, rows.table)
    elif call.name in _INSERTS or (call.name in _SAVES and rows.fresh):
        yield _inserted(call, rows, scope)
    elif call.name in _UPSERTS:
        yield call.op(Kind.INSERT_ROWS, rows.table, converts=True)
    elif call.name in _RECOUNTS:
        counted = tuple(f"{name}_count" for name in string_list(call.positional[1:]))
        asked = call.unknown("Derived values are computed anew: does the old code read them alike?", rows.table)
        yield replace(asked, columns=counted)
    else:
        yield _updated(call, rows)


def _inserted(call: Call, rows: Rows, scope: Scope) -> Op:
    """Rows made of other rows are no mere seed."""
    made = scope.looping or not all(map(_plain, (*call.positional, *call.options.values())))
    return call.op(Kind.INSERT_SELECTED if made else Kind.INSERT_ROWS, rows.table)


def _plain(value: Any) -> bool:
    if isinstance(value, Unresolved):
        return value.text[:1].isupper() or "." not in value.text
    return not isinstance(value, Rows)


def _updated(call: Call, rows: Rows) -> Op:
    names = tuple(name for name in _columns(call, rows) if name not in ("updated_at", "**"))
    if not names or not all(map(resolved, names)):
        return call.unknown("Which columns does this write, and does the old code need their old values?", rows.table)
    return call.op(Kind.UPDATE, rows.table, columns=names, fills=set(names) <= rows.empty)


def _columns(call: Call, rows: Rows) -> tuple[str, ...]:
    if call.name in _BY_NAME or call.name in _BY_STEP:
        return tuple(string_list(call.positional[:1]))
    if call.name in _SAVES:
        return tuple(sorted(rows.assigned))
    stated = tuple(call.options) or _stated(call.at(0))
    return stated or tuple(name for value in call.positional if isinstance(value, Mapping) for name in value)


def _stated(value: Any) -> tuple[str, ...]:
    """`"a = b, c = ?"`, or the first of a list."""
    text = value[0] if isinstance(value, list) and value else value
    if not isinstance(text, str):
        return ()
    import re

    return tuple(re.findall(r"(?:^|,)\s*(?:\w+\.)?[\"`]?(\w+)[\"`]?\s*=(?!=)", text))


def assigned_by(node: "Node", scope: Scope) -> set[str]:
    """Attributes that a setter sets."""
    return set(options_of(node, scope)) | {
        str(value_of(first, scope)) for first in given_to(node).positional[:1] if first.type != "hash"
    }


def placed(op: Op, created: Mapping[str, set[str]]) -> Op:
    """An update of rows whose table is not known belongs to the one table whose new columns it fills.

    Counting anew into new columns is an update too.
    """
    if op.kind is Kind.UNKNOWN and op.columns and set(op.columns) <= created.get(op.table, set()):
        return replace(op, kind=Kind.UPDATE)
    if op.kind is not Kind.UPDATE or op.table:
        return op
    fitting = [table for table, columns in created.items() if set(op.columns) <= columns]
    return replace(op, table=fitting[0]) if len(fitting) == 1 else op
