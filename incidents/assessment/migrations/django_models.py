"""Django's operations on models and fields: what each does to the database, and to the state that later ones need."""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from incidents.assessment.migrations.django_fields import Field, read_field
from incidents.assessment.migrations.django_state import Constraint, Model, State
from incidents.assessment.migrations.operations import Column, ColumnType, Default, Kind, Op
from incidents.assessment.migrations.python_values import (
    Arguments,
    Symbol,
    Unresolved,
    Values,
    keywords,
    last_name,
    texts,
)

_ID: Final = Column(ColumnType("bigint"), nullable=False, default=Default.GENERATED, primary=True)
_ORDER: Final = Field("_order", "_order", Column(ColumnType("integer"), nullable=False))
_CONSTRAINTS: Final = {
    "UniqueConstraint": Kind.ADD_UNIQUE,
    "CheckConstraint": Kind.ADD_CHECK,
    "ExclusionConstraint": Kind.ADD_EXCLUSION,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One operation being read: the state it changes, its app, its call."""

    state: State
    label: str
    values: Values
    path: str
    call: ast.expr | None = None

    @property
    def text(self) -> str:
        return self.values.module.excerpt(self.call) if self.call else ""

    def op(self, kind: Kind, **attributes: object) -> Op:
        line = self.call.lineno if self.call else 1
        return Op(kind=kind, line=line, text=self.text, path=self.path, **attributes)  # type: ignore[arg-type]  # Op checks

    def unknown(self, node: ast.AST, why: str) -> Op:
        known = isinstance(node, ast.expr | ast.stmt) and hasattr(node, "lineno")
        text = self.values.module.excerpt(node) if known else self.text  # type: ignore[arg-type]  # just looked at
        return Op(kind=Kind.UNKNOWN, line=getattr(node, "lineno", 1), text=text, path=self.path, why=why)

    def arguments(self, *signature: str) -> Arguments:
        if not isinstance(self.call, ast.Call):
            raise Unresolved("an operation")
        given = Arguments.of(self.call, signature, self.values)
        if not given.is_whole:
            raise Unresolved("an operation's arguments")
        return given

    def model(self, name: str) -> Model:
        return self.state.find(self.label, name)


Read = Callable[[Step, ast.Call], Iterable[Op]]


# Models


def _create_model(step: Step, node: ast.Call) -> Iterator[Op]:
    given = step.arguments("name", "fields", "options", "bases", "managers")
    options = _options(given.node("options"), step.values)
    model = Model(
        step.label,
        given.text("name"),
        db_table=options.text("db_table"),
        has_table=not (options.is_set("proxy") or options.is_set("managed", off=True)),
        order_with_respect_to="order_with_respect_to" in options.nodes,
    )
    model = _with_options(step, model, options)
    for each in _fields(given.node("fields"), step.values):
        model = model.with_field(step.state.settled(model, each))
    step.state.put(model)
    if not model.has_table:
        yield step.op(Kind.HARMLESS)
        return
    yield step.op(Kind.CREATE_TABLE, table=model.table, defined=tuple(_columns(model)))
    yield from _join_tables(step, model)
    yield from _unique_on(step, model)


def _columns(model: Model) -> Iterator[tuple[str, Column]]:
    columns = [each for each in model.fields.values() if each.column]
    if not any(each.definition.primary for each in columns):
        yield "id", _ID
    yield from ((each.column, each.definition) for each in columns)
    if model.order_with_respect_to:
        yield _ORDER.column, _ORDER.definition


def _join_tables(step: Step, model: Model) -> Iterator[Op]:
    for each in model.fields.values():
        if each.joins:
            yield _join(step, model, each)


def _join(step: Step, model: Model, many: Field) -> Op:
    columns = (("id", _ID), *step.state.joining_columns(model, many))
    return step.op(Kind.CREATE_TABLE, table=model.joining_table(many), defined=columns)


def _unique_on(step: Step, model: Model) -> Iterator[Op]:
    for names in sorted(model.unique_together):
        yield step.op(Kind.ADD_UNIQUE, table=model.table, columns=model.columns_of(names))
    for name, made in model.constraints.items():
        yield _constrain(step, model, name, made)


def _fields(node: ast.expr | None, values: Values) -> Iterator[Field]:
    """`[("name", models.Field()), …]`; Unresolved where it is anything else."""
    node = values.module.behind(node)
    if not isinstance(node, ast.List | ast.Tuple):
        raise Unresolved("fields")
    for pair in node.elts:
        if not isinstance(pair, ast.Tuple | ast.List) or len(pair.elts) != 2:
            raise Unresolved("a field")
        name = values.of(pair.elts[0])
        if not isinstance(name, str):
            raise Unresolved("a field's name")
        try:
            yield read_field(name, pair.elts[1], values)
        except Unresolved:
            yield Field(name, name)


@dataclass(frozen=True, slots=True)
class _Options:
    """A model's `options`, each read only when asked for."""

    nodes: dict[str, ast.expr]
    values: Values

    def text(self, name: str) -> str:
        value = self.values.of(self.nodes[name]) if name in self.nodes else ""
        if value is not None and not isinstance(value, str):
            raise Unresolved(name)
        return (value or "").replace('"', "")

    def is_set(self, name: str, *, off: bool = False) -> bool:
        return name in self.nodes and bool(self.values.of(self.nodes[name])) is not off


def _options(node: ast.expr | None, values: Values) -> _Options:
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return _Options({}, values)
    if isinstance(node, ast.Call) and last_name(node.func) == "dict" and not node.args:
        return _Options(keywords(node), values)
    if not isinstance(node, ast.Dict):
        raise Unresolved("options")
    named = {
        key.value: value for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant)
    }
    return _Options({str(key): value for key, value in named.items()}, values)


