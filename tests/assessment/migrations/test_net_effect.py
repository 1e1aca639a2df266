"""The fold: what several operations of one merge come to, and what the earlier schema makes of them (M1, M2)."""

import pytest

from incidents.assessment.migrations.effects import Effect
from incidents.assessment.migrations.findings import Verdict
from incidents.assessment.migrations.judging import MigrationFile, judge
from incidents.assessment.migrations.operations import Column, ColumnType, Default, Kind, Op
from incidents.assessment.migrations.rules import RULES, rule_for

TEXT, INTEGER, BIGINT = ColumnType("text"), ColumnType("integer"), ColumnType("bigint")
F, B, H = Verdict.F, Verdict.B, Verdict.H


def op(kind, table="shop", **rest):
    return Op(kind=kind, line=1, table=table, **rest)


def column(kind, name, **rest):
    return op(kind, column=name, **rest)


def added(name, **definition):
    return column(Kind.ADD_COLUMN, name, definition=Column(**{"type": TEXT, **definition}))


SHOP = op(
    Kind.CREATE_TABLE,
    defined=(
        ("id", Column(INTEGER, nullable=False, primary=True, default=Default.GENERATED)),
        ("name", Column(TEXT, nullable=False)),
        ("note", Column(TEXT)),
    ),
)


def verdict(*ops, earlier=(SHOP,)):
    return judge([MigrationFile("2", ops)], earlier=[MigrationFile("1", tuple(earlier))]).verdict


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        ([added("a")], F),
        ([added("a", nullable=False)], B),
        ([added("a", nullable=False, default=Default.CONSTANT)], F),
        ([added("a", nullable=False, default=Default.CONSTANT), column(Kind.DROP_DEFAULT, "a")], B),
        ([added("a"), op(Kind.UPDATE, columns=("a",)), column(Kind.SET_NOT_NULL, "a")], B),
        ([added("a"), op(Kind.UPDATE, columns=("a",))], F),
        ([added("a"), op(Kind.UPDATE, columns=("a", "note"))], B),
        ([added("a"), column(Kind.DROP_COLUMN, "a")], F),
        ([op(Kind.RENAME_TABLE, to="store"), op(Kind.RENAME_TABLE, "store", to="shop")], F),
        ([op(Kind.RENAME_TABLE, to="store")], B),
        ([column(Kind.RENAME_COLUMN, "note", to="n"), column(Kind.RENAME_COLUMN, "n", to="note")], F),
        ([op(Kind.DROP_TABLE), SHOP], B),
        ([op(Kind.CREATE_TABLE, "new"), op(Kind.DROP_TABLE, "new")], F),
        ([op(Kind.CREATE_TABLE, "new"), op(Kind.DELETE, "new")], F),
        ([column(Kind.REDEFINE_COLUMN, "note", definition=Column(TEXT))], F),
        ([column(Kind.REDEFINE_COLUMN, "note", definition=Column(TEXT, nullable=False))], B),
        ([column(Kind.REDEFINE_COLUMN, "other", definition=Column(TEXT))], H),
        ([column(Kind.ALTER_TYPE, "note", definition=Column(ColumnType("jsonb")))], B),
        ([column(Kind.SET_NOT_NULL, "name")], F),
        ([column(Kind.SET_NOT_NULL, "note"), column(Kind.DROP_NOT_NULL, "note")], F),
        ([column(Kind.DROP_COLUMN, "missing", tolerant=True)], F),
        ([op(Kind.DROP_TABLE, "missing", tolerant=True)], F),
        ([op(Kind.ADD_UNIQUE, columns=("id", "name"))], F),
        ([op(Kind.ADD_UNIQUE, columns=("name",))], H),
        ([added("a"), op(Kind.ADD_UNIQUE, columns=("a",))], F),
        ([added("a", unique=True, default=Default.CONSTANT)], B),
    ],
)
def test_m1_m2_operations_count_by_their_net_effect(ops, expected):
    assert verdict(*ops) is expected


def test_m1_not_null_is_safe_where_a_check_said_so_before():
    check = op(Kind.ADD_CHECK, columns=("note",), where="note is not null")
    assert verdict(column(Kind.SET_NOT_NULL, "note"), earlier=(SHOP, check)) is F


def test_m1_a_unique_of_more_columns_than_the_dropped_one_refuses_less():
    old = op(Kind.ADD_UNIQUE, name="one", columns=("name",))
    ops = [op(Kind.DROP_CONSTRAINT, name="one"), op(Kind.ADD_UNIQUE, name="two", columns=("name", "note"))]
    assert verdict(*ops, earlier=(SHOP, old)) is F


@pytest.mark.parametrize(("kept", "expected"), [(("a", "b"), H), (("a",), B)])
def test_m2_a_type_made_anew_without_a_value_is_incompatible(kept, expected):
    old = op(Kind.CREATE_TYPE, "", name="size", values=("a",) if len(kept) == 2 else ("a", "b"))
    ops = [
        op(Kind.CREATE_TYPE, "", name="size_new", values=kept),
        column(Kind.ALTER_TYPE, "note", definition=Column(ColumnType("size_new")), converts=True),
        op(Kind.ALTER_OTHER_TYPE, "", name="size", to="size_old"),
        op(Kind.ALTER_OTHER_TYPE, "", name="size_new", to="size"),
        op(Kind.DROP_TYPE, "", name="size_old"),
    ]
    assert verdict(*ops, earlier=(SHOP, old)) is expected


class Unmentioned:
    def mentions(self, table, column=""):
        return False

    def upserts(self, table):
        return True


@pytest.mark.parametrize("change", [op(Kind.DROP_TABLE), column(Kind.DROP_COLUMN, "note")])
def test_e9_evidence_that_nobody_names_it_makes_a_drop_a_question(change):
    judged = judge([MigrationFile("2", (change,))], earlier=[MigrationFile("1", (SHOP,))], evidence=Unmentioned())
    assert judged.verdict is H


@pytest.mark.parametrize("kind", sorted(Kind))
def test_every_kind_of_effect_has_a_last_row_without_conditions(kind):
    assert rule_for(Effect(kind, op(kind))).needs == frozenset()


def test_rules_have_ids_of_their_own():
    ids = [rule.id for rule in RULES]
    assert sorted(set(ids)) == sorted(ids)


def test_a_constraint_of_the_past_is_none_of_the_merge():
    earlier = (SHOP, op(Kind.ADD_CHECK, name="positive"), op(Kind.ADD_PRIMARY_KEY, name="shop_pkey"))
    assert verdict(added("a"), earlier=earlier) is F
