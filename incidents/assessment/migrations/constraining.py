"""Constraints in the net effect of a merge: what is refused now that was not, and what no longer is."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from incidents.assessment.migrations.effects import Effect, Fact
from incidents.assessment.migrations.folding import Deed
from incidents.assessment.migrations.operations import Default, Kind, Op
from incidents.assessment.migrations.schema import UNHELD, Constraint, Held, Schema, TableState


def new_constraints(schema: Schema, table: TableState) -> Iterator[Effect]:
    """Of an old table: each one added by the merge."""
    for name, constraint in table.constraints.items():
        if constraint.made:
            yield _constraint(schema, table, name, constraint, constraint.made)


def new_foreign_keys(schema: Schema, table: TableState) -> Iterator[Effect]:
    """Of a new table: those that bind the rows of an old one."""
    for constraint in table.constraints.values():
        if constraint.made and _holds_deletes(schema, constraint):
            yield Effect(constraint.kind, constraint.made, frozenset({Fact.CREATED, Fact.HOLDS_DELETES}), table.name)


def _holds_deletes(schema: Schema, constraint: Constraint) -> bool:
    if constraint.kind is not Kind.ADD_FOREIGN_KEY or constraint.on_delete.lower() not in _HOLDING:
        return False
    parent = schema.find(constraint.references)
    return parent is None or not parent.created


_HOLDING: Final = {"", "no action", "restrict"}


def _constraint(schema: Schema, table: TableState, name: str, constraint: Constraint, made: Op) -> Effect:
    facts = _facts_of_columns(table, constraint)
    if _is_weaker(table, constraint):
        facts.add(Fact.WEAKER)
    if constraint.kind is Kind.ADD_FOREIGN_KEY:
        replaced = table.before.get(name) or _same_columns(table, constraint)
        facts |= {Fact.CHANGED} if replaced and Fact.WEAKER not in facts else set()
        facts |= {Fact.HOLDS_DELETES} if _holds_deletes(schema, constraint) else set()
    return Effect(constraint.kind, made, frozenset(facts), table.original or "", _said(constraint.columns))


def _said(columns: tuple[str, ...]) -> str:
    """In words. What an index computes is known by its tree alone, which nobody reads."""
    return ",".join("an expression" if name.startswith("{") else name for name in columns)


def _same_columns(table: TableState, constraint: Constraint) -> Constraint | None:
    found = (each for each in table.before.values() if each.kind is constraint.kind)
    return next((each for each in found if each.columns == constraint.columns), None)


def _facts_of_columns(table: TableState, constraint: Constraint) -> set[Fact]:
    columns = [table.columns.get(name) for name in constraint.columns]
    if not columns or any(column is None or not column.created for column in columns):
        return set()
    nows = [column.now or UNHELD for column in columns if column]
    if constraint.kind is Kind.ADD_UNIQUE and all(_always_same(now, constraint) for now in nows):
        return {Fact.COLLIDES}
    if constraint.kind is Kind.ADD_CHECK and _asks_for_null(constraint.where):
        return {Fact.REQUIRED_UNSURE}
    return {Fact.NEW_COLUMNS}


def _always_same(column: Held, constraint: Constraint) -> bool:
    """Whether the rows that do not name the column are equal in it: https://www.postgresql.org/docs/15/ddl-constraints.html"""
    return column.default is Default.CONSTANT or (constraint.empty_equal and column.default is Default.NONE)


def _asks_for_null(expression: str) -> bool:
    """Whether a row may fail a CHECK because a column is empty: else an unknown answer lets it pass."""
    return any(
        word in expression.lower() for word in ("is not null", "coalesce", "num_nonnulls", "num_nulls", "distinct")
    )


def _is_weaker(table: TableState, constraint: Constraint) -> bool:
    return any(_allows_less(old, constraint) for old in table.before.values())


def _allows_less(old: Constraint, new: Constraint) -> bool:
    """Whether every row that `old` allowed is allowed by `new`."""
    if new.kind in (Kind.ADD_UNIQUE, Kind.ADD_PRIMARY_KEY):
        return _unique_allows_less(old, new)
    if old.kind is not new.kind:
        return False
    if new.kind is Kind.ADD_CHECK:
        listed = bool(old.values) and old.columns == new.columns and set(old.values) <= set(new.values)
        return listed or (bool(new.where) and old.where == new.where)
    if new.kind is Kind.ADD_FOREIGN_KEY:
        return (old.columns, old.references, old.on_delete) == (new.columns, new.references, new.on_delete)
    return False


def _unique_allows_less(old: Constraint, new: Constraint) -> bool:
    if old.kind not in (Kind.ADD_UNIQUE, Kind.ADD_PRIMARY_KEY) or not old.columns:
        return False
    if new.kind is Kind.ADD_PRIMARY_KEY and (old.kind is not new.kind or set(old.columns) != set(new.columns)):
        return False
    if new.empty_equal and not (old.empty_equal or (old.kind is Kind.ADD_PRIMARY_KEY and old.columns == new.columns)):
        return False
    return set(old.columns) <= set(new.columns) and _conditions(old.where) <= _conditions(new.where)


def _conditions(where: str) -> set[str]:
    return {part.strip() for part in where.split(" AND ")} - {""}


def facts_of_dropped(schema: Schema, deed: Deed) -> set[Fact]:
    """What is known of a constraint or an index that was dropped."""
    op, dropped = deed.op, deed.dropped
    table = schema.find(op.table) if op.table else None
    again = bool(dropped and table and any(_is_again(dropped, each) for each in table.constraints.values()))
    kind = dropped.kind if dropped else None
    if again:
        return {Fact.SAME}
    if kind is Kind.ADD_PRIMARY_KEY or (kind is None and op.name.endswith(("_pkey", "_pk", ".primary"))):
        return {Fact.PRIMARY}
    return {Fact.UNIQUE} if kind is Kind.ADD_UNIQUE else set()


def _is_again(dropped: Constraint, other: Constraint) -> bool:
    """Whether the same was put in force again, perhaps under another name."""
    return replace(dropped, made=None) == replace(other, made=None)