def _with_options(step: Step, model: Model, options: _Options) -> Model:
    together = options.nodes.get("unique_together")
    model = replace(model, unique_together=_together(step.values.of(together) if together else ()))
    constraints = options.nodes.get("constraints")
    for each in constraints.elts if isinstance(constraints, ast.List | ast.Tuple) else ():
        try:
            name, made = _constraint(step, model, each)
        except Unresolved:
            continue
        model.constraints[name] = made
    return model


def _delete_model(step: Step, node: ast.Call) -> Iterator[Op]:
    model = step.model(step.arguments("name").text("name"))
    step.state.drop(model)
    if not model.has_table:
        yield step.op(Kind.HARMLESS)
        return
    yield step.op(Kind.DROP_TABLE, table=model.table)
    yield from (step.op(Kind.DROP_TABLE, table=table) for table in step.state.joining_tables(model))


def _rename_model(step: Step, node: ast.Call) -> Iterator[Op]:
    given = step.arguments("old_name", "new_name")
    old = step.model(given.text("old_name"))
    new = replace(old, name=given.text("new_name"))
    step.state.drop(old)
    step.state.put(new)
    yield from _moved(step, old, new)
    _repoint(step, old, new)


def _moved(step: Step, old: Model, new: Model) -> Iterator[Op]:
    """A table under another name, and the tables that join it."""
    if old.table == new.table or not old.has_table:
        yield step.op(Kind.HARMLESS)
        return
    yield step.op(Kind.RENAME_TABLE, table=old.table, to=new.table)
    for each in new.fields.values():
        if each.joins and old.joining_table(each) != new.joining_table(each):
            yield step.op(Kind.RENAME_TABLE, table=old.joining_table(each), to=new.joining_table(each))


def _repoint(step: Step, old: Model, new: Model) -> None:
    """Relations to a renamed model follow it: their columns stay what they were."""
    names = {f"{old.label}.{old.name}".lower(), old.name.lower() if old.name else ""}
    for model in list(step.state.models.values()):
        for each in model.fields.values():
            same_app = model.label == old.label
            if each.relation and each.relation.to in names and ("." in each.relation.to or same_app):
                model = model.with_field(_pointing(each, new))  # noqa: PLW2901  # each field in turn
        step.state.put(model)


def _pointing(each: Field, new: Model) -> Field:
    relation = replace(each.relation, to=f"{new.label}.{new.name}".lower()) if each.relation else None
    if each.is_many:
        return replace(each, relation=relation)
    definition = replace(each.definition, type=ColumnType(f"key of {new.table}"), references=new.table)
    return replace(each, relation=relation, definition=definition)


def _alter_table(step: Step, node: ast.Call) -> Iterator[Op]:
    given = step.arguments("name", "table")
    old = step.model(given.text("name"))
    new = replace(old, db_table=given.text("table").replace('"', ""))
    step.state.put(new)
    if not old.known and not given.text("table"):
        raise Unresolved("which table it had")
    yield from _moved(step, old, new)


def _alter_options(step: Step, node: ast.Call) -> Iterator[Op]:
    given = step.arguments("name", "options")
    model = step.model(given.text("name"))
    options = _options(given.node("options"), step.values)
    if "managed" in options.nodes:
        step.state.put(replace(model, has_table=options.is_set("managed")))
    yield step.op(Kind.HARMLESS)


# Fields


