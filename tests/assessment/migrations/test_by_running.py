"""The truth about a verdict: on a real PostgreSQL, does the old code still write and read after the migration?

Random changes are run on a small schema. F must mean that everything the old code did still works and finds what it had
stored; B must mean that something fails, or that something stored is gone or different.
"""

import os

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from incidents.assessment.migrations.judging import MigrationFile, judge
from incidents.assessment.migrations.sql import read_sql

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(7200)]

BEFORE = """
CREATE TYPE size AS ENUM ('s', 'm');
CREATE TABLE town (id int PRIMARY KEY, label text);
CREATE TABLE shop (
    id serial PRIMARY KEY, name text NOT NULL, note text, code varchar(10), price int NOT NULL DEFAULT 7, size size,
    share real, town_id int, CONSTRAINT one_code UNIQUE (code), CONSTRAINT cheap CHECK (price < 1000),
    CONSTRAINT noted CHECK (code IS NOT NULL OR note IS NOT NULL), CONSTRAINT named CHECK (share IS NOT NULL)
);
CREATE VIEW labels AS SELECT id, label FROM town;
"""
ROWS = """
INSERT INTO town VALUES (1, 'a'), (2, 'b');
INSERT INTO shop (name, note, code, price, size, share, town_id) VALUES
    ('x', 'n', 'c1', 1, 's', 1.5, 1), ('x', 'n', 'c2', 1, 's', 2.5, 1);
"""
OLD_CODE = (
    "INSERT INTO shop (name, note, code, price, size, share, town_id) VALUES ('y', 'o', 'c3', 900, 'm', 0.5, 2)",
    "INSERT INTO shop (name, note, share) VALUES ('x', 'n', 1.5)",
    "INSERT INTO shop (name, note, share) VALUES ('x', 'n', 1.5)",
    "INSERT INTO shop (name, note, code, size, share, town_id) VALUES ('x', NULL, '0123456789', NULL, 1.5, 99)",
    "INSERT INTO shop (name, note, share) VALUES (repeat('long', 500), repeat('long', 500), 1e30)",
    "INSERT INTO town VALUES (3, 'a')",
    "INSERT INTO town VALUES (4, NULL)",
    "INSERT INTO shop (name, note, share, price) VALUES ('x', 'n', 1, -5)",
    "UPDATE shop SET note = NULL, size = 'm' WHERE code IS NOT NULL",
    "UPDATE shop SET size = NULL, town_id = NULL, name = '', price = 0",
    "SELECT id, name, note, code, price, size, share, town_id FROM shop ORDER BY id",
    "UPDATE shop SET size = 's'::size WHERE size = 'm'::size",
    "SELECT id, label FROM labels",
    "DELETE FROM town WHERE id = 3",
    "DELETE FROM shop",
    "DELETE FROM town",
)
STORED = (
    "SELECT id, name, note, code, price, size, share, town_id FROM shop WHERE code IN ('c1', 'c2') ORDER BY id",
    "SELECT id, label FROM town WHERE id < 3 ORDER BY id",
)

OLD = st.sampled_from(["name", "note", "code", "price", "size", "share", "town_id"])
NEW = st.sampled_from(["extra", "more"])
ANY = OLD | NEW
TYPES = st.sampled_from(
    ["text", "varchar(20)", "varchar(5)", "int", "bigint", "numeric", "double precision", "real", "uuid"]
)
TABLES = st.sampled_from(["shop", "town", "sale", "store"])
OPTIONS = st.sampled_from(
    ["", " NOT NULL", " DEFAULT 3", " NOT NULL DEFAULT 3", " UNIQUE", " UNIQUE DEFAULT 3", " REFERENCES town (id)"]
)


def said(template, **parts):
    return st.builds(template.format, **parts)


