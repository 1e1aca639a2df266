"""What the console reads in a change: its migrations as one sequence, after those that ran before (M1, M2, M3, C1)."""

import json
from pathlib import Path

import pytest

from incidents.assessment.bad_change import BadChange
from incidents.assessment.git import NoSuchCommit
from incidents.assessment.migrations.findings import Verdict
from incidents.assessment.reading import Known, read_effects
from incidents.assessment.reading_as_json import as_json
from tests.assessment.repositories import WorkTree, merged, one, rebased

ORDERS = "CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, note text);\n"
KNOWN = Known(customer_tables=("orders", "!products"))


def commit(work: WorkTree, name: str, sql: str | bytes | None, **code: str) -> str:
    return work.commit_files({f"migrations/{name}": sql, **{f"{path}.py": text for path, text in code.items()}})


def founded(work: WorkTree, **code: str) -> WorkTree:
    commit(work, "0001_orders.sql", ORDERS, **(code or {"app": "INSERT = 'INSERT INTO orders (id, note) VALUES'\n"}))
    return work


@pytest.mark.parametrize(
    ("sql", "verdict"),
    [
        ("ALTER TABLE orders ADD COLUMN channel text;", Verdict.F),
        ("ALTER TABLE orders ADD COLUMN channel text NOT NULL;", Verdict.B),
        ("ALTER TABLE orders DROP COLUMN note;", Verdict.B),
        ("ALTER TABLE orders ADD UNIQUE (customer);", Verdict.H),
        ("ALTER TABLE orders WITH;", Verdict.H),
    ],
)
def test_m1_m2_the_change_is_judged_after_what_ran_before(work: WorkTree, sql: str, verdict: Verdict) -> None:
    found = read_effects(founded(work).folder, one(commit(work, "0002_next.sql", sql)), KNOWN)
    assert (found.schema, found.migrations) == (verdict, ("migrations/0002_next.sql",))
    assert verdict is Verdict.F or [each.path for each in found.findings] == ["migrations/0002_next.sql"]


def test_m2_several_migrations_of_a_merge_are_one_sequence(work: WorkTree) -> None:
    founded(work).branch("feature")
    commit(work, "0002_channel.sql", "ALTER TABLE orders ADD COLUMN channel text;")
    commit(work, "0003_fill.sql", "UPDATE orders SET channel = 'web';")
    commit(work, "0010_require.sql", "ALTER TABLE orders ALTER COLUMN channel SET NOT NULL;")
    work.switch("master")
    found = read_effects(work.folder, merged(work.merge("feature")), KNOWN)
    assert found.schema is Verdict.B
    assert [path[11:15] for path in found.migrations] == ["0002", "0003", "0010"]


def test_m1_what_is_added_and_dropped_in_one_merge_is_nothing(work: WorkTree) -> None:
    founded(work)
    first = commit(work, "0002_channel.sql", "ALTER TABLE orders ADD COLUMN channel text NOT NULL DEFAULT 'web';")
    second = commit(work, "0003_none.sql", "ALTER TABLE orders DROP COLUMN channel;")
    assert read_effects(work.folder, rebased(second, first), KNOWN).schema is Verdict.F


@pytest.mark.parametrize(
    ("code", "verdict"), [("SELECT = 'SELECT note FROM orders'\n", Verdict.B), ("SELECT = 'SELECT 1'\n", Verdict.H)]
)
def test_m2_a_drop_of_what_no_code_names_is_a_contract_step(work: WorkTree, code: str, verdict: Verdict) -> None:
    bad = commit(founded(work, app=code), "0002_drop.sql", "ALTER TABLE orders DROP COLUMN note;")
    assert read_effects(work.folder, one(bad), KNOWN).schema is verdict


