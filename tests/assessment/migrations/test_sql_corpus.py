"""Plain SQL: every row of the rule table, and the subtle cases, each as a migration of a few lines with its verdict."""

import re
from pathlib import Path

import pytest

from incidents.assessment.migrations.judging import MigrationFile, judge
from incidents.assessment.migrations.sql import read_sql

CORPUS = Path(__file__).parent / "corpus"


def cases():
    """`-- === VERDICT name`, then the change; where earlier migrations matter, `-- before` and `-- change` part them."""
    for file in sorted(CORPUS.glob("*.sql")):
        for block in re.split(r"^-- === ", file.read_text(), flags=re.MULTILINE)[1:]:
            title, _, body = block.partition("\n")
            before, _, change = body.partition("-- change\n") if body.startswith("-- before\n") else ("", "", body)
            yield pytest.param(title[0], before, change, id=f"{file.stem}: {title[2:]}")


@pytest.mark.parametrize(("expected", "before", "change"), list(cases()))
def test_m1_m2_sql_is_judged_by_the_rule_table(expected, before, change):
    earlier = [MigrationFile("1.sql", read_sql(before))] if before else []
    judged = judge([MigrationFile("2.sql", read_sql(change))], earlier=earlier)
    assert judged.verdict == expected, judged.findings
