"""Whose file it is, which part of it runs forward, what ran before it, and that hostile text ends as a question (E9)."""

import io
import json
import sys

import pytest
from django.core.management import load_command_class
from django.core.management.base import OutputWrapper

from incidents.assessment.migrations.confined import Reader
from incidents.assessment.migrations.frameworks import FRAMEWORKS, earlier_than, recognised
from incidents.assessment.migrations.one_file import LARGEST, assess_file
from incidents.assessment.migrations.up_parts import fill_placeholders

ADDED, DROPPED = "ALTER TABLE shop ADD COLUMN note text;", "ALTER TABLE shop DROP COLUMN note;"


def written(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text) if isinstance(text, str) else path.write_bytes(text)
    return str(path)


def verdict(framework, path, earlier=""):
    return assess_file(framework, path, str(earlier))["verdict"]


@pytest.mark.parametrize(
    ("framework", "name", "text"),
    [
        ("dbmate", "1_note.sql", f"-- migrate:up transaction:false\n{ADDED}\n-- migrate:down\n{DROPPED}\n"),
        (
            "goose",
            "1_note.sql",
            f"-- +goose Up\n-- +goose StatementBegin\n{ADDED}\n-- +goose StatementEnd\n-- +goose Down\n{DROPPED}",
        ),
        ("sql-migrate", "1_note.sql", f"-- +migrate Up notransaction\n{ADDED}\n\n-- +migrate Down\n{DROPPED}\n"),
        ("golang-migrate", "1_note.up.sql", ADDED),
        ("diesel", "1_note/up.sql", ADDED),
        ("prisma", "1_note/migration.sql", ADDED),
        ("flyway", "V1__note.sql", "ALTER TABLE ${schema}.shop ADD COLUMN note text;"),
        ("flyway", "U1__note.sql", DROPPED),
        ("pop", "1_note.up.sql", ADDED.replace("shop", "{{ .Prefix }}shop")),
        ("pop", "1_note.up.fizz", 'add_column("shop", "note", "string", {"null": true})'),
    ],
)
def test_m1_only_what_runs_forward_is_judged(tmp_path, framework, name, text):
    path = written(tmp_path, name, text)
    assert verdict(framework, path) == "F"
    assert recognised(path, text) in (framework, "golang-migrate", "")


@pytest.mark.parametrize(
    ("framework", "name", "text", "expected"),
    [
        ("goose", "1_note.sql", f"-- +goose Up\n{DROPPED}\n-- +goose Down\n{ADDED}\n", "B"),
        (
            "prisma",
            "1/migration.sql",
            (
                "/*\n  - You are about to alter the column `name` on the `shop` table. The data in that column could be lost. "
                "The data in that column will be cast from `VarChar(191)` to `VarChar(50)`.\n*/\n"
                'ALTER TABLE "shop" ALTER COLUMN "name" SET DATA TYPE VARCHAR(50);'
            ),
            "B",
        ),
        ("flyway", "R__view.sql", "CREATE OR REPLACE VIEW v AS SELECT 1 AS one;", "H"),
        ("pop", "1.up.sql", '{{ if eq .Dialect "postgres" }}SELECT 1;{{ end }}', "H"),
        ("pop", "1.up.fizz", 'add_column("shop", "note", "string", {})', "B"),
        (
            "pop",
            "1.up.fizz",
            'create_table("sale") {\n t.Column("id", "uuid", {primary: true})\n}\nadd_index("sale", "id", {"unique": true})',
            "F",
        ),
        ("pop", "1.up.fizz", 'rename_column("shop", "a", "b")\nsql("SELECT 1")', "B"),
    ],
)
def test_m2_what_runs_forward_is_judged(tmp_path, framework, name, text, expected):
    assert verdict(framework, written(tmp_path, name, text)) == expected


