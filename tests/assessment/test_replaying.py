"""Replayed reverts: what people's own reverts made is what ours would have made (R1, E7)."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from incidents.assessment.git import RepositoryUnreadable
from incidents.assessment.replaying import Outcome, replay
from incidents.assessment.reverting_words import Target, targets_of
from tests.assessment.repositories import WorkTree
from tests.assessment.test_git_revert_agrees import SMALL, History, histories, made

SHA, OTHER, PARENT = "1234567890" * 4, "abcdef0123" * 4, "9876543210" * 4
EXPECTED = {"clean": Outcome.IDENTICAL, "conflict": Outcome.CONFLICT, "already_undone": Outcome.EMPTY}


def rows(place: Path, limit: int | None = None) -> list[tuple[str, str, Outcome]]:
    return [(row.revert_sha, row.reverted_sha, row.verdict) for row in replay(place, limit=limit)]


@SMALL
@given(st.data(), histories())
def test_e7_a_replayed_revert_says_what_git_revert_itself_came_to(data: st.DataObject, history: History) -> None:
    """Several reverts on top of each other, reverts of reverts among them, each compared with git's own."""
    with made(history) as (work, shas):
        targets = [shas[place] for place in history.first_parents]
        expected = []
        for _ in range(data.draw(st.integers(1, 3))):
            target = data.draw(st.sampled_from(targets))
            merge = len(work.git("rev-list", "-1", "--parents", target).split()) > 2
            verdict, _ = work.reverted(target, mainline=1 if merge else None)
            if verdict == "clean":
                work.git("revert", "--no-edit", *(("-m", "1") if merge else ()), target)
            else:
                work.git("commit", "--quiet", "--allow-empty", "-m", f"By hand\n\nThis reverts commit {target}.")
            expected.append((work.sha(), target, EXPECTED[verdict]))
            targets.append(work.sha())
        assert rows(work.folder) == expected[::-1]


@pytest.mark.parametrize(
    ("message", "targets"),
    [
        (f"This reverts commit {SHA}.", [Target(SHA)]),
        (f"This reverts commit {SHA}, reversing\nchanges made to {PARENT}.", [Target(SHA, PARENT)]),
        ("This reverts commit 1234567 (Add a thing, 2026-11-01).", [Target("1234567")]),
        (f"This reverts commit {SHA}.\nThis reverts commit {OTHER}.", [Target(SHA), Target(OTHER)]),
        (f"This reverts commits {SHA}, {OTHER} and {PARENT}.", [Target(SHA), Target(OTHER), Target(PARENT)]),
        (f"* this reverts commit `{SHA}`", [Target(SHA)]),
        (f"This reverts commit\n{SHA}", [Target(SHA)]),
        (f"This reverts commit https://code.example/r/commit/{SHA}", [Target(SHA)]),
        (f"This reverts commit {SHA}.\nThis reverts commit {SHA}.", [Target(SHA)]),
        (f"> This reverts commit {SHA}.", []),
        ("This reverts commit effaced by mistake", []),
        ("This reverts commit 12345", []),
        (f"This partially reverts commit {SHA}.", []),
    ],
)
def test_what_a_message_says_it_reverts(message: str, targets: list[Target]) -> None:
    assert targets_of(f"Revert\n\n{message}\n") == tuple(targets)


def revert_by_hand(work: WorkTree, *words: str) -> str:
    return work.commit_files({}, "Revert\n\n" + "\n".join(words))


def test_a_resolved_conflict_an_edited_and_an_empty_revert_are_told_apart(work: WorkTree) -> None:
    work.commit(a_txt="1\n2\n3\n")
    bad = work.commit(a_txt="1\nbad\n3\n")
    work.git("revert", "--no-commit", bad)
    work.write({"b.txt": "more\n"})
    edited = revert_by_hand(work, f"This reverts commit {bad}.")
    empty = revert_by_hand(work, f"This reverts commit {bad}.")
    work.commit(a_txt="1\nother\n3\n")
    work.write({"a.txt": "1\nby hand\n3\n"})
    conflict = revert_by_hand(work, f"This reverts commit {bad}.")
    assert rows(work.folder) == [
        (conflict, bad, Outcome.CONFLICT),
        (empty, bad, Outcome.EMPTY),
        (edited, bad, Outcome.DIFFERS),
    ]


def test_several_commits_reverted_by_one_share_what_they_came_to_together(work: WorkTree) -> None:
    work.commit(a_txt="1\n")
    first, second = work.commit(a_txt="2\n"), work.commit(a_txt="3\n")
    work.git("revert", "--no-commit", f"{first}^..{second}")
    work.git("revert", "--quit")
    both = revert_by_hand(work, f"This reverts commit {first}.", f"This reverts commit {second[:10]}.")
    assert rows(work.folder) == [(both, first, Outcome.IDENTICAL), (both, second, Outcome.IDENTICAL)]