@pytest.mark.parametrize(("sql", "word"), [("-- other\n" + ORDERS, "rewrites"), (None, "deletes")])
def test_e9_an_old_migration_that_was_rewritten_or_deleted_asks_a_person(
    work: WorkTree, sql: str | None, word: str
) -> None:
    found = read_effects(founded(work).folder, one(commit(work, "0001_orders.sql", sql)), KNOWN)
    assert found.schema is Verdict.H
    assert word in found.findings[0].why


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00ALTER",
        b"-- " + b"x" * 1_100_000,
        b"ALTER TABLE orders ADD CHECK (" + b"(" * 50_000 + b"id" + b")" * 50_001,
    ],
)
def test_e9_what_cannot_be_read_is_no_silent_no(work: WorkTree, content: bytes) -> None:
    found = read_effects(founded(work).folder, one(commit(work, "0002_next.sql", content)), KNOWN)
    assert found.schema is Verdict.H


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("ALTER TABLE orders ADD COLUMN channel text;", "yes"),
        ("ALTER TABLE products ADD COLUMN badge text;", "no"),
        ("CREATE TABLE carts (id int);", "unknown"),
    ],
)
def test_m3_a_listed_table_is_customer_data_and_an_unlisted_one_is_asked_about(
    work: WorkTree, sql: str, answer: str
) -> None:
    found = as_json(read_effects(founded(work).folder, one(commit(work, "0002_next.sql", sql)), KNOWN))
    assert found["customer"]["touched"] == answer


def test_m3_a_django_apps_tables_go_by_its_label_not_by_its_folder(work: WorkTree) -> None:
    work.commit_files(
        {
            "core/migrations/0001_initial.py": _django('migrations.CreateModel("Order", [])'),
            "core/migrations/0002_note.py": _django(_ADDED.format("note"), after="0001_initial"),
        }
    )
    bad = work.commit_files({"core/migrations/0003_tip.py": _django(_ADDED.format("tip"), after="0002_note")})
    found = as_json(read_effects(work.folder, one(bad), Known(customer_tables=("lib_core_order",))))
    assert (found["schema"], found["customer"]["tables"]) == ("F", ["lib_core_order"])


_ADDED = 'migrations.AddField("order", "{}", models.TextField(null=True))'


def _django(operation: str, *, after: str = "") -> str:
    depends = f'("lib_core", "{after}")' if after else ""
    head = "from django.db import migrations, models\n\nclass Migration(migrations.Migration):\n"
    return f"{head}    dependencies = [{depends}]\n    operations = [{operation}]\n"


def test_c1_a_secret_that_changes_is_named_and_its_value_is_not(work: WorkTree) -> None:
    founded(work, settings='KEY = os.environ["PAYMENT_API_KEY"]\n')
    bad = work.commit_files({"settings.py": 'KEY = os.environ.get("PAYMENT_API_KEY_V2", "sk_live_4242")\n'})
    found = as_json(read_effects(work.folder, one(bad), KNOWN))
    assert found["credentials"]["verdict"] == "changes"
    assert "sk_live_4242" not in json.dumps(found)
    assert (found["schema"], found["migrations"], found["customer"]["touched"]) == ("", [], "no")


def test_a_change_of_nothing_but_words_does_nothing(work: WorkTree) -> None:
    found = as_json(read_effects(founded(work).folder, one(work.commit_files({"README.md": "words\n"})), KNOWN))
    assert (found["schema"], found["migrations"], found["findings"]) == ("", [], [])
    assert (found["credentials"]["verdict"], found["flags"]["verdict"]) == ("none", "none")


def test_an_odd_name_is_shown_and_a_link_is_not_followed(work: WorkTree) -> None:
    name = "migrations/0002_\nnew.sql"
    founded(work).write({name: "ALTER TABLE orders DROP COLUMN note;"})
    (work.folder / "migrations/0003_link.sql").symlink_to("/etc/passwd")
    found = read_effects(work.folder, one(work.commit_files({})), KNOWN)
    assert (found.schema, found.migrations) == (Verdict.B, (name,))


def test_an_unknown_commit_is_refused(work: WorkTree) -> None:
    with pytest.raises(NoSuchCommit):
        read_effects(founded(work).folder, BadChange("f" * 40, ("f" * 40,), None), KNOWN)


def test_nothing_is_left_in_the_repository(work: WorkTree, tmp_path: Path) -> None:
    bad = one(commit(founded(work), "0002_next.sql", "ALTER TABLE orders DROP COLUMN note;"))
    before = sorted(map(str, work.folder.rglob("*")))
    read_effects(work.folder, bad, KNOWN)
    assert sorted(map(str, work.folder.rglob("*"))) == before
