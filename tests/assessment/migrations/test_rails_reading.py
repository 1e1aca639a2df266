"""What the Rails front end reads out of Ruby, and that no file, however hostile, runs or keeps it long."""

import pytest

from incidents.assessment.migrations.frameworks import recognised
from incidents.assessment.migrations.operations import ColumnType, Default, Kind, Unreadable
from incidents.assessment.migrations.rails import walking
from incidents.assessment.migrations.rails.names import join_table, plural, singular, tables_for
from incidents.assessment.migrations.rails_operations import read

WRAPPED = "class Case < ActiveRecord::Migration[{}]\n  def change\n{}\n  end\nend\n"


def ops(body, version="7.0"):
    return list(read(WRAPPED.format(version, body), path="m.rb"))


@pytest.mark.parametrize(
    ("words", "type_"),
    [
        (":string", ColumnType("varchar")),
        (":string, limit: 60", ColumnType("varchar", (60,))),
        (":text, limit: 16.megabytes", ColumnType("text")),
        (":integer, limit: 8", ColumnType("bigint")),
        (":integer, limit: 2", ColumnType("smallint")),
        (":decimal, precision: 8, scale: 2", ColumnType("numeric", (8, 2))),
        (":datetime", ColumnType("timestamp")),
        (":datetime, precision: 6", ColumnType("timestamp")),
        (":datetime, precision: 3", ColumnType("timestamp", (3,))),
        (":timestamptz", ColumnType("timestamptz")),
        (":string, array: true", ColumnType("varchar", (), array=True)),
        ('"varchar(12)"', ColumnType("varchar", (12,))),
        (":float", ColumnType("double")),
        (":binary", ColumnType("bytea")),
        (":jsonb", ColumnType("jsonb")),
        (":enum, enum_type: :size", ColumnType("size")),
        (":st_point", ColumnType("st_point")),
    ],
)
def test_a_type_is_named_neutrally(words, type_):
    [op] = ops(f"add_column :shops, :x, {words}")
    assert op.definition.type == type_


@pytest.mark.parametrize(
    ("words", "default"),
    [
        ("", Default.NONE),
        (", default: nil", Default.NONE),
        (", default: false", Default.CONSTANT),
        (", default: {}", Default.CONSTANT),
        (', default: -> { "now()" }', Default.EXPRESSION),
        (", default: Shop::KIND", Default.CONSTANT),
        (", default: Time.current", Default.CONSTANT),
        (", default: kind_of_shop", Default.UNKNOWN),
    ],
)
def test_a_default_is_the_databases_own(words, default):
    [op] = ops(f"add_column :shops, :x, :string{words}")
    assert op.definition.default is default


def test_a_finding_points_at_its_line_even_inside_a_heredoc():
    found = ops(
        "    safety_assured do\n      execute <<~SQL\n        SELECT 1;\n        DROP TABLE shops;\n      SQL\n    end"
    )
    assert [(op.kind, op.line, op.path) for op in found if op.kind is Kind.DROP_TABLE] == [(Kind.DROP_TABLE, 6, "m.rb")]


@pytest.mark.parametrize(("version", "nullable"), [("4.2", True), ("5.0", False)])
def test_timestamps_may_be_empty_before_rails_5(version, nullable):
    assert [op.definition.nullable for op in ops("add_timestamps :shops", version)] == [nullable, nullable]


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("shop", "shops"), ("category", "categories"), ("day", "days"), ("status", "statuses"), ("box", "boxes"),
        ("person", "people"), ("user_address", "user_addresses"), ("analysis", "analyses"), ("news", "news"),
        ("index", "indices"), ("wife", "wives"), ("movie", "movies"),
    ],
)  # fmt: skip
def test_names_are_turned_as_rails_turns_them(one, many):
    assert (plural(one), singular(many)) == (many, one)


def test_tables_are_named_as_rails_names_them():
    assert tables_for("Admin::UserGroup") == ("admin_user_groups", "user_groups", "admin_user_group", "user_group")
    assert join_table("shops", "sales") == "sales_shops"
    assert join_table("music_artists", "music_records") == "music_artists_records"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "puts 1",
        "class Shop < ApplicationRecord; end",
        "class Case < ActiveRecord::Migration[7.0]\n  def down; end\nend",
        "\0\0\0",
        "x" * (2 * 1024 * 1024),
        "[" * 20_000,
        WRAPPED.format("7.0", "if a\n" * 3000 + "end\n" * 3000),
        WRAPPED.format("7.0", "x" + ".a" * 5_000),
        WRAPPED.format("7.0", "%w[a b c d e f g h].each { |x| " * 12 + "add_column x, x, :text" + "}" * 12),
    ],
    ids=["empty", "script", "model", "only down", "NUL", "2 MiB", "brackets", "deep", "chain", "loops"],
)
def test_e9_what_is_no_readable_migration_is_said_to_be_none(text, monkeypatch):
    monkeypatch.setattr(walking, "_MOST_STEPS", 1000)
    with pytest.raises(Unreadable):
        list(read(text, path="m.rb"))


@pytest.mark.parametrize(
    "body",
    [
        "system('touch /tmp/run')",
        "`touch /tmp/run`",
        "eval('drop_table :shops')",
        "send(:drop_table, :shops)",
        "add_column :shops, :x, :text, **options",
        "add_index :shops, :x, unique: ENV['U']",
        "def change2; end; change2(*args, &block); recurse",
        "add_column :shops, :x, :text ] drop",
    ],
)
def test_e9_what_only_a_run_could_tell_is_a_question(body):
    assert any(op.kind is Kind.UNKNOWN for op in ops(body))


@pytest.mark.parametrize(
    "line",
    [
        "class AddNote < ActiveRecord::Migration[7.0]",
        "class AddNote < ActiveRecord::Migration",
        "class AddNote < Gitlab::Database::Migration[2.2]",
        "  class AddNote < Spree::Migration[6.1]",
    ],
)
def test_a_migration_is_recognised_by_what_it_inherits(line):
    assert recognised("db/migrate/1_add_note.rb", f"# frozen_string_literal: true\n\n{line}\nend\n") == "rails"
    assert recognised("app/models/note.rb", "class Note < ApplicationRecord\nend\n") == ""
