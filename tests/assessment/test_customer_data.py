"""Customer tables under a migration (M3, E9): touched, unknown, or none; never a silent no."""

import pytest

from incidents.assessment.customer_data import CustomerData, customer_data_of
from incidents.assessment.migrations.operations import Kind, Op

NONE, TOUCHED, UNKNOWN = CustomerData
LISTED = ["customers", "billing.*", "order_*", "!audit_*", "!audit.*"]


def op(table: str, kind: Kind = Kind.ADD_COLUMN, to: str = "", line: int = 3) -> Op:
    return Op(kind=kind, line=line, text="ALTER TABLE …", path="m.sql", table=table, to=to)


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        ("customers", TOUCHED),
        ("Customers", TOUCHED),
        ("shop.customers", TOUCHED),
        ("billing.invoices", TOUCHED),
        ("order_lines", TOUCHED),
        ("audit_log", NONE),
        ("audit.log", NONE),
        ("orders", UNKNOWN),
        ("invoices", UNKNOWN),
    ],
)
def test_m3_a_table_is_compared_with_the_services_list(table: str, verdict: CustomerData) -> None:
    assert customer_data_of([op(table)], LISTED).verdict is verdict


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind in (Kind.UPDATE, Kind.DELETE, Kind.CREATE_INDEX)])
def test_m3_a_change_of_rows_counts_like_one_of_the_schema(kind: Kind) -> None:
    assert customer_data_of([op("customers", kind)], LISTED).verdict is TOUCHED


def test_m3_one_listed_table_outweighs_the_others() -> None:
    read = customer_data_of([op("audit_log", line=1), op("orders", line=2), op("customers", line=3)], LISTED)
    assert read.verdict is TOUCHED
    assert [(one.table, one.line) for one in read.tables] == [("customers", 3), ("orders", 2), ("audit_log", 1)]


def test_m3_a_renamed_table_is_known_by_both_names() -> None:
    assert customer_data_of([op("audit_log", Kind.RENAME_TABLE, to="customers")], LISTED).verdict is TOUCHED


def test_e9_an_empty_list_knows_nothing() -> None:
    assert customer_data_of([op("audit_log")], []).verdict is UNKNOWN


@pytest.mark.parametrize("table", ["", "?table"])
def test_e9_what_nobody_can_read_may_touch_any_table(table: str) -> None:
    assert customer_data_of([op(table, Kind.UNKNOWN)], ["!*"]).verdict is UNKNOWN


def test_no_migration_touches_no_table() -> None:
    assert customer_data_of([], []).verdict is NONE
    assert customer_data_of([op("", Kind.HARMLESS)], []).verdict is NONE