def _add_field(step: Step, node: ast.Call) -> Iterator[Op]:
    given = step.arguments("model_name", "name", "field", "preserve_default")
    model = step.model(given.text("model_name"))
    added = step.state.settled(model, read_field(given.text("name"), given.node("field"), step.values))
    model = model.with_field(added)
    step.state.put(model)
    step.state.released.pop((model.table, added.column), None)
    if not model.has_table or not (added.column or added.joins):
        yield step.op(Kind.HARMLESS)
    elif added.joins:
        yield _join(step, model, added)
    else:
        yield step.op(Kind.ADD_COLUMN, table=model.table, column=added.column, definition=added.definition)


def _remove_field(step: Step, node: ast.Call) -> Iterator[Op]:
    given = step.arguments("model_name", "name")
    model, name = step.model(given.text("model_name")), given.text("name")
    known = model.fields.get(name) or model.removed.get(name)
    step.state.put(model.without_field(name))
    if not model.has_table or (known and not (known.column or known.joins)):
        yield step.op(Kind.HARMLESS)
    elif known and known.joins:
        yield step.op(Kind.DROP_TABLE, table=model.joining_table(known))
    else:
        yield step.op(Kind.DROP_COLUMN, table=model.table, column=known.column if known else name)


def _alter_field(step: Step, node: ast.Call) -> Iterator[Op]:
    given = step.arguments("model_name", "name", "field", "preserve_default")
    model, name = step.model(given.text("model_name")), given.text("name")
    old = model.fields.get(name)
    new = step.state.settled(model, read_field(name, given.node("field"), step.values))
    step.state.put(model.with_field(new))
    if not model.has_table:
        yield step.op(Kind.HARMLESS)
    elif new.is_many or (old and old.is_many):
        yield from _alter_many(step, model, old, new)
    elif not new.column:
        yield step.op(Kind.HARMLESS)
    else:
        yield _redefined(step, model, old, new)


def _redefined(step: Step, model: Model, old: Field | None, new: Field) -> Op:
    previously = old.definition if old and old.column else None
    column = old.column if old and old.column else new.column
    to = new.column if new.column != column else ""
    told = {"definition": new.definition, "previously": previously, "to": to}
    return step.op(Kind.REDEFINE_COLUMN, table=model.table, column=column, **told)


def _alter_many(step: Step, model: Model, old: Field | None, new: Field) -> Iterator[Op]:
    """A ManyToMany stays one; its table may be called otherwise. Whether another table is joined, a person says."""
    if old is None:
        raise Unresolved("what the field was")
    if old.joins and new.joins and old.relation and new.relation:
        before, after = model.joining_table(old), model.joining_table(new)
        same_end = step.state.table_of(old.relation.to, model) == step.state.table_of(new.relation.to, model)
        if same_end:
            renamed = step.op(Kind.RENAME_TABLE, table=before, to=after)
            yield renamed if before != after else step.op(Kind.HARMLESS)
            return
    if old.is_many and new.is_many and not old.joins and not new.joins:
        yield step.op(Kind.HARMLESS)
        return
    raise Unresolved("which table it joins")


def _rename_field(step: Step, node: ast.Call) -> Iterator[Op]:
    given = step.arguments("model_name", "old_name", "new_name")
    model, name, to = step.model(given.text("model_name")), given.text("old_name"), given.text("new_name")
    old = model.fields.get(name)
    new = _renamed(old or Field(name, name), name, to)
    together = frozenset(tuple(to if each == name else each for each in names) for names in model.unique_together)
    step.state.put(replace(model.without_field(name).with_field(new), unique_together=together))
    if not model.has_table:
        yield step.op(Kind.HARMLESS)
    elif old and old.joins:
        before, after = model.joining_table(old), model.joining_table(new)
        yield step.op(Kind.RENAME_TABLE, table=before, to=after) if before != after else step.op(Kind.HARMLESS)
    elif old and old.column == new.column:
        yield step.op(Kind.HARMLESS)
    else:
        yield step.op(Kind.RENAME_COLUMN, table=model.table, column=old.column if old else name, to=new.column)


def _renamed(old: Field, name: str, to: str) -> Field:
    """The field under its new name: a column that was named by hand stays."""
    follows = bool(old.column) and not old.named_by_hand
    return replace(old, name=to, column=(f"{to}_id" if old.relation else to) if follows else old.column)


# Constraints


def _together(value: object) -> frozenset[tuple[str, ...]]:
    """`unique_together` in each of its spellings: a set of tuples, a list of lists, one plain tuple."""
    items = tuple(value) if isinstance(value, list | tuple | set | frozenset) else ()
    if items and all(isinstance(item, str) for item in items):
        return frozenset({texts(items)})
    return frozenset(texts(item) for item in items)