STATEMENTS = st.one_of(
    said("ALTER TABLE shop ADD COLUMN {c} int{o}", c=NEW, o=OPTIONS),
    said("ALTER TABLE shop ADD COLUMN {c} {t}", c=ANY, t=TYPES),
    said("ALTER TABLE shop DROP COLUMN {c}", c=ANY),
    said("ALTER TABLE shop DROP COLUMN IF EXISTS {c}", c=ANY),
    said("ALTER TABLE shop RENAME COLUMN {a} TO {b}", a=ANY, b=ANY),
    said("ALTER TABLE shop ALTER COLUMN {c} SET NOT NULL", c=ANY),
    said("ALTER TABLE shop ALTER COLUMN {c} DROP NOT NULL", c=ANY),
    said("ALTER TABLE shop ALTER COLUMN {c} DROP DEFAULT", c=ANY),
    said("ALTER TABLE shop ALTER COLUMN {c} SET DEFAULT NULL", c=ANY),
    said("ALTER TABLE shop ALTER COLUMN {c} TYPE {t} USING NULL", c=NEW, t=TYPES),
    said("ALTER TABLE shop ALTER COLUMN {c} TYPE {t}", c=ANY, t=TYPES),
    said("ALTER TABLE shop ADD UNIQUE ({a}, {b})", a=ANY, b=ANY),
    said("ALTER TABLE shop ADD UNIQUE ({a})", a=ANY),
    said("CREATE UNIQUE INDEX one_{a} ON shop ({a}) WHERE {b} IS NULL", a=ANY, b=ANY),
    said(
        "ALTER TABLE shop DROP CONSTRAINT {n}", n=st.sampled_from(["one_code", "cheap", "noted", "named", "shop_pkey"])
    ),
    said("ALTER TABLE shop ADD CONSTRAINT cheap CHECK (price < {n}) NOT VALID", n=st.sampled_from([1000, 10])),
    said("ALTER TABLE shop ADD CHECK ({c} IS NOT NULL) NOT VALID", c=ANY),
    said("ALTER TABLE shop ADD FOREIGN KEY ({c}) REFERENCES {t} (id) NOT VALID", c=ANY, t=TABLES),
    said("UPDATE shop SET {c} = NULL", c=ANY),
    said(
        "UPDATE shop SET {a} = {b}", a=st.sampled_from(["name", "extra", "more"]), b=st.sampled_from(["note", "code"])
    ),
    said("UPDATE shop SET {c} = 'z' WHERE {c} IS NULL", c=ANY),
    said("DELETE FROM {t}", t=TABLES),
    said("TRUNCATE {t}", t=TABLES),
    said("DROP TABLE {t} CASCADE", t=TABLES),
    said("DROP TABLE IF EXISTS {t}", t=TABLES),
    said("CREATE TABLE {t} (id int PRIMARY KEY, label text, shop_id int NOT NULL)", t=TABLES),
    said("CREATE TABLE IF NOT EXISTS {t} (id int PRIMARY KEY, label text)", t=TABLES),
    said("ALTER TABLE {a} RENAME TO {b}", a=TABLES, b=TABLES),
    said("INSERT INTO {t} (id, label) SELECT id + 10, label FROM town", t=TABLES),
    said("INSERT INTO {t} (id, label) VALUES (77, 'z')", t=TABLES),
    said("ALTER TYPE size RENAME TO {t}", t=st.sampled_from(["size", "size_old"])),
    said("CREATE TYPE size AS ENUM ({v})", v=st.sampled_from(["'s'", "'s', 'm'", "'s', 'm', 'l'"])),
    said("ALTER TABLE shop ALTER COLUMN size TYPE size USING size::text::size"),
    said("ALTER TYPE size RENAME VALUE 'm' TO 'medium'"),
    said("DROP TYPE {t}", t=st.sampled_from(["size", "size_old"])),
    said("CREATE OR REPLACE VIEW labels AS SELECT id, label{v} FROM town", v=st.sampled_from(["", ", 1 AS one"])),
    said("DROP VIEW labels"),
    said("CREATE VIEW labels AS SELECT id{v} FROM town", v=st.sampled_from(["", ", label"])),
)


LONG = os.environ.get("PROVE") == "1"


def runs(statement):
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    except (DatabaseError, psycopg.Error):
        return None


def old_code_suffers(wanted):
    """What of the old code's work fails, or finds something else than it had stored."""
    found = [runs(query) for query in STORED]
    return [query for query, was, now in zip(STORED, wanted, found, strict=True) if _plain(was) != _plain(now)] + [
        statement for statement in OLD_CODE if runs(statement) is None
    ]


def _plain(rows):
    return rows and [[(type(value), value) for value in row] for row in rows]


@settings(
    max_examples=2_000 if LONG else 60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(statements=st.lists(STATEMENTS, min_size=1, max_size=5))
def test_m1_m2_f_means_that_the_old_code_runs_and_b_that_something_fails(statements):
    with transaction.atomic():
        for script in ("CREATE SCHEMA old; SET LOCAL search_path TO old", BEFORE, ROWS):
            assert runs(script) is not None
        wanted = [runs(query) for query in STORED]
        done = [statement for statement in statements if runs(statement) is not None]
        earlier = [MigrationFile("1.sql", read_sql(BEFORE))]
        judged = judge([MigrationFile("2.sql", read_sql(";\n".join(done)))], earlier=earlier)
        suffers = old_code_suffers(wanted)
        event(judged.verdict)
        if judged.verdict == "F":
            assert not suffers, (done, suffers)
        if judged.verdict == "B":
            assert suffers, (done, [found.rule for found in judged.findings if found.verdict == "B"])
        transaction.set_rollback(True)
