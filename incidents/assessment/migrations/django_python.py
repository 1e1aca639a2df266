"""What a RunPython's function does to rows, as far as its text tells: which tables it changes, overwrites or empties.

Calls into functions of the same file are followed. A call that nobody knows is one question to a person.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from incidents.assessment.migrations.django_models import Step
from incidents.assessment.migrations.django_state import Model
from incidents.assessment.migrations.embedded_sql import read_partly, read_percent
from incidents.assessment.migrations.harmless_calls import BUILTINS, METHODS, READING_QUERIES, is_pure
from incidents.assessment.migrations.operations import Kind, Op
from incidents.assessment.migrations.python_values import (
    Opaque,
    Unresolved,
    Values,
    bindings,
    chained,
    changing_names,
    constants_of,
    keywords,
    last_name,
    texts,
)
from incidents.assessment.python_source import dotted

_MOST_CALLS: Final = 60
_MOST_QUESTIONS: Final = 5
_QUERIES: Final = {"filter", "exclude", "annotate", "alias", "all", "objects", "order_by"}
_NARROWING: Final = {"filter", "exclude", "get", "get_or_create"}
_ONE: Final = {"get", "first", "last", "earliest", "latest", "get_or_create", "update_or_create", "create"}
_MANY: Final = {"values", "values_list", "iterator", "bulk_create", "bulk_update"}
_CREATING: Final = {"create", "bulk_create", "get_or_create", "abulk_create", "acreate"}
_MUTATING: Final = {"append", "pop", "update", "setdefault", "extend", "insert", "remove", "clear"}
_JOINING: Final = {"add", "set", "remove", "clear"}
_EXECUTING: Final = {"execute", "executemany"}


@dataclass(frozen=True, slots=True)
class _Rows:
    """A model, a query on it, or a list of its rows. `blank`: the fields that the query found empty."""

    model: Model | None
    blank: frozenset[str] = frozenset()
    new: bool = False


@dataclass(eq=False, slots=True)
class _Row:
    """One row, and what was assigned to it. `new`: made here, not read.

    `falsy` fields are blank only in Python's sense, `true` ones are set to True: a field that is both held False, a value.
    """

    model: Model | None
    blank: set[str] = field(default_factory=set)
    new: bool = False
    assigned: set[str] = field(default_factory=set)
    falsy: set[str] = field(default_factory=set)
    true: set[str] = field(default_factory=set)

    def filled(self) -> frozenset[str]:
        """The fields of which only empty values can be overwritten."""
        return frozenset(self.blank | (self.falsy - self.true))


class _Cursor:
    """Whatever executes SQL."""


_Origin = _Rows | _Row | _Cursor | None


@dataclass(frozen=True, slots=True)
class _TableOf(Opaque):
    """`Model._meta.db_table` in a text."""

    model: Model

    def part(self, name: str) -> object:
        if name == "_meta":
            return self
        if name == "db_table" and self.model.known:
            return self.model.table
        raise Unresolved(name)


class _Editor(Opaque):
    """The schema editor: its database is PostgreSQL."""

    def part(self, name: str) -> object:
        return "postgresql" if name == "vendor" else self


EDITOR: Final = _Editor()


def quoted(values: Values, node: ast.Call) -> str:
    """`quote_name(…)` of the editor or its connection, under whatever name."""
    if len(node.args) == 1 and (last_name(node.func) == "quote_name" or isinstance(values.of(node.func), _Editor)):
        return '"' + texts(values.of(node.args[0]))[0].replace('"', "") + '"'
    raise Unresolved("a call")


def _whole(code: ast.expr | None) -> ast.expr | None:
    """The function of which `partial(function, flag=True)` fixes arguments by name."""
    if isinstance(code, ast.Call) and last_name(code.func) == "partial" and len(code.args) == 1:
        return code.args[0]
    return code


def run_python(step: Step, code: ast.expr | None) -> Iterable[Op]:
    """The operations that the function amounts to; UNKNOWN for what only a reader can judge."""
    walk, code = _Walk(step), _whole(code)
    if code is None or dotted(code).endswith("RunPython.noop") or last_name(code) == "noop":
        return [step.op(Kind.HARMLESS)]
    if isinstance(code, ast.Lambda):
        walk.expressions(_Frame({}, step.values), [code.body])
    elif isinstance(code, ast.Name) and code.id in step.values.module.functions:
        walk.function(step.values.module.functions[code.id], ())
    else:
        return [step.unknown(code, "What this function does stands in another file.")]
    return walk.found or [step.op(Kind.HARMLESS)]


@dataclass(slots=True)
class _Frame:
    """One function's names: where each comes from, and the values of its literals."""

    names: dict[str, _Origin]
    values: Values
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    changing: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Walk:
    """Follows one function and those that it calls."""

    step: Step
    found: list[Op] = field(default_factory=list)
    entered: set[str] = field(default_factory=set)
    questions: int = 0

    def function(self, node: ast.FunctionDef, given: Iterable[_Origin]) -> None:
        """Once per function: what it does, it does however often it is called."""
        if node.name in self.entered or len(self.entered) > _MOST_CALLS:
            return
        self.entered.add(node.name)
        names = [argument.arg for argument in node.args.args]
        frame = _Frame(dict(zip(names, given, strict=False)), self._values(node, names))
        frame.changing = changing_names(node.body)
        frame.functions = {inner.name: inner for inner in ast.walk(node) if isinstance(inner, ast.FunctionDef)}
        self.expressions(frame, node.body)

    def _values(self, node: ast.FunctionDef, names: list[str]) -> Values:
        editors = [*names[1:2], "connection", "schema_editor"]
        values = self.step.values.within(dict.fromkeys(editors, EDITOR))
        changing = changing_names(node.body)
        for name, value in constants_of(node.body).items():
            values = values.within(_evaluated(values, name, value) if name not in changing else {})
        return values

    def expressions(self, frame: _Frame, body: Iterable[ast.AST]) -> None:
        nodes = list(_live(frame.values, body))
        for _ in range(2):
            for node in nodes:
                self._bind(frame, node)
        for node in nodes:
            self._note_change(frame, node)
        handed = {id(node.iter) for node in nodes if isinstance(node, ast.For) and self._hands_on(frame, node.iter)}
        for node in nodes:
            if isinstance(node, ast.Call) and id(node) not in handed:
                self.found += self._effects(frame, node)
                self._follow_arguments(frame, node)

    def _hands_on(self, frame: _Frame, node: ast.expr) -> bool:
        """`for row in in_pages(rows)`: whatever hands the rows on, only hands them on."""
        return (
            isinstance(node, ast.Call)
            and not isinstance(node.func, ast.Attribute)
            and (isinstance(self.origin(frame, node), _Rows))
        )

    def _follow_arguments(self, frame: _Frame, node: ast.Call) -> None:
        """A function of the file that is handed on will be called."""
        for argument in (*node.args, *keywords(node).values()):
            name = argument.id if isinstance(argument, ast.Name) else ""
            function = frame.functions.get(name) or self.step.values.module.functions.get(name)
            if function is not None and name not in frame.names:
                self.function(function, ())

    # Where names come from

    def _bind(self, frame: _Frame, node: ast.AST) -> None:
        match node:
            case ast.Assign() | ast.AnnAssign():
                for name, value in bindings(node):
                    self._bind_one(frame, name, value)
                self._bind_pair(frame, node)
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                self._bind_one(frame, name, value)
            case ast.For(target=target, iter=source) | ast.comprehension(target=target, iter=source):
                self._bind_each(frame, target, source)
            case ast.withitem(context_expr=source, optional_vars=ast.Name(id=name)):
                frame.names[name] = self.origin(frame, source)

    def _bind_one(self, frame: _Frame, name: str, value: ast.expr) -> None:
        origin = self.origin(frame, value)
        known = frame.names.get(name)
        if isinstance(origin, _Row) and isinstance(known, _Row) and known.model == origin.model:
            known.new = known.new and origin.new
        elif origin is not None or name not in frame.names:
            frame.names[name] = origin
        local: dict[str, object] = {}
        if isinstance(origin, _Rows) and origin.model:
            local = {name: _TableOf(origin.model)}
        elif origin is None and name not in frame.changing:
            local = _evaluated(frame.values, name, value)
        frame.values = frame.values.within(local)

    def _bind_pair(self, frame: _Frame, node: ast.Assign | ast.AnnAssign) -> None:
        """`row, created = Model.objects.get_or_create(…)`."""
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(id=name), _])], value=ast.Call() as value):
                frame.names[name] = self.origin(frame, value)

    def _bind_each(self, frame: _Frame, target: ast.expr, source: ast.expr) -> None:
        rows = self.origin(frame, source)
        if isinstance(target, ast.Tuple) and target.elts:
            target = target.elts[-1]
        if (
            isinstance(rows, _Rows)
            and isinstance(target, ast.Name)
            and not isinstance(frame.names.get(target.id), _Row)
        ):
            frame.names[target.id] = _Row(rows.model, set(rows.blank), rows.new)

    def origin(self, frame: _Frame, node: ast.AST) -> _Origin:
        match node:
            case ast.Name(id=name):
                return frame.names.get(name)
            case ast.Call():
                return self._origin_of_call(frame, node)
            case ast.Attribute(value=owner, attr=name):
                return self._origin_of_part(self.origin(frame, owner), name)
            case ast.Subscript(value=owner, slice=index):
                rows = self.origin(frame, owner)
                one = isinstance(rows, _Rows) and not isinstance(index, ast.Slice)
                return _Row(rows.model, set(rows.blank), rows.new) if one and isinstance(rows, _Rows) else rows
            case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element):
                row = self.origin(frame, element)
                return _Rows(row.model, frozenset(row.blank), row.new) if isinstance(row, _Row) else None
            case ast.BinOp(left=left) | ast.BoolOp(values=[left, *_]) | ast.IfExp(body=left):
                return self.origin(frame, left)
        return None

    def _origin_of_part(self, owner: _Origin, name: str) -> _Origin:
        if isinstance(owner, _Rows):
            return None if name.startswith("_meta") or name[:1].isupper() else owner  # a manager may have any name
        if isinstance(owner, _Row) and owner.model and (known := owner.model.fields.get(name)) and known.relation:
            there = self.step.state.named(known.relation.to, owner.model.label)
            return _Rows(there) if known.is_many else _Row(there)
        return _Rows(None) if name == "objects" else None

    def _origin_of_call(self, frame: _Frame, node: ast.Call) -> _Origin:
        name = last_name(node.func)
        if name == "get_model":
            return _Rows(self._model(frame, node))
        if name == "cursor":
            return _Cursor()
        if not isinstance(node.func, ast.Attribute):
            return self._origin_of_name_call(frame, node)
        owner = self.origin(frame, node.func.value)
        if not isinstance(owner, _Rows):
            return self._first_argument(frame, node)
        if name in _ONE:
            return _Row(owner.model, set(owner.blank), name == "create")
        if name in _NARROWING:
            return _Rows(owner.model, owner.blank | _emptied(node), owner.new)
        return owner if name in READING_QUERIES | _MANY else None

    def _origin_of_name_call(self, frame: _Frame, node: ast.Call) -> _Origin:
        owner = self.origin(frame, node.func)
        return _Row(owner.model, new=True) if isinstance(owner, _Rows) else self._first_argument(frame, node)

    def _first_argument(self, frame: _Frame, node: ast.Call) -> _Origin:
        """`list(rows)`, `tqdm(rows)`, `in_batches(rows)`: still those rows."""
        rows = self.origin(frame, node.args[0]) if node.args else None
        return rows if isinstance(rows, _Rows) else None

    def _model(self, frame: _Frame, node: ast.Call) -> Model | None:
        try:
            given = [text for argument in node.args for text in texts(frame.values.of(argument))]
        except Unresolved:
            return None
        app, _, name = given[0].rpartition(".") if len(given) == 1 else (given[0], "", given[-1])
        return self.step.state.find(app, name)

    # What changes

    def _note_change(self, frame: _Frame, node: ast.AST) -> None:
        """Fields assigned, or changed within; fields that a condition found empty."""
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(frame, target, value)
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
                self._assign(frame, target)
            case ast.Call(func=ast.Attribute(value=ast.Attribute() as changed, attr=name)) if name in _MUTATING:
                self._assign(frame, changed)
            case ast.Call(func=ast.Name(id="setattr"), args=[owner, name, _]):
                self._assign(frame, ast.Attribute(owner, _literal(name)))
            case (
                ast.UnaryOp(op=ast.Not(), operand=ast.Attribute(value=owner, attr=name))
                | ast.Compare(
                    left=ast.Attribute(value=owner, attr=name),
                    ops=[ast.Is() | ast.Eq()],
                    comparators=[ast.Constant(value=None | "")],
                )
            ):
                if isinstance(row := self.origin(frame, owner), _Row):
                    (row.falsy if isinstance(node, ast.UnaryOp) else row.blank).add(name)

    def _assign(self, frame: _Frame, target: ast.expr, value: ast.expr | None = None) -> None:
        while isinstance(target, ast.Subscript):
            target = target.value
        if isinstance(target, ast.Tuple):
            for each in target.elts:
                self._assign(frame, each)
        elif isinstance(target, ast.Attribute) and isinstance(row := self.origin(frame, target.value), _Row):
            row.assigned.add(target.attr)
            row.true |= {target.attr} if isinstance(value, ast.Constant) and value.value is True else set()

    # What is done

    def _effects(self, frame: _Frame, node: ast.Call) -> Iterator[Op]:
        if isinstance(node.func, ast.Attribute):
            yield from self._method(frame, node, node.func)
        else:
            yield from self._plain_call(frame, node)

    def _plain_call(self, frame: _Frame, node: ast.Call) -> Iterator[Op]:
        name = last_name(node.func)
        module = self.step.values.module
        function = frame.functions.get(name) or module.functions.get(name)
        if function is not None:
            self.function(function, [self.origin(frame, argument) for argument in node.args])
        elif (
            self.origin(frame, node.func) is None
            and not self._is_editor(frame, node.func)
            and not (name in BUILTINS or is_pure(module.named(node.func)))
        ):
            yield from self._ask(node, f"What does {name or 'this call'} do?")

    def _method(self, frame: _Frame, node: ast.Call, func: ast.Attribute) -> Iterator[Op]:
        owner, name = self.origin(frame, func.value), func.attr
        if name in ("delete", "_raw_delete") and (owner or not node.args):
            yield self._op(Kind.DELETE, node, owner)
        elif isinstance(owner, _Rows):
            yield from self._on_rows(frame, node, owner, name)
        elif name == "update" and owner is None and _QUERIES & {each for each, _ in chained(node)}:
            yield self._update(node, _Rows(None), set(keywords(node)), ())
        elif isinstance(owner, _Row) and name in ("save", "asave"):
            yield from self._save(frame, node, owner)
        elif name in _EXECUTING and (isinstance(owner, _Cursor) or self._executes(frame, func.value)):
            yield from self._execute(frame, node)
        elif name in _JOINING and isinstance(self._row_of(frame, func.value), _Row):
            yield from self._join(frame, node, func)
        elif not self._is_harmless(func, owner):
            yield from self._ask(node, f"What does .{name}() change?")

    def _on_rows(self, frame: _Frame, node: ast.Call, owner: _Rows, name: str) -> Iterator[Op]:
        if name == "update":
            yield self._update(node, owner, set(keywords(node)), owner.blank)
        elif name == "bulk_update":
            yield from self._bulk_update(frame, node, owner)
        elif name in _CREATING:
            yield self._op(Kind.INSERT_SELECTED, node, owner)
        elif name in _JOINING and owner.model is not None:
            yield from self._ask(node, f"Which rows does .{name}() join or part?")
        elif name not in READING_QUERIES | _ONE | _MANY | _NARROWING and name not in METHODS:
            yield from self._ask(node, f"What does .{name}() change?")
        elif name == "update_or_create":
            yield from self._ask(node, "Does it overwrite a row that was there?")

    def _bulk_update(self, frame: _Frame, node: ast.Call, owner: _Rows) -> Iterator[Op]:
        named = keywords(node).get("fields") or (node.args[1] if len(node.args) > 1 else ast.Constant(None))
        try:
            yield self._update(node, owner, set(texts(frame.values.of(named))), owner.blank)
        except Unresolved:
            yield from self._ask(node, "Which fields does it overwrite?")

    def _save(self, frame: _Frame, node: ast.Call, row: _Row) -> Iterator[Op]:
        if row.new:
            yield self._op(Kind.INSERT_SELECTED, node, row)
            return
        fields = set(row.assigned)
        if (named := keywords(node).get("update_fields")) is not None:
            try:
                fields = set(texts(frame.values.of(named)))
            except Unresolved:
                fields = set(row.assigned)
        if fields and row.model:
            yield self._update(node, row, fields, row.filled())
        else:
            yield from self._ask(node, "Which fields does it overwrite?")

    def _update(self, node: ast.Call, owner: _Rows | _Row, fields: set[str], blank: Iterable[str]) -> Op:
        model = owner.model
        columns = model.columns_of(tuple(sorted(fields))) if model else tuple(sorted(fields))
        fills = bool(fields) and _attributes(fields) <= _attributes(blank)
        return self._op(Kind.UPDATE, node, owner, columns=columns, fills=fills)

    def _join(self, frame: _Frame, node: ast.Call, func: ast.Attribute) -> Iterator[Op]:
        """Rows of a ManyToMany's own table."""
        row = self._row_of(frame, func.value)
        many = row.model.fields.get(last_name(func.value)) if row and row.model else None
        if row and row.model and many and many.joins and func.attr == "add":
            line, text = node.lineno, self.step.values.module.excerpt(node)
            table = row.model.joining_table(many)
            yield Op(kind=Kind.INSERT_SELECTED, line=line, text=text, path=self.step.path, table=table)
        elif many is None or many.is_many:
            yield from self._ask(node, f"Which rows does .{func.attr}() join or part?")

    def _row_of(self, frame: _Frame, node: ast.expr) -> _Row | None:
        """The row whose relation `node` is."""
        owner = self.origin(frame, node.value) if isinstance(node, ast.Attribute) else None
        return owner if isinstance(owner, _Row) else None

    def _executes(self, frame: _Frame, owner: ast.expr) -> bool:
        named = dotted(owner).rpartition(".")[2]
        return named in ("schema_editor", "cursor", "connection") or self._is_editor(frame, owner)

    def _is_editor(self, frame: _Frame, owner: ast.expr) -> bool:
        try:
            return isinstance(frame.values.of(owner), _Editor)
        except Unresolved:
            return False

    def _execute(self, frame: _Frame, node: ast.Call) -> Iterator[Op]:
        given = node.args[0] if node.args else ast.Constant(None)
        try:
            (sql,) = texts(frame.values.of(given))
        except (Unresolved, ValueError):
            yield from read_partly(frame.values, given, path=self.step.path, line=node.lineno)
            yield from self._ask(node, "Which SQL it executes is decided when the migration runs.")
            return
        yield from read_percent(sql, path=self.step.path, line=node.lineno)

    def _is_harmless(self, func: ast.Attribute, owner: _Origin) -> bool:
        named = self.step.values.module.named(func)
        root = named.partition(".")[0]
        return (func.attr in METHODS or func.attr in _MUTATING or func.attr == "add" or is_pure(named)) and (
            root not in ("os", "shutil", "subprocess", "requests")
        )

    def _op(self, kind: Kind, node: ast.Call, owner: _Origin, **told: object) -> Op:
        model = owner.model if isinstance(owner, _Rows | _Row) else None
        text = self.step.values.module.excerpt(node)
        table = model.table if model else ""
        return Op(kind=kind, line=node.lineno, text=text, path=self.step.path, table=table, **told)  # type: ignore[arg-type]  # Op checks

    def _ask(self, node: ast.expr, why: str) -> Iterator[Op]:
        self.questions += 1
        if self.questions <= _MOST_QUESTIONS:
            yield self.step.unknown(node, why)