def test_a_merge_goes_back_to_the_parent_that_the_message_names(work: WorkTree) -> None:
    work.commit(a_txt="1\n")
    work.branch("side")
    work.commit(b_txt="b\n")
    work.switch("master")
    work.commit(c_txt="c\n")
    merge = work.merge("side")
    work.git("revert", "--no-edit", "-m", "2", merge)
    assert rows(work.folder) == [(work.sha(), merge, Outcome.IDENTICAL)]


def test_a_commit_of_another_branch_and_the_first_of_all_are_reverted_like_any_other(work: WorkTree) -> None:
    first = work.commit(a_txt="1\n")
    work.branch("release")
    elsewhere = work.commit(b_txt="b\n")
    work.switch("master")
    work.git("cherry-pick", elsewhere)
    work.git("revert", "--no-edit", elsewhere)
    one = work.sha()
    work.git("revert", "--no-edit", first)
    assert rows(work.folder) == [(work.sha(), first, Outcome.IDENTICAL), (one, elsewhere, Outcome.IDENTICAL)]


def test_what_the_clone_does_not_hold_is_an_error_in_words(work: WorkTree, tmp_path: Path) -> None:
    work.commit(a_txt="1\n")
    bad = work.commit(a_txt="2\n")
    work.git("revert", "--no-edit", bad)
    work.commit_files({}, f"By hand\n\nThis reverts commit {SHA}.")
    shallow = tmp_path / "shallow"
    work.git("clone", "--quiet", "--depth", "2", f"file://{work.folder}", str(shallow))
    unknown, cut = replay(shallow)
    assert (unknown.verdict, unknown.why) == (
        Outcome.ERROR, f"{SHA[:12]} names no commit of this clone, or more than one.",
    )  # fmt: skip
    assert (cut.verdict, cut.why) == (Outcome.ERROR, "The commit before the revert is not in this clone.")


def test_one_unreadable_revert_does_not_take_the_others_with_it(work: WorkTree) -> None:
    work.commit(a_txt="1\n2\n3\n4\n5\n")
    bad = work.commit(a_txt="1\nbad\n3\n4\n5\n")
    work.commit(a_txt="1\nbad\n3\n4\nlater\n")
    work.git("revert", "--no-edit", bad)
    broken = work.sha()
    fine = work.commit(b_txt="b\n")
    work.git("revert", "--no-edit", fine)
    blob = work.git("rev-parse", f"{bad}:a.txt")
    (work.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert rows(work.folder) == [(work.sha(), fine, Outcome.IDENTICAL), (broken, bad, Outcome.ERROR)]


def test_replaying_leaves_nothing_in_the_clone(work: WorkTree, content_of: Callable[[Path], dict[str, bytes]]) -> None:
    work.commit(a_txt="1\n")
    work.git("revert", "--no-edit", work.commit(a_txt="2\n"))
    before = content_of(work.folder)
    assert len(rows(work.folder)) == 1
    assert content_of(work.folder) == before


def test_the_limit_counts_rows_newest_first(work: WorkTree) -> None:
    work.commit(a_txt="1\n")
    bad = work.commit(a_txt="2\n")
    work.git("revert", "--no-edit", bad)
    work.git("revert", "--no-edit", "HEAD")
    assert [row[0] for row in rows(work.folder, 1)] == [work.sha()]


def test_a_folder_without_history_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(RepositoryUnreadable, match="no git repository"):
        list(replay(tmp_path))
    with pytest.raises(CommandError, match="no git repository"):
        call_command("replay-reverts", str(tmp_path))


def test_a_bare_clone_in_a_folder_of_an_odd_name_is_counted_and_listed(work: WorkTree, tmp_path: Path) -> None:
    work.commit(a_txt="1\n")
    bad = work.commit(a_txt="2\n")
    work.git("revert", "--no-edit", bad)
    odd = tmp_path / 'a "clone":\n of ünï'
    work.git("clone", "--quiet", "--bare", "--no-local", str(work.folder), str(odd))
    counted, listed = StringIO(), StringIO()
    call_command("replay-reverts", str(odd), stdout=counted)
    call_command("replay-reverts", str(odd), "--json", stdout=listed)
    assert counted.getvalue().split() == ["identical", "1", "differs", "0", "conflict", "0", "empty", "0", "error", "0"]
    assert [json.loads(line) for line in listed.getvalue().splitlines()] == [
        {"revert_sha": work.sha(), "reverted_sha": bad, "verdict": "identical"}
    ]


def test_the_command_needs_neither_settings_nor_a_database(work: WorkTree) -> None:
    work.commit(a_txt="1\n")
    work.git("revert", "--no-edit", work.commit(a_txt="2\n"))
    done = subprocess.run(
        [sys.executable, "manage.py", "replay-reverts", str(work.folder)],
        env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("identical  1\n")
