"""The front end for plain SQL: PostgreSQL by its own parser, other dialects where that one refuses."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from incidents.assessment.migrations import plpgsql, postgres_rows, postgres_tree
from incidents.assessment.migrations.mysql_sessions import MysqlSession
from incidents.assessment.migrations.operations import MOST_TEXT, Kind, Op
from incidents.assessment.migrations.other_dialects import looks_foreign, read_foreign
from incidents.assessment.migrations.postgres_rows import HARMLESS_FUNCTIONS, called, common_tables
from incidents.assessment.migrations.postgres_tree import Place
from incidents.assessment.migrations.postgres_types import Node, dotted, words
from incidents.assessment.migrations.statements import Form, Statement, split

_DEEPEST: Final = 8
"""Functions that call functions: further is not followed."""


def read_sql(text: str, *, path: str = "", line: int = 1) -> tuple[Op, ...]:
    """Every statement's operations. One that nobody can read is an UNKNOWN, and the others still speak.

    `line` is that of the text's first line, for a text inside another file.
    """
    reading = _Reading(foreign=looks_foreign(text))
    ops = [op for statement in split(text) for op in reading.read(statement)]
    return tuple(replace(op, line=op.line + line - 1, path=path) for op in _without_pauses(ops))


_QUERY: Final = re.compile(r"\s*(?:SELECT|WITH)\b", re.IGNORECASE)
"""What PostgreSQL should have read: to other dialects it would be harmless."""


@dataclass
class _Reading:
    foreign: bool
    functions: dict[str, Node] = field(default_factory=dict)
    """The functions that this text makes, so that a call of one can be followed."""
    created: set[str] = field(default_factory=set)
    depth: int = 0
    session: MysqlSession = field(default_factory=MysqlSession)

    def read(self, statement: Statement) -> Iterable[Op]:
        place = Place(statement.line, shown(statement.text), statement.text.encode())
        if statement.form is Form.PSQL:
            return [_shell_command(place)]
        try:
            ops = list(self._read(statement.text, place))
        except RecursionError:
            ops = [unparsed(statement.text, place)]
        self.created |= {op.table for op in ops if op.kind is Kind.CREATE_TABLE}
        return ops

    def _read(self, text: str, place: Place) -> Iterable[Op]:
        if self.depth < _DEEPEST and (runs := self.session.runs(text)) is not None:
            return self.indirectly(runs, place)
        if self.foreign and (ops := read_foreign(text, place)) is not None:
            return ops
        trees = parse(text)
        if trees is not None:
            return [op for tree in trees for op in self.statement(tree["stmt"], text, place)]
        ops = None if _QUERY.match(text) else read_foreign(text, place)
        return [unparsed(text, place)] if ops is None else ops

    def indirectly(self, texts: list[str], place: Place) -> list[Op]:
        """A script asks first whether there is anything to do: what is there already, or gone already, is no error."""
        self.depth += 1
        ops = [replace(op, tolerant=True) for text in texts for op in self._read(text, place)]
        self.depth -= 1
        return ops

    def statement(self, tree: Node, text: str, place: Place) -> Iterator[Op]:
        (name, node), *_ = tree.items()
        if name in _READERS:
            yield from _READERS[name](node, place)
        elif name == "SelectStmt":
            yield from self.select(node, place)
        elif name == "DoStmt":
            yield from self.block(text, place)
        elif name == "CallStmt":
            yield from self.calls({"FuncCall": node["funccall"]}, place)
        elif name in _HARMLESS:
            yield place.op(Kind.HARMLESS)
        else:
            yield place.op(Kind.UNKNOWN, why=f"What {name.removesuffix('Stmt')} means to the old code is open.")
        if name == "CreateFunctionStmt":
            self.functions[dotted(words(node["funcname"]))] = {"text": text, **node}

    def select(self, node: Node, place: Place) -> Iterator[Op]:
        yield from common_tables(node, place)
        if "intoClause" in node:
            yield from postgres_tree.create_table_as({"into": node["intoClause"]}, place)
        yield from self.calls(node, place)

    def calls(self, node: Node, place: Place) -> Iterator[Op]:
        """What the called functions do: known ones nothing, ones of this text what their bodies do."""
        found = [(name, given) for name, given in called(node) if name.rpartition(".")[2] not in HARMLESS_FUNCTIONS]
        for name, given in found:
            yield from self.call(name, given, place)
        if not found:
            yield place.op(Kind.HARMLESS)

    def call(self, name: str, given: list[str | None], place: Place) -> Iterator[Op]:
        on_new = next((each for each in given if each and dotted(each.split(".")) in self.created), "")
        if name in self.functions and self.depth < _DEEPEST:
            self.depth += 1
            yield from self.body(self.functions[name], place)
            self.depth -= 1
        elif name == "diesel_manage_updated_at" and given and given[0]:
            yield place.op(Kind.CREATE_TRIGGER, table=given[0], name="set_updated_at")
        else:
            why = f"{name}() is called here: what does it do to tables that the old code uses?"
            yield place.op(Kind.UNKNOWN, table=on_new, why=why)

    def body(self, function: Node, place: Place) -> Iterator[Op]:
        options = {each["DefElem"]["defname"]: each["DefElem"].get("arg", {}) for each in function.get("options", ())}
        if options.get("language", {}).get("String", {}).get("sval", "").lower() == "plpgsql":
            yield from self.block(function["text"], place)
            return
        for text in words(options.get("as", {}).get("List", {}).get("items")):
            for statement in split(text):
                yield from self._read(statement.text, place)

    def block(self, text: str, place: Place) -> Iterator[Op]:
        """What a DO block or a plpgsql function does."""
        for part in plpgsql.parts(text):
            inner = replace(place, line=place.line + part.line, source=b"")
            if part.unread:
                yield inner.op(Kind.UNKNOWN, why=part.unread, body=text)
            else:
                yield from self.part(part, inner)

    def part(self, part: plpgsql.Part, place: Place) -> Iterator[Op]:
        ops = list(self._read(part.text, place))
        if part.dynamic and not all(op.kind in _NAMELESS for op in ops):
            yield place.op(Kind.UNKNOWN, why="A statement is put together at run time: which tables does it touch?")
            return
        for op in ops:
            yield replace(op, tolerant=op.tolerant or part.guarded)


_NAMELESS: Final = {
    Kind.DROP_CONSTRAINT, Kind.DROP_INDEX, Kind.CREATE_INDEX, Kind.HARMLESS, Kind.VALIDATE_CONSTRAINT,
    Kind.RENAME_INDEX, Kind.RENAME_CONSTRAINT,
}  # fmt: skip
"""What means the same whatever name is put in at run time."""


def parse(text: str) -> list[Node] | None:
    """PostgreSQL's trees; None where it is not PostgreSQL's SQL."""
    import pgparse  # a C library that only workers need

    try:
        trees: list[Node] = pgparse.parse(text)
    except (pgparse.PGQueryError, UnicodeError, ValueError, RecursionError):
        return None
    return trees


def shown(text: str) -> str:
    """The statement in one line, cut; constants of statements that carry rows or passwords are left out."""
    line = " ".join(text[: MOST_TEXT * 4].split())
    if _CARRIES.match(line):
        line = re.sub(r"'(?:[^']|'')*(?:'|$)", "'…'", line)
    return line[:MOST_TEXT]


_CARRIES: Final = re.compile(
    r"(?:INSERT|UPDATE|REPLACE|MERGE|WITH|COPY|DO|SELECT|(?:CREATE|ALTER)\s+(?:USER|ROLE))\b", re.IGNORECASE
)


def unparsed(text: str, place: Place) -> Op:
    return place.op(Kind.UNKNOWN, body=text, why="This statement cannot be read here: what does it do?")


def _shell_command(place: Place) -> Op:
    if re.match(r"\\(?:i|ir|include|copy|!|gexec|g)\b", place.text):
        return place.op(Kind.UNKNOWN, why="Another script is run from here: what does it do?")
    return place.op(Kind.HARMLESS)


def _without_pauses(ops: list[Op]) -> list[Op]:
    """A trigger that is disabled and enabled again within one script only paused."""
    paused = {(op.kind, op.table, op.name) for op in ops if op.body == "enabled"}

    def is_pause(op: Op) -> bool:
        return {(Kind.DROP_TRIGGER, op.table, op.name), (Kind.CREATE_TRIGGER, op.table, op.name)} <= paused

    return [replace(op, kind=Kind.HARMLESS) if op.body == "enabled" and is_pause(op) else op for op in ops]


def _unknown(why: str) -> Callable[[Node, Place], Iterator[Op]]:
    def read(_: Node, place: Place) -> Iterator[Op]:
        yield place.op(Kind.UNKNOWN, why=why)

    return read


def _create_table_as(node: Node, place: Place) -> Iterator[Op]:
    yield from common_tables(node.get("query", {}).get("SelectStmt", {}), place)
    yield from postgres_tree.create_table_as(node, place)


def _kept_setting(node: Node, place: Place) -> Iterator[Op]:
    """Of a role or a database, for all its later sessions."""
    name = node.get("setstmt", {}).get("name", "")
    if name in ("", "search_path", "role", "default_transaction_read_only"):
        yield place.op(
            Kind.UNKNOWN, why=f"{name or 'Every setting'} is another from now on: does the old code rely on it?"
        )
    else:
        yield place.op(Kind.HARMLESS)


_READERS: Final[dict[str, Callable[[Any, Place], Iterator[Op]]]] = {
    "CreateStmt": postgres_tree.create_table,
    "CreateForeignTableStmt": lambda node, place: postgres_tree.create_table(node["base"], place),
    "CreateTableAsStmt": _create_table_as,
    "AlterTableStmt": postgres_tree.alter_table,
    "IndexStmt": postgres_tree.index,
    "ViewStmt": postgres_tree.view,
    "DropStmt": postgres_tree.drop,
    "RenameStmt": postgres_tree.rename,
    "AlterObjectSchemaStmt": postgres_tree.set_schema,
    "CreateEnumStmt": postgres_tree.create_enum,
    "CompositeTypeStmt": postgres_tree.create_type,
    "CreateRangeStmt": postgres_tree.create_type,
    "CreateDomainStmt": postgres_tree.create_type,
    "AlterEnumStmt": postgres_tree.alter_enum,
    "AlterDomainStmt": postgres_tree.alter_domain,
    "AlterTypeStmt": lambda node, place: iter([place.op(Kind.ALTER_OTHER_TYPE, name=dotted(words(node["typeName"])))]),
    "InsertStmt": postgres_rows.insert,
    "UpdateStmt": postgres_rows.update,
    "DeleteStmt": postgres_rows.delete,
    "MergeStmt": postgres_rows.merge,
    "TruncateStmt": postgres_rows.truncate,
    "CopyStmt": postgres_rows.copy,
    "CreateFunctionStmt": postgres_rows.function,
    "CreateTrigStmt": postgres_rows.trigger,
    "RuleStmt": postgres_rows.rule,
    "CreatePolicyStmt": postgres_rows.policy,
    "AlterPolicyStmt": postgres_rows.policy,
    "GrantStmt": postgres_rows.grant,
    "AlterRoleSetStmt": _kept_setting,
    "AlterDatabaseSetStmt": _kept_setting,
    "AlterDefaultPrivilegesStmt": postgres_rows.default_grant,
    "GrantRoleStmt": postgres_rows.grant,
    "CreateEventTrigStmt": _unknown(
        "An event trigger fires for what others do to the schema: can it refuse the old code's work?"
    ),
}
_HARMLESS: Final = {
    "CommentStmt", "VariableSetStmt", "VariableShowStmt", "LockStmt", "VacuumStmt", "ClusterStmt", "ReindexStmt",
    "TransactionStmt", "AlterOwnerStmt", "CheckPointStmt", "CreateStatsStmt", "AlterStatsStmt", "NotifyStmt",
    "DiscardStmt", "CreateCastStmt", "CreatePublicationStmt", "AlterPublicationStmt",
    "CreateSubscriptionStmt", "RefreshMatViewStmt", "SecLabelStmt", "AlterFunctionStmt", "CreateRoleStmt",
    "CreateSeqStmt", "AlterSeqStmt", "CreateSchemaStmt",
    "CreateExtensionStmt", "AlterExtensionStmt", "AlterExtensionContentsStmt", "DefineStmt", "CreateOpClassStmt",
    "CreateOpFamilyStmt", "AlterObjectDependsStmt", "ConstraintsSetStmt", "CreateFdwStmt", "CreateForeignServerStmt",
    "CreateUserMappingStmt", "ReassignOwnedStmt", "CreateAmStmt", "CreatedbStmt", "AlterSystemStmt",
    "DeclareCursorStmt",
    "DeallocateStmt", "ClosePortalStmt", "FetchStmt", "CreateConversionStmt", "CreateTransformStmt", "CreatePLangStmt",
    "AlterOperatorStmt", "LoadStmt", "AlterTSDictionaryStmt", "AlterTSConfigurationStmt", "AlterDatabaseStmt",
}  # fmt: skip