def _literal(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "?"


def _attributes(names: Iterable[str]) -> set[str]:
    """A relation goes by two names, `owner` and `owner_id`."""
    return {name.removesuffix("_id") for name in names}


def _emptied(node: ast.Call) -> frozenset[str]:
    """The fields that a filter says are NULL or empty."""
    found = set()
    for name, value in keywords(node).items():
        constant = value.value if isinstance(value, ast.Constant) else ...
        if name.endswith("__isnull") and constant is (last_name(node.func) != "exclude"):
            found.add(name.removesuffix("__isnull"))
        elif constant is None or constant == "":
            found.add(name)
    return frozenset(found)


def _evaluated(values: Values, name: str, value: ast.expr) -> dict[str, object]:
    try:
        return {name: values.of(value)}
    except Unresolved:
        return {}


def _live(values: Values, body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Every node that can run on PostgreSQL, outermost first; functions only where they are called."""
    for node in body:
        if isinstance(node, ast.If) and (branch := branch_of(values, node)) is not None:
            yield from _live(values, branch)
            if branch and isinstance(branch[-1], ast.Return | ast.Raise):
                return
        elif not isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node
            yield from _live(values, ast.iter_child_nodes(node))


def branch_of(values: Values, node: ast.If) -> list[ast.stmt] | None:
    """The branch that PostgreSQL takes; None where only running would tell."""
    try:
        return node.body if values.holds(node.test) else node.orelse
    except Unresolved:
        return None
