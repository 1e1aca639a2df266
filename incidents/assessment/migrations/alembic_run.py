"""Follows an Alembic migration's `upgrade` statement by statement, as far as its text tells what runs.

Branches on the dialect are taken as the production database takes them; loops over literal lists are unrolled; calls of
the file's own functions are followed. Other conditions do not decide anything: what stands under them may run.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from incidents.assessment.migrations.operations import Kind, Op
from incidents.assessment.migrations.python_values import (
    Module,
    Opaque,
    Symbol,
    Unresolved,
    Unvalued,
    Values,
    bound_to,
    chained,
    changing_names,
    items_of,
    keywords,
    last_name,
)

MOST_STEPS: Final = 5_000
UNNAMED: Final = "?"
"""A table that nobody can name: an old one."""
_MOST_DEPTH: Final = 12
_MOST_ROUNDS: Final = 100


class Proxy(Opaque):
    """`op`, however it is called where it is used."""


@dataclass(frozen=True, slots=True)
class Batch(Opaque):
    """`batch_op`: operations on one table."""

    table: str


@dataclass(frozen=True, slots=True)
class Bind(Opaque):
    """The connection, its engine, its context, a session on it, an inspector of it: all know the dialect."""

    dialect: str

    def part(self, name: str) -> object:
        if name in ("name", "dialect_name"):
            return self.dialect
        if name in ("as_sql", "offline"):
            return False
        return self


@dataclass(frozen=True, slots=True)
class Table(Opaque):
    """A table as SQLAlchemy names it: `sa.table`, `sa.Table`, or a mapped class of the file."""

    name: str

    def part(self, name: str) -> object:
        return self.name if name in ("__tablename__", "name") else self


@dataclass(frozen=True, slots=True)
class Rows(Opaque):
    """What a query for mapped rows gives."""

    table: str


@dataclass(frozen=True, slots=True)
class Row(Opaque):
    """One mapped row: what is assigned to it is written."""

    table: str


@dataclass(frozen=True, slots=True)
class Pending(Unvalued):
    """An expression that has no value, and the names around it."""

    node: ast.expr
    scope: Mapping[str, object]


_UNKNOWN: Final = Pending(ast.Call(ast.Name("?"), [], []), {})
Perform = Callable[["Run", ast.Call, dict[str, object]], bool]
"""What a call means: true where it was understood, its arguments with it."""


@dataclass(slots=True)
class Run:
    """One migration being followed: what it has done so far."""

    module: Module
    path: str
    dialect: str
    perform: Perform
    found: list[Op] = field(default_factory=list)
    steps: int = 0
    depth: int = 0
    asking: bool = False
    """Inside a condition: a call there asks, it does not act."""
    entered: list[str] = field(default_factory=list)
    changing: frozenset[str] = frozenset()
    """Names of the function being followed that no text tells the value of."""

    def values(self, scope: Mapping[str, object]) -> Values:
        return Values(self.module, scope, self._answer)

    def tell(self, node: ast.expr | ast.stmt, kind: Kind, **told: object) -> None:
        text = self.module.excerpt(node)
        self.found.append(Op(kind=kind, line=node.lineno, text=text, path=self.path, **told))  # type: ignore[arg-type]  # Op checks

    def ask(self, node: ast.expr | ast.stmt, why: str) -> None:
        if not any(op.line == node.lineno and op.kind is Kind.UNKNOWN for op in self.found):
            self.tell(node, Kind.UNKNOWN, why=why)

    def node_of(self, node: ast.expr, scope: Mapping[str, object]) -> tuple[ast.expr, Mapping[str, object]]:
        """The expression that a name stands for, and the names around it."""
        for _ in range(_MOST_DEPTH):
            known = scope.get(node.id) if isinstance(node, ast.Name) else None
            if isinstance(known, Pending):
                node, scope = known.node, known.scope
            elif isinstance(node, ast.Name) and node.id in self.module.constants and node.id not in scope:
                node = self.module.constants[node.id]
            elif (returned := self._expression_of(node, scope)) is not None:
                node, scope = returned
            else:
                break
        return node, scope

    def _expression_of(
        self, node: ast.expr, scope: Mapping[str, object]
    ) -> tuple[ast.expr, Mapping[str, object]] | None:
        """What a function of the file does nothing but return."""
        function = self.function_of(node.func, scope) if isinstance(node, ast.Call) else None
        if function is None or not isinstance(node, ast.Call):
            return None
        *before, last = function.body
        told = all(isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) for each in before)
        if not told or not isinstance(last, ast.Return) or last.value is None:
            return None
        return last.value, self._inner(function, node, dict(scope))

    # Statements

    def body(self, statements: Iterable[ast.stmt], scope: dict[str, object]) -> bool:
        """Whether it certainly returned."""
        for statement in statements:
            self.steps += 1
            if self.steps > MOST_STEPS:
                self.ask(statement, "The migration is too long to follow.")
                return True
            if self._statement(statement, scope):
                return True
        return False

    def _statement(self, statement: ast.stmt, scope: dict[str, object]) -> bool:
        match statement:
            case ast.Return(value=value):
                self.expressions([value] if value else [], scope)
                return True
            case ast.If() | ast.With() | ast.Try():
                return self._block(statement, scope)
            case ast.For() | ast.While():
                self._loop(statement, scope)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                self._assign(statement, scope)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                scope[name] = tables_of([statement]).get(name, statement)
            case ast.Expr(value=value):
                self.expressions([value], scope)
        return False

    def _block(self, statement: ast.If | ast.With | ast.Try, scope: dict[str, object]) -> bool:
        if isinstance(statement, ast.If):
            return self._if(statement, scope)
        return self._with(statement, scope) if isinstance(statement, ast.With) else self._try(statement, scope)

    def _loop(self, statement: ast.For | ast.While, scope: dict[str, object]) -> None:
        if isinstance(statement, ast.For):
            self._for(statement, scope)
            return
        self.expressions([statement.test], scope)
        self.body(statement.body, scope)

    def _if(self, statement: ast.If, scope: dict[str, object]) -> bool:
        chosen = self._chosen(statement.test, scope)
        if chosen is not None:
            return self.body(statement.body if chosen else statement.orelse, scope)
        self.asking = True
        self.expressions([statement.test], scope)
        self.asking = False
        other = dict(scope)
        returned = self.body(statement.body, scope)
        returned = self.body(statement.orelse, other) and returned
        for name, value in other.items():
            if scope.setdefault(name, value) is not value and scope[name] != value:
                scope[name] = _UNKNOWN
        return returned and bool(statement.orelse)

    def _chosen(self, test: ast.expr, scope: dict[str, object]) -> bool | None:
        """Whether the condition holds, where the text tells it for every run."""
        if any(isinstance(node, ast.Name) and node.id in self.changing for node in ast.walk(test)):
            return None
        try:
            return self.values(scope).holds(test)
        except Unresolved:
            return None

    def _for(self, statement: ast.For, scope: dict[str, object]) -> None:
        self._source(statement.iter, scope)
        for bound in self._rounds(statement, scope):
            scope |= bound
            self.body(statement.body, scope)
        self.body(statement.orelse, scope)

    def _source(self, node: ast.expr, scope: dict[str, object]) -> None:
        """`for row in in_pages(query)`: whatever hands the rows on, only hands them on."""
        passes = isinstance(node, ast.Call) and isinstance(self.known(node, scope), Rows)
        self.expressions(ast.iter_child_nodes(node) if passes else [node], scope)

    def _rounds(self, statement: ast.For, scope: dict[str, object]) -> Iterator[dict[str, object]]:
        """What the loop's names are, once for every item that the text lists; else once, unknown."""
        try:
            found = self.values(scope).of(statement.iter)
            if isinstance(found, Rows):
                yield self._row_bound(statement.target, found)
                return
            items = items_of(found)
            rounds = [bound_to(statement.target, item) for item in islice(items, _MOST_ROUNDS)]
        except Unresolved:
            names = {node.id for node in ast.walk(statement.target) if isinstance(node, ast.Name)}
            yield dict.fromkeys(names, _UNKNOWN)
            return
        yield from rounds

    def _row_bound(self, target: ast.expr, rows: Rows) -> dict[str, object]:
        """`for row in rows`, `for number, row in enumerate(rows)`."""
        names = [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]
        return {**dict.fromkeys(names, _UNKNOWN), **({names[-1]: Row(rows.table)} if names else {})}

    def _with(self, statement: ast.With, scope: dict[str, object]) -> bool:
        for item in statement.items:
            self.expressions([item.context_expr], scope)
            if isinstance(item.optional_vars, ast.Name):
                scope[item.optional_vars.id] = self.value_or_pending(item.context_expr, scope)
        return self.body(statement.body, scope)

    def _try(self, statement: ast.Try, scope: dict[str, object]) -> bool:
        returned = self.body(statement.body, scope)
        for handler in statement.handlers:
            self.body(handler.body, scope)
        returned = self.body(statement.orelse, scope) or returned
        return self.body(statement.finalbody, scope) or returned

    def _assign(self, statement: ast.Assign | ast.AnnAssign | ast.AugAssign, scope: dict[str, object]) -> None:
        if statement.value is None:
            return
        self.expressions([statement.value], scope)
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            if isinstance(statement, ast.AugAssign) and isinstance(self.known(target, scope), Rows):
                continue  # `rows += more`
            if isinstance(target, ast.Name):
                scope[target.id] = self.value_or_pending(_assigned(statement, target), scope)
            elif isinstance(target, ast.Tuple):
                self._unpack(target, statement.value, scope)
            else:
                self._write(target, scope)

    def _unpack(self, target: ast.Tuple, value: ast.expr, scope: dict[str, object]) -> None:
        try:
            scope |= bound_to(target, self.values(scope).of(value))
        except Unresolved:
            names = [each.id for each in target.elts if isinstance(each, ast.Name)]
            scope |= dict.fromkeys(names, Pending(value, dict(scope)))

    def _write(self, target: ast.expr, scope: dict[str, object]) -> None:
        """`row.column = …` writes a mapped row at the next flush."""
        while isinstance(target, ast.Subscript):
            target = target.value
        if isinstance(target, ast.Attribute):
            row = self._mapped(target.value, scope)
            if isinstance(row, Row):
                self.tell(target, Kind.UPDATE, table=row.table, columns=(target.attr,))

    def _mapped(self, node: ast.expr, scope: dict[str, object]) -> object:
        """The row itself, or one of several that a row of a join holds: `row.Mapped`."""
        if isinstance(node, ast.Attribute) and isinstance(self.known(node.value, scope), Row):
            table = scope.get(node.attr)
            return Row(table.name) if isinstance(table, Table) else None
        return self.known(node, scope)

    def value_or_pending(self, node: ast.expr, scope: dict[str, object]) -> object:
        try:
            return self.values(scope).of(node)
        except Unresolved:
            kept = {name: value for name, value in scope.items() if not isinstance(value, Pending)}
            return self.part_of(node, scope) or Pending(node, kept)

    def part_of(self, node: ast.expr, scope: dict[str, object]) -> object:
        """One row of rows: `rows[0]`."""
        owner = self.known(node.value, scope) if isinstance(node, ast.Subscript) else None
        return Row(owner.table) if isinstance(owner, Rows) else None

    def known(self, node: ast.AST, scope: Mapping[str, object]) -> object:
        """The value, or None."""
        try:
            return self.values(scope).of(node)
        except Unresolved:
            return None

    # Calls

    def expressions(self, nodes: Iterable[ast.AST], scope: dict[str, object]) -> None:
        """Every call in these expressions, outermost first; what a call has understood is not looked into again."""
        for node in nodes:
            if isinstance(node, ast.Call) and self._call(node, scope):
                continue
            if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp):
                self._comprehension(node, scope)
                continue
            self.expressions(ast.iter_child_nodes(node), scope)

    def _comprehension(
        self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp, scope: dict[str, object]
    ) -> None:
        inner = dict(scope)
        for generator in node.generators:
            rows = self.known(generator.iter, inner)
            if isinstance(rows, Rows) and isinstance(generator.target, ast.Name):
                inner[generator.target.id] = Row(rows.table)
        self.expressions(ast.iter_child_nodes(node), inner)

    def _call(self, node: ast.Call, scope: dict[str, object]) -> bool:
        function = self.function_of(node.func, scope)
        if function is None:
            return self.perform(self, node, scope)
        self.expressions([*node.args, *keywords(node).values()], scope)
        self.follow(function, node, scope)
        return True

    def function_of(self, node: ast.expr, scope: Mapping[str, object]) -> ast.FunctionDef | None:
        """The file's own function that is called."""
        if not isinstance(node, ast.Name):
            return None
        known = scope.get(node.id, self.module.functions.get(node.id))
        return known if isinstance(known, ast.FunctionDef) else None

    def follow(self, function: ast.FunctionDef, node: ast.Call, scope: dict[str, object]) -> None:
        if self.depth >= _MOST_DEPTH or self.entered.count(function.name) > 1:
            return
        self.depth += 1
        self.entered.append(function.name)
        around, self.changing = self.changing, changing_names(function.body)
        self.body(function.body, self._inner(function, node, scope))
        self.changing = around
        self.entered.pop()
        self.depth -= 1

    def _inner(self, function: ast.FunctionDef, node: ast.Call, scope: dict[str, object]) -> dict[str, object]:
        """The function's names: its arguments by position and keyword, its defaults, and what stands around it."""
        arguments = function.args
        names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
        defaults = dict(zip(reversed(names), reversed(arguments.defaults), strict=False))
        only = zip((each.arg for each in arguments.kwonlyargs), arguments.kw_defaults, strict=True)
        defaults |= {name: default for name, default in only if default is not None}
        given = {**dict(zip(names, node.args, strict=False)), **keywords(node)}
        inner = {name: value for name, value in scope.items() if not isinstance(value, Pending)}
        inner |= {name: self.value_or_pending(default, scope) for name, default in defaults.items()}
        return inner | {name: self.value_or_pending(value, scope) for name, value in given.items()}

    def _answer(self, values: Values, node: ast.Call) -> object:
        """What a call gives, where it is one of Alembic's, of SQLAlchemy's, or a short function of the file."""
        name = last_name(node.func)
        if name in ASKING:
            return Bind(self.dialect)
        if name in ("get_dialect_name", "is_offline_mode"):
            return self.dialect if name == "get_dialect_name" else False
        if name == "isinstance" and len(node.args) == 2 and isinstance(values.of(node.args[0]), Bind):
            return self._is_dialect(last_name(node.args[1]) or ast.unparse(node.args[1]))
        if name == "f" and len(node.args) == 1 and isinstance(node.func, ast.Attribute):
            return values.of(node.args[0])
        if name in ("table", "Table", "create_table") and node.args:
            return Table(_named(values, node, "table_name") or UNNAMED)
        if name == "batch_alter_table":
            return Batch(_named(values, node, "table_name") or UNNAMED)
        return self._queried(values, node) or self._passed_on(values, node) or self._returned(values, node)

    def _is_dialect(self, name: str) -> bool:
        """`isinstance(bind.dialect, PGDialect)`."""
        named = next((known for sign, known in _DIALECTS.items() if sign in name.lower()), None)
        if named is None:
            raise Unresolved("a dialect")
        return named == self.dialect

    def _passed_on(self, values: Values, node: ast.Call) -> object:
        """`list(rows)`, `in_pages(rows)`: still those rows."""
        rows = self.known(node.args[0], values.local) if node.args else None
        return rows if isinstance(rows, Rows) else None

    def _queried(self, values: Values, node: ast.Call) -> object:
        """`session.query(Mapped)…`: rows, or one of them."""
        methods = list(chained(node))
        owner = self.known(node.func.value, values.local) if isinstance(node.func, ast.Attribute) else None
        if isinstance(owner, Rows):
            return Row(owner.table) if methods[0][0] in _ONE else owner
        for verb in ("query", "scalars", "select"):
            asked = next((call for name, call in methods if name == verb and call.args), None)
            if asked is None:
                continue
            table = self.known(asked.args[0], values.local)
            if isinstance(table, Rows):
                return table
            if isinstance(table, Table):
                return Row(table.name) if methods[0][0] in _ONE else Rows(table.name)
        return None

    def _returned(self, values: Values, node: ast.Call) -> object:
        """A function of the file that comes down to one returned expression."""
        function = self.function_of(node.func, values.local)
        if function is None or self.depth >= _MOST_DEPTH or not function.body:
            raise Unresolved("a call")
        *before, last = function.body
        if not isinstance(last, ast.Return) or last.value is None:
            raise Unresolved("a call")
        self.depth += 1
        try:
            scope = self._inner(function, node, dict(values.local))
            for statement in before:
                if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                    scope[statement.targets[0].id] = self.value_or_pending(statement.value, scope)
                elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
                    raise Unresolved("a call")
            return self.values(scope).of(last.value)
        finally:
            self.depth -= 1


