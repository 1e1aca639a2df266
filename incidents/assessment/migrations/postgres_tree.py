"""PostgreSQL's own syntax trees, statement by statement, as neutral operations: definitions of tables and their parts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from incidents.assessment.migrations.operations import Column, Default, Kind, Op
from incidents.assessment.migrations.postgres_types import (
    Node,
    allowed_values,
    column,
    column_type,
    columns_named,
    default_of,
    dotted,
    is_plain,
    normalised,
    predicate,
    relation,
    words,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement stands; makes its operations."""

    line: int
    text: str
    source: bytes = b""

    def op(self, kind: Kind, **rest: Any) -> Op:
        return Op(kind=kind, line=self.line, text=self.text, **rest)

    def within(self, node: Any) -> "Place":
        """The place of a part: its line is that of the part's first token."""
        at = _first_location(node)
        return replace(self, line=self.line + self.source.count(b"\n", 0, at)) if at else self


def _first_location(tree: Any) -> int:
    found, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            found.extend([node["location"]] if isinstance(node.get("location"), int) else [])
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return min((at for at in found if at > 0), default=0)


# Tables


def create_table(node: Node, place: Place) -> Iterator[Op]:
    table = relation(node["relation"])
    elements = node.get("tableElts", [])
    columns = [each["ColumnDef"] for each in elements if "ColumnDef" in each]
    like = [each["TableLikeClause"]["relation"] for each in elements if "TableLikeClause" in each]
    parents = [each["RangeVar"] for each in node.get("inhRelations", [])]
    yield place.op(
        Kind.CREATE_TABLE,
        table=table,
        defined=tuple((each["colname"], column(each)) for each in columns),
        references=relation((like or parents or [None])[0]),
        tolerant=bool(node.get("if_not_exists")),
    )
    for each in columns:
        yield from _constraints_of_column(each, table, place.within(each))
    for each in elements:
        if "Constraint" in each:
            yield from constraint(each["Constraint"], table, place.within(each))


def _constraints_of_column(node: Node, table: str, place: Place) -> Iterator[Op]:
    """CHECK and REFERENCES, and a UNIQUE that has a name of its own."""
    for each in node.get("constraints", ()):
        found = each["Constraint"]
        kind = found["contype"]
        if kind in ("CONSTR_CHECK", "CONSTR_FOREIGN") or (kind == "CONSTR_UNIQUE" and not is_plain(found)):
            yield from constraint(found, table, place, (node["colname"],))


def constraint(node: Node, table: str, place: Place, columns: tuple[str, ...] = ()) -> Iterator[Op]:
    """Of a table, or of one column, which is then named."""
    name, kind = node.get("conname", ""), node["contype"]
    if kind in ("CONSTR_UNIQUE", "CONSTR_PRIMARY") and "indexname" in node:
        yield from _by_index(node, table, place)
    elif kind in _KEYS:
        columns = columns or tuple(words(node.get("keys")))
        empty_equal = bool(node.get("nulls_not_distinct"))
        yield place.op(_KEYS[kind], table=table, name=name, columns=columns, empty_equal=empty_equal)
    elif kind == "CONSTR_CHECK":
        tested = node.get("raw_expr")
        named = columns_named(tested) or columns
        where, values = predicate(tested), allowed_values(tested)
        yield place.op(Kind.ADD_CHECK, table=table, name=name, columns=named, where=where, values=values)
    elif kind == "CONSTR_FOREIGN":
        columns = columns or tuple(words(node.get("fk_attrs")))
        parent, deleted = relation(node.get("pktable")), _ON_DELETE.get(node.get("fk_del_action", "a"), "")
        yield place.op(
            Kind.ADD_FOREIGN_KEY, table=table, name=name, columns=columns, references=parent, on_delete=deleted
        )
    elif kind == "CONSTR_EXCLUSION":
        yield place.op(Kind.ADD_EXCLUSION, table=table, name=name)
    elif kind == "CONSTR_NOTNULL":
        for key in words(node.get("keys")):
            yield place.op(Kind.SET_NOT_NULL, table=table, column=key)


def _by_index(node: Node, table: str, place: Place) -> Iterator[Op]:
    """An index that is there already becomes the constraint."""
    if node["contype"] == "CONSTR_PRIMARY":
        yield place.op(Kind.ADD_PRIMARY_KEY, table=table, name=node.get("conname", ""))
    else:
        yield place.op(
            Kind.RENAME_CONSTRAINT, table=table, name=node["indexname"], to=node.get("conname", node["indexname"])
        )


