"""`manage.py assess` on any clone: sentences or JSON, and an exit code that says what it found."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from incidents.assessment.confined_reading import SECONDS, Unread, read_confined
from incidents.assessment.confinement import Confined
from tests.assessment.repositories import WorkTree, one

ORDERS = "CREATE TABLE orders (id int PRIMARY KEY, note text);\n"


def assessed(repository: Path, sha: str, *options: str) -> tuple[int, str]:
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("assess", str(repository), sha, *options, stdout=out, stderr=out)
    return int(str(ended.value.code)), out.getvalue()


def changed(work: WorkTree, sql: str) -> str:
    work.commit_files({"migrations/0001.sql": ORDERS, "app.py": "SELECT = 'SELECT note FROM orders'\n"})
    return work.commit_files({"migrations/0002.sql": sql})


@pytest.mark.parametrize(
    ("sql", "code", "verdict"),
    [
        ("ALTER TABLE orders ADD COLUMN a text;", 0, "F"),
        ("ALTER TABLE orders DROP COLUMN note;", 1, "B"),
        ("ALTER TABLE orders ADD CHECK (id > 0);", 2, "H"),
    ],
)
def test_m1_m2_the_exit_code_is_the_verdict(work: WorkTree, sql: str, code: int, verdict: str) -> None:
    sha = changed(work, sql)
    assert assessed(work.folder, sha, "--json")[0] == code
    found = json.loads(assessed(work.folder, sha, "--json", "--customer-table", "orders")[1])
    assert (found["schema"], found["sha"], found["customer"]["touched"]) == (verdict, sha, "yes")
    assert found["revert"]["verdict"] == "clean"
    words = assessed(work.folder, sha[:10])[1]
    assert words.startswith(f"{verdict}  ")
    assert "The revert applies cleanly" in words


def test_a_change_without_a_migration_is_fine(work: WorkTree) -> None:
    changed(work, "SELECT 1;")
    assert assessed(work.folder, work.commit_files({"app.py": "x = 1\n"}))[0] == 0


def test_a_merge_is_read_against_the_branch_it_was_merged_into(work: WorkTree) -> None:
    changed(work, "SELECT 1;")
    work.branch("feature")
    work.commit_files({"migrations/0003.sql": "ALTER TABLE orders DROP COLUMN note;"})
    work.switch("master")
    work.commit_files({"other.py": "x = 1\n"})
    assert assessed(work.folder, work.merge("feature"))[0] == 1


@pytest.mark.parametrize(("sha", "there"), [("f" * 40, True), ("no such", True), ("HEAD", False)])
def test_what_cannot_be_read_is_an_error_in_words(work: WorkTree, tmp_path: Path, sha: str, there: bool) -> None:
    changed(work, "SELECT 1;")
    code, words = assessed(work.folder if there else tmp_path / "nothing", sha)
    assert code == 3
    assert "is no" in words


# ── the process that reads ──


def test_a_process_that_hangs_is_killed_and_the_next_question_answered() -> None:
    with Confined("tests.assessment.confined_fixture", seconds=0.3) as confined:
        assert confined.ask("hang") is None
        confined.seconds = SECONDS
        assert confined.ask("say it") == "say it"


@pytest.mark.parametrize("how", ["exit", "grow", "write"])
def test_a_process_that_dies_or_goes_beyond_its_limits_answers_nothing(how: str) -> None:
    with Confined("tests.assessment.confined_fixture", seconds=SECONDS) as confined:
        assert confined.ask(how) is None
        assert confined.ask("say it") == "say it"


def test_a_reading_is_refused_in_words_where_git_has_no_answer(work: WorkTree) -> None:
    changed(work, "SELECT 1;")
    with pytest.raises(Unread, match="is no commit"):
        read_confined(work.folder, one("f" * 40), customer_tables=[], flag_wrappers=[])
