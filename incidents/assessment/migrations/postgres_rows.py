"""PostgreSQL's syntax trees of statements that change rows, routines and rights, as neutral operations."""

from collections.abc import Iterator
from typing import Any, Final

from incidents.assessment.migrations.operations import Kind, Op
from incidents.assessment.migrations.postgres_tree import Place
from incidents.assessment.migrations.postgres_types import (
    Node,
    dotted,
    literal,
    nodes_of,
    normalised,
    predicate,
    relation,
    words,
)


def common_tables(node: Node, place: Place) -> Iterator[Op]:
    """What the WITH of a statement changes."""
    for each in node.get("withClause", {}).get("ctes", ()):
        query = each["CommonTableExpr"].get("ctequery", {})
        for name, change in (("InsertStmt", insert), ("UpdateStmt", update), ("DeleteStmt", delete)):
            if name in query:
                yield from change(query[name], place)


def insert(node: Node, place: Place) -> Iterator[Op]:
    yield from common_tables(node, place)
    table = relation(node["relation"])
    upserts = node.get("onConflictClause", {}).get("action") == "ONCONFLICT_UPDATE"
    select = node.get("selectStmt", {}).get("SelectStmt", {})
    if _is_literal(select):
        yield place.op(Kind.INSERT_ROWS, table=table, converts=upserts)
        return
    columns, source, taken = tuple(_targets(node.get("cols"))), _source(select), tuple(_taken(select))
    yield place.op(
        Kind.INSERT_SELECTED,
        table=table,
        columns=columns or taken,
        references=source if taken else "",
        values=taken,
        where=normalised(select.get("whereClause")),
        converts=upserts,
    )


def _is_literal(select: Node) -> bool:
    """VALUES, or a SELECT from nothing: as many rows as are written there."""
    if not select or "valuesLists" in select:
        return True
    if "larg" in select:
        return _is_literal(select["larg"]) and _is_literal(select["rarg"])
    return all("RangeSubselect" in each and _is_values(each) for each in select.get("fromClause", ()))


def _is_values(node: Node) -> bool:
    return _is_literal(node["RangeSubselect"].get("subquery", {}).get("SelectStmt", {"fromClause": [{}]}))


def _targets(nodes: list[Node] | None) -> Iterator[str]:
    yield from (each["ResTarget"]["name"] for each in nodes or ())


def _source(select: Node) -> str:
    """The one table that rows come from."""
    sources = select.get("fromClause", [])
    return relation(sources[0]["RangeVar"]) if len(sources) == 1 and "RangeVar" in sources[0] else ""


def _taken(select: Node) -> Iterator[str]:
    """The columns that are copied, where nothing but columns is; an expression counts as the one column that it names."""
    for each in select.get("targetList", ()):
        refs = [node["ColumnRef"] for node in nodes_of(each) if "ColumnRef" in node]
        named = {name for ref in refs for name in words(ref.get("fields"))[-1:]}
        yield named.pop() if len(named) == 1 else ""


def update(node: Node, place: Place) -> Iterator[Op]:
    yield from common_tables(node, place)
    targets = [each["ResTarget"] for each in node.get("targetList", ())]
    columns = tuple(each["name"] for each in targets)
    conditions = set(_tested_for_null(node.get("whereClause")))
    fills = bool(targets) and all(each["name"] in conditions or _keeps(each) for each in targets)
    where = predicate(node.get("whereClause"))
    yield place.op(Kind.UPDATE, table=relation(node["relation"]), columns=columns, fills=fills, where=where)


def _tested_for_null(condition: Node | None) -> Iterator[str]:
    """Columns that are empty in every row that the condition lets through."""
    condition = condition or {}
    if condition.get("BoolExpr", {}).get("boolop") == "AND_EXPR":
        for each in condition["BoolExpr"]["args"]:
            yield from _tested_for_null(each)
    test = condition.get("NullTest", {})
    if test.get("nulltesttype") == "IS_NULL" and "ColumnRef" in test.get("arg", {}):
        yield from words(test["arg"]["ColumnRef"]["fields"])[-1:]


def _keeps(target: Node) -> bool:
    """`SET column = COALESCE(column, …)`."""
    first = (target.get("val", {}).get("CoalesceExpr", {}).get("args") or [{}])[0]
    return words(first.get("ColumnRef", {}).get("fields"))[-1:] == [target["name"]]


def delete(node: Node, place: Place) -> Iterator[Op]:
    yield from common_tables(node, place)
    yield place.op(Kind.DELETE, table=relation(node["relation"]))


def merge(node: Node, place: Place) -> Iterator[Op]:
    yield place.op(Kind.UPDATE, table=relation(node["relation"]))


def truncate(node: Node, place: Place) -> Iterator[Op]:
    for each in node.get("relations", ()):
        yield place.op(Kind.TRUNCATE, table=relation(each["RangeVar"]))


def copy(node: Node, place: Place) -> Iterator[Op]:
    if not node.get("is_from"):
        yield place.op(Kind.HARMLESS)
    else:
        kind = Kind.INSERT_SELECTED if node.get("filename") else Kind.INSERT_ROWS
        yield place.op(kind, table=relation(node.get("relation")))