_KEYS: Final = {"CONSTR_UNIQUE": Kind.ADD_UNIQUE, "CONSTR_PRIMARY": Kind.ADD_PRIMARY_KEY}
_ON_DELETE: Final = {"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}


def create_table_as(node: Node, place: Place) -> Iterator[Op]:
    name, tolerant = relation(node["into"]["rel"]), bool(node.get("if_not_exists"))
    if node.get("objtype") == "OBJECT_MATVIEW":
        body = normalised(node.get("query"))
        yield place.op(
            Kind.CREATE_VIEW, name=name, body=body, columns=view_columns(node.get("query", {})), tolerant=tolerant
        )
    else:
        yield place.op(Kind.CREATE_TABLE, table=name, tolerant=tolerant)


def view(node: Node, place: Place) -> Iterator[Op]:
    """Its columns apart from the rest of its query, so that one more column is told from another meaning."""
    query = node.get("query", {})
    select = dict(query.get("SelectStmt", {}))
    targets = tuple(map(normalised, select.pop("targetList", ())))
    yield place.op(
        Kind.CREATE_VIEW,
        name=relation(node["view"]),
        body=normalised([select, node.get("aliases")]),
        values=targets,
        columns=tuple(words(node.get("aliases"))) or view_columns(query),
        replaces=bool(node.get("replace")),
    )


def view_columns(query: Node) -> tuple[str, ...]:
    """The names that a query gives its columns; nothing where a star hides some."""
    select = query.get("SelectStmt", {})
    while "larg" in select:
        select = select["larg"]
    targets = [each.get("ResTarget", {}) for each in select.get("targetList", ())]
    names = [each.get("name") or _column_name(each.get("val", {})) for each in targets]
    return () if "*" in names or "" in names else tuple(names)


def _column_name(value: Node) -> str:
    if "ColumnRef" in value:
        last = value["ColumnRef"]["fields"][-1]
        return last["String"]["sval"] if "String" in last else "*"
    if "FuncCall" in value:
        return words(value["FuncCall"]["funcname"])[-1]
    return _column_name(value["TypeCast"]["arg"]) if "TypeCast" in value else ""


def index(node: Node, place: Place) -> Iterator[Op]:
    elements = [each["IndexElem"] for each in node.get("indexParams", ())]
    columns = tuple(each.get("name") or normalised(each.get("expr")) for each in elements)
    kind = Kind.ADD_UNIQUE if node.get("unique") else Kind.CREATE_INDEX
    yield place.op(
        kind,
        table=relation(node["relation"]),
        name=node.get("idxname", ""),
        columns=columns,
        where=predicate(node.get("whereClause")),
        empty_equal=bool(node.get("nulls_not_distinct")),
        tolerant=bool(node.get("if_not_exists")),
    )


# ALTER TABLE


def alter_table(node: Node, place: Place) -> Iterator[Op]:
    form, table = node.get("objtype", "OBJECT_TABLE"), relation(node["relation"])
    if form == "OBJECT_TYPE":
        yield place.op(Kind.ALTER_OTHER_TYPE, name=table)
        return
    if form not in ("OBJECT_TABLE", "OBJECT_FOREIGN_TABLE"):
        yield place.op(Kind.HARMLESS, table=table)
        return
    for each in node.get("cmds", ()):
        command = each["AlterTableCmd"]
        tolerant = bool(command.get("missing_ok") or node.get("missing_ok"))
        for op in _command(command, table, place.within(command)):
            yield replace(op, tolerant=op.tolerant or tolerant)


def _command(node: Node, table: str, place: Place) -> Iterator[Op]:
    subtype = node["subtype"]
    name, definition = node.get("name", ""), node.get("def", {})
    if subtype in _HARMLESS_COMMANDS:
        yield place.op(Kind.HARMLESS, table=table)
    elif subtype in _ON_COLUMNS:
        yield place.op(_ON_COLUMNS[subtype], table=table, column=name)
    elif subtype in _ON_TABLES:
        yield from _ON_TABLES[subtype](table, name, definition, place)
    elif "Trig" in subtype or "Rule" in subtype:
        kind = Kind.CREATE_TRIGGER if "Enable" in subtype else Kind.DROP_TRIGGER
        yield place.op(kind, table=table, name=name or "*", body="enabled")
    elif "RowSecurity" in subtype:
        yield place.op(Kind.ALTER_POLICY, table=table)
    else:
        yield place.op(
            Kind.UNKNOWN, table=table, why=_WHYS.get(subtype, f"What {subtype} means to the old code is open.")
        )


_ON_COLUMNS: Final = {
    "AT_DropColumn": Kind.DROP_COLUMN,
    "AT_SetNotNull": Kind.SET_NOT_NULL,
    "AT_DropNotNull": Kind.DROP_NOT_NULL,
    "AT_DropIdentity": Kind.DROP_DEFAULT,
    "AT_DropExpression": Kind.DROP_DEFAULT,
}
_HARMLESS_COMMANDS: Final = {
    "AT_SetStatistics", "AT_SetOptions", "AT_ResetOptions", "AT_SetStorage", "AT_SetCompression", "AT_ChangeOwner",
    "AT_ClusterOn", "AT_DropCluster", "AT_SetLogged", "AT_SetUnLogged", "AT_SetTableSpace", "AT_SetRelOptions",
    "AT_ResetRelOptions", "AT_ReplicaIdentity", "AT_SetAccessMethod", "AT_AlterConstraint",
}  # fmt: skip
_WHYS: Final = {
    "AT_DetachPartition": "A partition is detached: do its rows, which the old code no longer sees, matter to it?",
    "AT_AddInherit": "A table joins another: does the old code bear its rows?",
    "AT_DropInherit": "A table leaves another: do its rows, which the old code no longer sees, matter to it?",
}


def _add_column(table: str, _: str, node: Node, place: Place) -> Iterator[Op]:
    found = node["ColumnDef"]
    yield place.op(Kind.ADD_COLUMN, table=table, column=found["colname"], definition=column(found))
    yield from _constraints_of_column(found, table, place)


def _alter_type(table: str, name: str, node: Node, place: Place) -> Iterator[Op]:
    found = node["ColumnDef"]
    converts = "raw_default" in found
    definition = Column(type=column_type(found.get("typeName")))
    yield place.op(Kind.ALTER_TYPE, table=table, column=name, definition=definition, converts=converts)


def _alter_default(table: str, name: str, node: Node, place: Place) -> Iterator[Op]:
    default = default_of(node)
    kind = Kind.DROP_DEFAULT if default is Default.NONE else Kind.SET_DEFAULT
    yield place.op(kind, table=table, column=name, definition=Column(default=default))


def _add_identity(table: str, name: str, node: Node, place: Place) -> Iterator[Op]:
    if node.get("Constraint", {}).get("generated_when") == "a":
        why = f"{table}.{name} is GENERATED ALWAYS: does the old code name it when it inserts? That now fails."
        yield place.op(Kind.UNKNOWN, table=table, why=why)
    yield place.op(Kind.SET_DEFAULT, table=table, column=name, definition=Column(default=Default.GENERATED))


def _attach(table: str, _: str, node: Node, place: Place) -> Iterator[Op]:
    part = relation(node.get("PartitionCmd", {}).get("name"))
    why = f"{part} becomes a part of {table}: does the old code bear its rows, and write none outside of it?"
    yield place.op(Kind.UNKNOWN, table=part, why=why)


_ON_TABLES: Final[dict[str, Callable[[str, str, Node, Place], Iterator[Op]]]] = {
    "AT_AddColumn": _add_column,
    "AT_AlterColumnType": _alter_type,
    "AT_ColumnDefault": _alter_default,
    "AT_AddIdentity": _add_identity,
    "AT_AttachPartition": _attach,
    "AT_AddConstraint": lambda table, _, node, place: constraint(node["Constraint"], table, place),
    "AT_DropConstraint": lambda table, name, _, place: iter([place.op(Kind.DROP_CONSTRAINT, table=table, name=name)]),
    "AT_ValidateConstraint": lambda table, name, _, place: iter(
        [place.op(Kind.VALIDATE_CONSTRAINT, table=table, name=name)]
    ),
}


# DROP, RENAME, SET SCHEMA


def drop(node: Node, place: Place) -> Iterator[Op]:
    tolerant, form = bool(node.get("missing_ok")), node["removeType"].removeprefix("OBJECT_")
    for each in node.get("objects", ()):
        op = _dropped(form, _object_name(each), place, cascade=node.get("behavior") == "DROP_CASCADE")
        yield replace(op, tolerant=tolerant)


def _dropped(form: str, parts: list[str], place: Place, *, cascade: bool) -> Op:
    name = dotted(parts)
    if form in ("TABLE", "FOREIGN_TABLE"):
        return place.op(Kind.DROP_TABLE, table=name)
    if form in ("TRIGGER", "RULE", "POLICY"):
        kind = Kind.ALTER_POLICY if form == "POLICY" else Kind.DROP_TRIGGER
        return place.op(kind, table=dotted(parts[:-1]), name=parts[-1])
    if form == "INDEX":
        return place.op(Kind.DROP_INDEX, name=parts[-1])
    if form == "SCHEMA":
        return place.op(Kind.DROP_TABLE, table=name) if cascade else place.op(Kind.HARMLESS)
    if form in _DROPPED:
        return place.op(_DROPPED[form], name=name)
    if form in _HARMLESS_DROPPED:
        return place.op(Kind.HARMLESS)
    return place.op(Kind.UNKNOWN, why=f"{form.lower().replace('_', ' ')} {name} is gone: does anything still use it?")


_DROPPED: Final = {
    "VIEW": Kind.DROP_VIEW, "MATVIEW": Kind.DROP_VIEW, "TYPE": Kind.DROP_TYPE, "DOMAIN": Kind.DROP_TYPE,
    "FUNCTION": Kind.DROP_FUNCTION, "PROCEDURE": Kind.DROP_FUNCTION, "ROUTINE": Kind.DROP_FUNCTION,
    "AGGREGATE": Kind.DROP_FUNCTION, "OPERATOR": Kind.DROP_FUNCTION,
}  # fmt: skip
_HARMLESS_DROPPED: Final = {"STATISTIC_EXT", "PUBLICATION", "SUBSCRIPTION", "ACCESS_METHOD"}


def _object_name(node: Node) -> list[str]:
    if "List" in node:
        return words(node["List"].get("items")) or [""]
    if "TypeName" in node:
        return words(node["TypeName"].get("names"))
    if "ObjectWithArgs" in node:
        return words(node["ObjectWithArgs"].get("objname"))
    return [node.get("String", {}).get("sval", "")]


def rename(node: Node, place: Place) -> Iterator[Op]:
    form, to = node["renameType"].removeprefix("OBJECT_"), node.get("newname", "")
    table = relation(node.get("relation"))
    if form in ("TABLE", "VIEW", "MATVIEW", "FOREIGN_TABLE"):
        schema = table.rpartition(".")[0]
        op = place.op(Kind.RENAME_TABLE, table=table, to=dotted([schema, to]))
    elif form == "COLUMN":
        op = place.op(Kind.RENAME_COLUMN, table=table, column=node["subname"], to=to)
    elif form == "INDEX":
        op = place.op(Kind.RENAME_INDEX, name=table.rpartition(".")[2], to=to)
    elif form == "TABCONSTRAINT":
        op = place.op(Kind.RENAME_CONSTRAINT, table=table, name=node["subname"], to=to)
    elif form in ("SEQUENCE", "TRIGGER", "POLICY", "RULE", "DOMCONSTRAINT", "STATISTIC_EXT"):
        op = place.op(Kind.HARMLESS, table=table)
    else:
        op = _renamed_object(form, node, to, place)
    yield replace(op, tolerant=bool(node.get("missing_ok")))


def _renamed_object(form: str, node: Node, to: str, place: Place) -> Op:
    parts = _object_name(node.get("object", {})) if "object" in node else [node.get("subname", "")]
    if form in ("TYPE", "DOMAIN"):
        return place.op(Kind.ALTER_OTHER_TYPE, name=dotted(parts), to=dotted([*parts[:-1], to]))
    if form == "SCHEMA":
        return place.op(Kind.RENAME_TABLE, table=parts[-1], to=to)
    if form in ("FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE"):
        return place.op(Kind.DROP_FUNCTION, name=dotted(parts))
    return place.op(Kind.UNKNOWN, why=f"{form.lower()} {dotted(parts)} has another name: does the old code use it?")


def set_schema(node: Node, place: Place) -> Iterator[Op]:
    form, schema = node["objectType"].removeprefix("OBJECT_"), node["newschema"]
    table = relation(node.get("relation"))
    if form in ("TABLE", "VIEW", "MATVIEW", "FOREIGN_TABLE"):
        yield place.op(Kind.MOVE_TABLE, table=table, to=dotted([schema, table.rpartition(".")[2]]))
    elif form == "TYPE":
        parts = _object_name(node["object"])
        yield place.op(Kind.ALTER_OTHER_TYPE, name=dotted(parts), to=dotted([schema, parts[-1]]))
    elif form == "SEQUENCE":
        yield place.op(Kind.HARMLESS)
    else:
        yield place.op(Kind.UNKNOWN, why="Something moves into another schema: does the old code still find it?")


# Types


def create_enum(node: Node, place: Place) -> Iterator[Op]:
    yield place.op(Kind.CREATE_TYPE, name=dotted(words(node["typeName"])), values=tuple(words(node.get("vals"))))


def create_type(node: Node, place: Place) -> Iterator[Op]:
    parts = words(node.get("domainname") or node.get("typeName"))
    yield place.op(Kind.CREATE_TYPE, name=dotted(parts) if parts else relation(node.get("typevar")))


def alter_enum(node: Node, place: Place) -> Iterator[Op]:
    name = dotted(words(node["typeName"]))
    if "oldVal" in node:
        yield place.op(Kind.RENAME_ENUM_VALUE, name=name, values=(node["oldVal"],), to=node["newVal"])
    else:
        tolerant = bool(node.get("skipIfNewValExists"))
        yield place.op(Kind.ADD_ENUM_VALUE, name=name, values=(node["newVal"],), tolerant=tolerant)


def alter_domain(node: Node, place: Place) -> Iterator[Op]:
    loosens = node.get("subtype") in ("X", "V", "N")
    kind = Kind.HARMLESS if loosens else Kind.ALTER_OTHER_TYPE
    yield place.op(kind, name=dotted(words(node.get("typeName"))))