def _alter_unique_together(step: Step, node: ast.Call) -> Iterator[Op]:
    given = step.arguments("name", "unique_together")
    model, wanted = step.model(given.text("name")), _together(given.value("unique_together") or ())
    step.state.put(replace(model, unique_together=wanted))
    before = model.unique_together
    if not model.known and not wanted:
        yield step.op(Kind.DROP_CONSTRAINT, table=model.table, of=Kind.ADD_UNIQUE)
    for names in sorted(before - wanted):
        yield step.op(Kind.DROP_CONSTRAINT, table=model.table, of=Kind.ADD_UNIQUE, columns=model.columns_of(names))
    for names in sorted(wanted - before):
        yield step.op(Kind.ADD_UNIQUE, table=model.table, columns=model.columns_of(names))


def _add_constraint(step: Step, node: ast.Call) -> Iterator[Op]:
    given = step.arguments("model_name", "constraint")
    model = step.model(given.text("model_name"))
    name, made = _constraint(step, model, given.node("constraint"))
    step.state.put(replace(model, constraints={**model.constraints, name: made}))
    yield _constrain(step, model, name, made)


def _alter_constraint(step: Step, node: ast.Call) -> Iterator[Op]:
    given = step.arguments("model_name", "name", "constraint")
    model = step.model(given.text("model_name"))
    _, made = _constraint(step, model, given.node("constraint"))
    name = given.text("name")
    step.state.put(replace(model, constraints={**model.constraints, name: made}))
    yield _constrain(step, model, name, made)


def _remove_constraint(step: Step, node: ast.Call) -> Iterator[Op]:
    given = step.arguments("model_name", "name")
    model, name = step.model(given.text("model_name")), given.text("name")
    made = model.constraints.get(name)
    kept = {known: each for known, each in model.constraints.items() if known != name}
    step.state.put(replace(model, constraints=kept))
    told = {"of": made.kind, "columns": made.columns, "where": made.where} if made else {}
    yield step.op(Kind.DROP_CONSTRAINT, table=model.table, name=name, **told)


def _constrain(step: Step, model: Model, name: str, made: Constraint) -> Op:
    told = {"columns": made.columns, "where": made.where, "empty_equal": made.empty_equal}
    return step.op(made.kind, table=model.table, name=name, **told)


def _constraint(step: Step, model: Model, node: ast.expr | None) -> tuple[str, Constraint]:
    node = step.values.module.behind(node)
    kind = _CONSTRAINTS.get(last_name(node.func)) if isinstance(node, ast.Call) else None
    if kind is None or not isinstance(node, ast.Call):
        raise Unresolved("a constraint")
    given = Arguments.of(node, (), step.values)
    predicate = given.node("condition") or given.node("check")
    where = ast.unparse(predicate) if predicate else ""
    empty_equal = given.value("nulls_distinct", True) is False
    return _name_of(given, step), Constraint(kind, _constrained(model, node, given, kind), where, empty_equal)


def _name_of(given: Arguments, step: Step) -> str:
    value = given.value("name", "")
    return value.name if isinstance(value, Symbol) else given.text("name")


def _constrained(model: Model, node: ast.Call, given: Arguments, kind: Kind) -> tuple[str, ...]:
    """Its columns; a constraint on expressions is on their texts, which no other set of columns contains."""
    if kind is Kind.ADD_UNIQUE and "fields" in given:
        return model.columns_of(given.texts("fields"))
    return tuple(ast.unparse(expression) for expression in node.args) if kind is Kind.ADD_UNIQUE else ()


def _order_with_respect_to(step: Step, node: ast.Call) -> Iterator[Op]:
    """Django keeps the order in a column `_order`, NOT NULL, whose default it drops again."""
    given = step.arguments("name", "order_with_respect_to")
    model, wanted = step.model(given.text("name")), given.value("order_with_respect_to") is not None
    step.state.put(replace(model, order_with_respect_to=wanted))
    if wanted == model.order_with_respect_to:
        yield step.op(Kind.HARMLESS)
    elif wanted:
        yield step.op(Kind.ADD_COLUMN, table=model.table, column=_ORDER.column, definition=_ORDER.definition)
    else:
        yield step.op(Kind.DROP_COLUMN, table=model.table, column=_ORDER.column)


MODEL_OPERATIONS: Final[dict[str, Read]] = {
    "CreateModel": _create_model,
    "DeleteModel": _delete_model,
    "RenameModel": _rename_model,
    "AlterModelTable": _alter_table,
    "AlterModelOptions": _alter_options,
    "AddField": _add_field,
    "RemoveField": _remove_field,
    "AlterField": _alter_field,
    "RenameField": _rename_field,
    "AlterUniqueTogether": _alter_unique_together,
    "AlterOrderWithRespectTo": _order_with_respect_to,
    "AddConstraint": _add_constraint,
    "AddConstraintNotValid": _add_constraint,
    "AlterConstraint": _alter_constraint,
    "RemoveConstraint": _remove_constraint,
}