# Routines, triggers, rights


def function(node: Node, place: Place) -> Iterator[Op]:
    body = normalised([node.get("parameters"), node.get("returnType"), node.get("options")])
    name = dotted(words(node["funcname"]))
    yield place.op(Kind.CREATE_FUNCTION, name=name, body=body, replaces=bool(node.get("replace")))


_BEFORE, _ON_INSERT = 2, 4
"""pg_trigger.h: TRIGGER_TYPE_BEFORE, TRIGGER_TYPE_INSERT."""


def trigger(node: Node, place: Place) -> Iterator[Op]:
    fills = bool(node.get("row")) and node.get("timing", 0) == _BEFORE and bool(node.get("events", 0) & _ON_INSERT)
    yield place.op(
        Kind.CREATE_TRIGGER,
        table=relation(node["relation"]),
        name=node["trigname"],
        body=normalised({key: value for key, value in node.items() if key != "replace"}),
        replaces=bool(node.get("replace")),
        fills=fills,
    )


def rule(node: Node, place: Place) -> Iterator[Op]:
    yield place.op(Kind.CREATE_TRIGGER, table=relation(node["relation"]), name=node["rulename"], body=normalised(node))


def policy(node: Node, place: Place) -> Iterator[Op]:
    yield place.op(Kind.ALTER_POLICY, table=relation(node.get("table")))


def grant(node: Node, place: Place) -> Iterator[Op]:
    if node.get("is_grant"):
        yield place.op(Kind.HARMLESS)
        return
    for each in node.get("objects") or [{}]:
        routine = dotted(words(each.get("ObjectWithArgs", {}).get("objname")))
        yield place.op(Kind.ALTER_POLICY, table=relation(each.get("RangeVar")), name=routine)


def default_grant(node: Node, place: Place) -> Iterator[Op]:
    yield from grant(node.get("action", {}), place)


# SELECT


def called(tree: Any) -> list[tuple[str, list[str | None]]]:
    """The functions that are called, each with its constant arguments."""
    calls = [node["FuncCall"] for node in nodes_of(tree) if "FuncCall" in node]
    return [(dotted(_bare_name(call)), [literal(each) for each in call.get("args", ())]) for call in calls]


def _bare_name(call: Node) -> list[str]:
    return [part for part in words(call.get("funcname")) if part != "pg_catalog"]


HARMLESS_FUNCTIONS: Final = frozenset(
    [
        "setval",
        "set_config",
        "nextval",
        "currval",
        "now",
        "clock_timestamp",
        "statement_timestamp",
        "transaction_timestamp",
        "timeofday",
        "random",
        "count",
        "max",
        "min",
        "sum",
        "avg",
        "array_agg",
        "string_agg",
        "json_agg",
        "jsonb_agg",
        "json_object_agg",
        "jsonb_object_agg",
        "bool_and",
        "bool_or",
        "every",
        "lower",
        "upper",
        "length",
        "concat",
        "concat_ws",
        "format",
        "replace",
        "regexp_replace",
        "regexp_matches",
        "split_part",
        "substring",
        "substr",
        "left",
        "right",
        "trim",
        "btrim",
        "ltrim",
        "rtrim",
        "initcap",
        "md5",
        "digest",
        "encode",
        "decode",
        "gen_random_uuid",
        "uuid_generate_v4",
        "uuid_generate_v1",
        "to_char",
        "to_timestamp",
        "to_date",
        "date_trunc",
        "date_part",
        "extract",
        "age",
        "make_interval",
        "pg_get_serial_sequence",
        "pg_sleep",
        "pg_advisory_lock",
        "pg_advisory_xact_lock",
        "pg_advisory_unlock",
        "pg_try_advisory_lock",
        "pg_advisory_unlock_all",
        "version",
        "current_setting",
        "to_regclass",
        "to_regtype",
        "unnest",
        "generate_series",
        "row_number",
        "rank",
        "dense_rank",
        "array_length",
        "cardinality",
        "array_to_string",
        "string_to_array",
        "jsonb_build_object",
        "json_build_object",
        "jsonb_array_elements",
        "json_array_elements",
        "jsonb_set",
        "to_json",
        "to_jsonb",
        "coalesce",
        "greatest",
        "least",
        "nullif",
        "abs",
        "round",
        "floor",
        "ceil",
        "ceiling",
        "char_length",
        "quote_ident",
        "quote_literal",
        "pg_typeof",
        "exists",
        "pg_get_constraintdef",
        "pg_get_indexdef",
        "pg_get_viewdef",
        "pg_get_functiondef",
        "pg_get_expr",
        "has_table_privilege",
        "create_hypertable",
        "add_dimension",
        "set_chunk_time_interval",
        "add_compression_policy",
        "add_continuous_aggregate_policy",
        "create_distributed_table",
        "create_reference_table",
        "create_or_replace_view_noop",
    ]
)