ASKING: Final = {
    "get_bind",
    "get_context",
    "inspect",
    "Session",
    "sessionmaker",
    "Inspector",
    "from_engine",
    "connect",
}


_DIALECTS: Final = {
    "mysql": "mysql",
    "maria": "mysql",
    "sqlite": "sqlite",
    "pg": "postgresql",
    "postgres": "postgresql",
}
_ONE: Final = {"first", "one", "get", "one_or_none", "scalar_one_or_none", "scalar_one"}


def _assigned(statement: ast.Assign | ast.AnnAssign | ast.AugAssign, target: ast.Name) -> ast.expr:
    """What the name holds afterwards: for `a += b`, the sum."""
    if isinstance(statement, ast.AugAssign):
        return ast.BinOp(ast.Name(target.id, ast.Load()), statement.op, statement.value)
    return statement.value or ast.Constant(None)


def is_proxy(value: object) -> bool:
    """Whether a value is Alembic's `op`."""
    return isinstance(value, Proxy) or (isinstance(value, Symbol) and value.name == "alembic.op")


def tables_of(body: Iterable[ast.stmt]) -> dict[str, object]:
    """The mapped classes of these statements, by their `__tablename__`."""
    found: dict[str, object] = {}
    for node in body:
        for inner in node.body if isinstance(node, ast.ClassDef) else ():
            match inner:
                case ast.Assign(targets=[ast.Name(id="__tablename__")], value=ast.Constant(value=str(name))):
                    found[getattr(node, "name", "")] = Table(name)
    return found


def _named(values: Values, node: ast.Call, keyword: str) -> str:
    given = node.args[0] if node.args else keywords(node).get(keyword)
    schema = keywords(node).get("schema")
    try:
        table = values.of(given) if given is not None else None
        named = table.name if isinstance(table, Table) else table
        return qualified(named, values.of(schema) if schema else None) if isinstance(named, str) else ""
    except Unresolved:
        return ""


def qualified(table: str, schema: object) -> str:
    return f"{schema}.{table}" if isinstance(schema, str) and schema not in ("", "public") else table
