"""What landed on the branch, as a person knows it."""

from datetime import UTC, datetime

import pytest

from incidents.assessment.changes import contains, read_change, recent
from incidents.assessment.git import NoSuchCommit
from tests.assessment.repositories import WorkTree


def test_the_recent_changes_are_the_branchs_own_line(work: WorkTree) -> None:
    work.commit("first", a_txt="a\n")
    work.branch("feature")
    work.commit("within", b_txt="b\n")
    work.switch("master")
    work.merge("feature", "the merge")
    work.commit("last", c_txt="c\n")
    assert [(found.title, found.kind) for found in recent(work.mirror(), tip="master")] == [
        ("last", "commit"),
        ("the merge", "merge"),
        ("first", "commit"),
    ]
    assert [found.title for found in recent(work.folder, tip="master", limit=1)] == ["last"]


def test_a_change_says_who_when_and_what(work: WorkTree) -> None:
    sha = work.commit("Grüße: a title\n\nA body.\n", a_txt="a\n")
    found = read_change(work.folder, sha)
    assert (found.sha, found.parents, found.kind, found.author) == (sha, (), "commit", "engineer")
    assert (found.title, found.message) == ("Grüße: a title", "Grüße: a title\n\nA body.\n")
    assert found.at == datetime.fromtimestamp(work.moment - 60, UTC)


@pytest.mark.parametrize("seconds", ["99999999999999", "4102444800", "0"])
def test_a_commit_may_claim_any_time(work: WorkTree, seconds: str) -> None:
    work.commit(a_txt="a\n")
    raw = f"tree {work.tree()}\nauthor x <x> {seconds} +0000\ncommitter x <x> {seconds} +0000\n\nmessage\n".encode()
    sha = work.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", given=raw)
    assert read_change(work.folder, sha).at.tzinfo is UTC


def test_an_abbreviated_sha_and_a_branch_are_resolved(work: WorkTree) -> None:
    sha = work.commit(a_txt="a\n")
    assert read_change(work.folder, sha[:10]).sha == read_change(work.folder, "master").sha == sha


def test_a_history_contains_its_commits_and_no_others(work: WorkTree) -> None:
    first = work.commit(a_txt="a\n")
    second = work.commit(a_txt="b\n")
    assert contains(work.folder, sha=second, ancestor=first)
    assert contains(work.folder, sha=first, ancestor=first)
    assert not contains(work.folder, sha=first, ancestor=second)


def test_an_unknown_commit_is_no_answer(work: WorkTree) -> None:
    first = work.commit(a_txt="a\n")
    for sha, ancestor in ((first, "1" * 40), ("1" * 40, first)):
        with pytest.raises(NoSuchCommit):
            contains(work.folder, sha=sha, ancestor=ancestor)
    with pytest.raises(NoSuchCommit):
        read_change(work.folder, "1" * 40)
