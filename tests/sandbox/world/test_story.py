"""The shop's history is whole, and holds the variety the console's previews want."""

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.shop.edits import EditDoesNotFit, Tree
from sandbox.shop.scenarios import SCENARIOS
from sandbox.shop.seed import history, source, trees


def test_the_history_builds_exactly_the_program_in_source() -> None:
    tree: Tree = {}
    for commit in history():
        for path, text in commit.files.items():
            if text is None:
                del tree[path]
            else:
                tree[path] = text
    assert tree == source()


def test_the_history_begins_with_nothing() -> None:
    assert trees()[0] == {}


def test_every_commit_changes_something_and_more_than_twenty_do() -> None:
    assert all(commit.files for commit in history())
    assert len(history()) > 20


def test_the_last_twenty_hold_an_undone_change_a_migration_a_rename_and_every_way_to_merge() -> None:
    last = history()[-20:]
    titles = [commit.title for commit in last]
    assert any(f"Revert: {title}" in titles for title in titles)
    assert any(path.startswith("migrations/") for commit in last for path in commit.files)
    assert any(None in commit.files.values() for commit in last)
    assert {commit.merge for commit in last} == {"merge", "squash", "direct"}


def test_every_commit_of_the_history_can_be_run(tmp_path: Path) -> None:
    versions = [_written(tree, tmp_path / str(number)) for number, tree in enumerate(trees()[1:])]
    check = "import sys\nfor folder in sys.argv[1:]:\n    sys.path[0] = folder\n    import shop.server\n"
    check += "    for name in [one for one in sys.modules if one.partition('.')[0] == 'shop']: del sys.modules[name]\n"
    done = subprocess.run(
        [sys.executable, "-Bc", check, *map(str, versions)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_fits_the_shop_once_and_not_twice(name: str) -> None:
    tree = source()
    for change in SCENARIOS[name].changes:
        tree |= {path: text or "" for path, text in change.files(tree).items()}
    with pytest.raises(EditDoesNotFit):
        SCENARIOS[name].changes[0].files(tree)


def test_a_prepared_fix_fits_the_shop_that_its_scenario_broke() -> None:
    tree = source()
    for change in (*SCENARIOS["errors"].changes, SCENARIOS["errors"].fix):
        assert change is not None
        tree |= {path: text or "" for path, text in change.files(tree).items()}
    assert "MEMBERS.get(" in tree["shop/loyalty.py"]


def test_what_was_mended_can_be_broken_again() -> None:
    tree, errors = source(), SCENARIOS["errors"]
    assert errors.fix is not None
    broken = tree | {path: text or "" for path, text in errors.changes[0].files(tree).items()}
    mended = broken | {path: text or "" for path, text in errors.fix.files(broken).items()}
    assert mended | errors.fix.undone("again").files(mended) == broken


def _written(tree: Tree, folder: Path) -> Path:
    for path, text in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder
