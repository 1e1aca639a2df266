"""Later changes that stand on the bad one (assessment.md §7)."""

import pytest

from incidents.assessment import dependents
from incidents.assessment.revert import preview
from tests.assessment.repositories import WorkTree, merged, one

LINES = [f"line {n}\n" for n in range(1, 41)]


def text(**changes: str) -> str:
    """Lines by number: `text(l3="BAD\\n")`."""
    return "".join(changes.get(f"l{number}", line) for number, line in enumerate(LINES, 1))


def strengths(work: WorkTree, sha: str, *, mainline: bool = False) -> dict[str, str]:
    change = merged(sha) if mainline else one(sha)
    return {found.title: found.strength for found in preview(work.folder, change, base="master").dependents}


def test_a_change_of_the_bad_lines_overlaps_and_one_elsewhere_in_the_file_touches(work: WorkTree) -> None:
    work.commit(a_txt=text(), b_txt="b\n")
    bad = work.commit(a_txt=text(l3="BAD\n"))
    work.commit("far", a_txt=text(l3="BAD\n", l30="far\n"))
    work.commit("unrelated", b_txt="c\n")
    assert strengths(work, bad) == {"far": "touches"}
    work.commit("on it", a_txt=text(l3="BAD but better\n", l30="far\n"))
    assert strengths(work, bad) == {"on it": "overlaps", "far": "touches"}


def test_a_line_put_between_the_bad_lines_overlaps(work: WorkTree) -> None:
    work.commit(a_txt=text())
    bad = work.commit(a_txt=text(l3="BAD\nBAD TOO\n"))
    work.commit("between", a_txt=text(l3="BAD\nnew\nBAD TOO\n"))
    assert strengths(work, bad) == {"between": "overlaps"}


def test_a_later_change_counts_by_what_it_saw_not_by_line_numbers(work: WorkTree) -> None:
    work.commit(a_txt=text())
    bad = work.commit(a_txt=text(l3="BAD\n"))
    work.commit("shift", a_txt="new\n" * 10 + text(l3="BAD\n"))
    work.commit("where it was", a_txt="new\n" * 2 + "other\n" + "new\n" * 7 + text(l3="BAD\n"))
    work.commit("where it is", a_txt="new\n" * 2 + "other\n" + "new\n" * 7 + text(l3="BAD and more\n"))
    assert strengths(work, bad) == {"where it is": "overlaps", "where it was": "touches", "shift": "touches"}


def test_a_change_of_a_path_in_conflict_overlaps_even_where_the_bad_lines_were_deletions(work: WorkTree) -> None:
    work.commit(a_txt=text())
    bad = work.commit(a_txt=text(l3="", l4=""))
    work.commit("in the gap", a_txt=text(l2="two\n", l3="", l4="", l5="five\n"))
    assert strengths(work, bad) == {"in the gap": "overlaps"}


def test_merges_are_seen_through_to_their_commits(work: WorkTree) -> None:
    work.commit(a_txt=text())
    bad = work.commit(a_txt=text(l3="BAD\n"))
    work.branch("feature")
    work.commit("within", a_txt=text(l3="BAD on it\n"))
    work.switch("master")
    work.merge("feature", "the merge")
    assert strengths(work, bad) == {"within": "overlaps"}


def test_the_bad_merges_own_commits_are_not_its_dependents(work: WorkTree) -> None:
    work.commit(a_txt=text())
    work.branch("feature")
    work.commit("one", a_txt=text(l3="BAD\n"))
    work.commit("two", a_txt=text(l3="BAD TOO\n"))
    work.switch("master")
    bad = work.merge("feature")
    assert strengths(work, bad, mainline=True) == {}
    work.commit("later", a_txt=text(l3="ON IT\n"))
    assert strengths(work, bad, mainline=True) == {"later": "overlaps"}


def test_binary_files_and_deletions_overlap(work: WorkTree) -> None:
    work.commit(a_bin=b"\0one", b_txt=text())
    bad = work.commit(a_bin=b"\0two", b_txt=text(l3="BAD\n"))
    work.commit("binary", a_bin=b"\0three")
    work.commit("gone", b_txt=None)
    assert strengths(work, bad) == {"gone": "overlaps", "binary": "overlaps"}


def test_dependents_tell_who_and_when_and_are_capped(work: WorkTree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependents, "MOST", 3)
    work.commit(a_txt="0\n")
    bad = work.commit(a_txt="BAD\n")
    for number in range(5):
        work.commit(f"later {number}", a_txt=f"BAD\n{number}\n")
    found = preview(work.folder, one(bad), base="master").dependents
    assert [dependent.title for dependent in found] == ["later 4", "later 3", "later 2"]
    assert (found[0].author, found[0].paths) == ("engineer", ("a.txt",))
    assert found[0].at > found[-1].at


def test_a_branch_older_than_the_bad_change_and_merged_after_it_only_touches(work: WorkTree) -> None:
    work.commit(a_txt=text())
    work.branch("feature")
    work.commit("from before", a_txt=text(l30="far\n"))
    work.switch("master")
    bad = work.commit(a_txt=text(l3="BAD\n"))
    work.merge("feature")
    assert strengths(work, bad) == {"from before": "touches"}