def test_m1_earlier_migrations_tell_what_was_there(tmp_path):
    written(tmp_path, "9_shop/migration.sql", "CREATE TABLE shop (name varchar(9));")
    change = written(tmp_path, "10_wider/migration.sql", "ALTER TABLE shop ALTER COLUMN name TYPE varchar(10);")
    written(tmp_path, "11_later/migration.sql", "ALTER TABLE shop ALTER COLUMN name TYPE varchar(5);")
    assert verdict("prisma", change) == "H"
    assert verdict("prisma", change, tmp_path) == "F"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("V10__c.sql", ["V2__b.sql", "V2_1__b.sql"]),
        ("V2__b.sql", []),
        ("R__view.sql", ["V2__b.sql", "V2_1__b.sql", "V10__c.sql"]),
    ],
)
def test_earlier_is_what_a_lower_number_says(name, expected):
    files = dict.fromkeys(["V10__c.sql", "V2_1__b.sql", "V2__b.sql", "R__view.sql"], "")
    assert earlier_than(FRAMEWORKS["flyway"], name, files) == expected


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("db/migrations/1.sql", "-- migrate:up\n", "dbmate"),
        ("db/migrations/1.sql", "-- +goose Up\n", "goose"),
        ("prisma/migrations/1_a/migration.sql", "", "prisma"),
        ("migrations/1/up.sql", "", "diesel"),
        ("migrations/1.up.sql", "", "golang-migrate"),
        ("db/migration/V1__a.sql", "", "flyway"),
        ("migrations/1_a.sql", "", "sql"),
        ("migrations/1_a.down.sql", "", ""),
        ("queries/report.sql", "", ""),
        (
            "shop/migrations/0001.py",
            "from django.db import migrations\nclass Migration(migrations.Migration):",
            "django",
        ),
        ("versions/1.py", "down_revision = None\ndef upgrade():\n", "alembic"),
        ("db/migrate/1.rb", "class A < ActiveRecord::Migration[7.0]", "rails"),
        ("shop/models.py", "", ""),
    ],
)
def test_a_framework_is_known_by_path_and_content(path, text, expected):
    assert recognised(path, text) == expected


def test_a_template_in_quotes_is_text():
    text = "INSERT INTO mail VALUES ('{{ if x }}'); -- {{ end }} it's\nSELECT '${a}', ${b};"
    assert fill_placeholders(text) == (text.replace("${b}", "b"), [])


HOSTILE = {
    "too large": b"-" * (LARGEST + 1),
    "no text": b"\xff\xff\xff",
    "a NUL": b"SELECT 1;\0",
    "deep": b"SELECT " + b"(" * 100_000 + b"1" + b")" * 100_000,
    "deep to the left": b"SELECT " + b"+".join([b"1"] * 150_000),
    "deep in a CASE": b"SELECT " + b"CASE WHEN 1=1 THEN " * 20_000,
    "never closed": b"'" * 100_001,
    "comments in comments": b"/*" * 20_000,
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_e9_hostile_text_ends_as_a_question_and_the_next_is_read(tmp_path, name):
    hostile, plain = written(tmp_path, "1.sql", HOSTILE[name]), written(tmp_path, "2.sql", ADDED)
    with Reader() as reader:
        assert reader.assess("sql", hostile)["verdict"] == "H"
        assert reader.assess("sql", plain)["verdict"] == "F"


def test_e9_many_rows_are_read_within_the_limits(tmp_path):
    bomb = written(tmp_path, "1.sql", "INSERT INTO shop VALUES (1,2,3);\n" * 3_000)
    with Reader() as reader:
        assert reader.assess("sql", bomb)["verdict"] == "F"


def test_e9_a_process_that_takes_too_long_is_killed(tmp_path):
    with Reader(seconds=0.0) as reader:
        assert reader.assess("sql", written(tmp_path, "1.sql", ADDED))["verdict"] == "H"


def test_the_command_answers_every_line_in_order(tmp_path, monkeypatch):
    added, dropped = written(tmp_path, "1.sql", ADDED), written(tmp_path, "2.sql", DROPPED)
    lines = f"sql\t{added}\t\nnonsense\nsql\t{dropped}\t{tmp_path}\nsql\t{tmp_path}/none\t\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    command = load_command_class("incidents", "assess-file")
    answers = io.StringIO()
    command.stdout = OutputWrapper(answers)
    command.handle(batch=True, file=None, framework=None, earlier="")
    assert [json.loads(line)["verdict"] for line in answers.getvalue().splitlines()] == ["F", "H", "B", "H"]
