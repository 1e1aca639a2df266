"""A revert's verdict and tree, case by case, with `git revert` in a work tree as the judge."""

from pathlib import Path

import pytest

from incidents.assessment.revert import BadChange, Verdict, preview
from tests.assessment.repositories import WorkTree, merged, one, rebased

LINES = "".join(f"line {n}\n" for n in range(1, 21))


def changed(number: int, to: str) -> str:
    return LINES.replace(f"line {number}\n", to)


def assert_as_git_reverts(work: WorkTree, sha: str, *, mainline: int | None = None) -> None:
    verdict, tree = work.reverted(sha, mainline=mainline)
    found = preview(work.folder, BadChange(sha, (sha,), mainline), base="master")
    assert (found.verdict, found.tree) == (verdict, tree), found.words


def test_a_squash_merge_is_reverted_without_a_mainline(work: WorkTree) -> None:
    work.commit(a_txt=LINES)
    bad = work.commit(a_txt=changed(3, "BAD\n"))
    work.commit(a_txt=changed(3, "BAD\n") + "later\n")
    found = preview(work.folder, one(bad), base="master")
    assert found.verdict is Verdict.CLEAN
    assert found.words.startswith("The revert applies cleanly to 1 file (+1 −1)")
    assert found.base == work.sha()
    assert_as_git_reverts(work, bad)


def test_a_merge_commit_is_reverted_to_its_first_parent(work: WorkTree) -> None:
    work.commit(a_txt=LINES)
    work.branch("feature")
    work.commit(a_txt=changed(3, "BAD\n"))
    work.commit(b_txt="more of it\n")
    work.switch("master")
    work.commit(c_txt="meanwhile\n")
    bad = work.merge("feature")
    found = preview(work.folder, merged(bad), base="master")
    assert found.verdict is Verdict.CLEAN
    assert found.tree == work.tree("HEAD^1")
    assert_as_git_reverts(work, bad, mainline=1)


def test_a_merge_without_a_mainline_is_an_error_that_says_so(work: WorkTree) -> None:
    work.commit(a_txt=LINES)
    work.branch("feature")
    work.commit(b_txt="b\n")
    work.switch("master")
    bad = work.merge("feature")
    found = preview(work.folder, one(bad), base="master")
    assert found.verdict is Verdict.ERROR
    assert "mainline" in found.words


def test_a_mainline_that_the_commit_does_not_have_is_an_error(work: WorkTree) -> None:
    work.commit(a_txt="a\n")
    bad = work.commit(a_txt="b\n")
    assert preview(work.folder, BadChange(bad, (bad,), 2), base="master").verdict is Verdict.ERROR


def test_a_rebase_merge_is_reverted_whole(work: WorkTree) -> None:
    work.commit(a_txt=LINES)
    shas = [work.commit(a_txt=changed(number, "BAD\n")) for number in (2, 3, 9)]
    work.commit(b_txt="later\n")
    found = preview(work.folder, rebased(*reversed(shas)), base="master")
    assert found.verdict is Verdict.CLEAN
    assert found.tree == work.reverted(*reversed(shas))[1]


def test_commits_that_are_not_one_line_of_history_are_an_error(work: WorkTree) -> None:
    shas = [work.commit(a_txt=f"{number}\n") for number in range(4)]
    found = preview(work.folder, rebased(shas[3], shas[1]), base="master")
    assert found.verdict is Verdict.ERROR
    assert "not one line of history" in found.words


def test_an_already_undone_change_is_never_clean(work: WorkTree) -> None:
    work.commit(a_txt=LINES)
    bad = work.commit(a_txt=changed(3, "BAD\n"))
    work.commit(a_txt=LINES)
    found = preview(work.folder, one(bad), base="master")
    assert found.verdict is Verdict.ALREADY_UNDONE
    assert found.tree is None
    assert found.words == "The change is already undone: a revert would alter no file."


def test_an_empty_change_has_nothing_to_revert(work: WorkTree) -> None:
    work.commit(a_txt=LINES)
    bad = work.commit("empty")
    found = preview(work.folder, one(bad), base="master")
    assert found.verdict is Verdict.ALREADY_UNDONE
    assert found.words == "The change altered no file, so there is nothing to revert."


def test_a_conflict_names_its_paths(work: WorkTree) -> None:
    work.commit(a_txt=LINES, b_txt=LINES)
    bad = work.commit(a_txt=changed(3, "BAD\n"), b_txt=changed(3, "BAD\n"))
    work.commit(a_txt=changed(3, "BETTER\n"))
    found = preview(work.folder, one(bad), base="master")
    assert found.verdict is Verdict.CONFLICT
    assert found.conflicts == ("a.txt",)
    assert found.words == "The revert conflicts in 1 file: a.txt."
    assert (found.tree, found.patch_id) == (None, None)
    assert {file.path for file in found.files} == {"a.txt", "b.txt"}


def test_a_change_of_another_branch_was_never_deployed(work: WorkTree) -> None:
    work.commit(a_txt=LINES)
    work.branch("feature")
    bad = work.commit(a_txt=changed(3, "BAD\n"))
    work.switch("master")
    found = preview(work.folder, one(bad), base="master")
    assert found.verdict is Verdict.NOT_AN_ANCESTOR
    assert bad[:12] in found.words


@pytest.mark.parametrize(
    "sha",
    ["", "0" * 40, "f" * 40, "not a commit", "--output=stolen", "HEAD\nHEAD", "HEAD\0", "master:a.txt", "-h", "\udc80"],
)
def test_a_sha_that_is_no_commit_is_an_error(work: WorkTree, sha: str) -> None:
    work.commit(a_txt=LINES)
    found = preview(work.folder, one(sha), base="master")
    assert found.verdict is Verdict.ERROR
    assert "is no commit of this repository" in found.words
    assert not (work.folder / "stolen").exists()


def test_a_blob_and_a_tree_are_no_commits(work: WorkTree) -> None:
    work.commit(a_txt=LINES)
    for sha in (work.sha("HEAD:a.txt"), work.tree()):
        assert preview(work.folder, one(sha), base="master").verdict is Verdict.ERROR


def test_a_commit_of_another_repository_is_an_error(work: WorkTree, tmp_path: Path) -> None:
    work.commit(a_txt=LINES)
    other = WorkTree(tmp_path / "other")
    elsewhere = other.commit(z_txt="z\n")
    assert preview(work.folder, one(elsewhere), base="master").verdict is Verdict.ERROR


def test_an_unknown_base_is_an_error(work: WorkTree) -> None:
    sha = work.commit(a_txt=LINES)
    assert preview(work.folder, one(sha), base="no-such-branch").verdict is Verdict.ERROR


@pytest.mark.parametrize("made", ["nothing", "a folder", "a file"])
def test_a_repository_that_is_none_is_an_error(tmp_path: Path, made: str) -> None:
    place = tmp_path / "repository"
    if made == "a folder":
        place.mkdir()
    if made == "a file":
        place.write_text("HEAD")
    found = preview(place, one("1" * 40), base="master")
    assert found.verdict is Verdict.ERROR
    assert "no git repository" in found.words


def test_the_root_commit_reverts_to_nothing(work: WorkTree) -> None:
    root = work.commit(a_txt=LINES, b_txt="b\n")
    work.commit(c_txt="later\n")
    assert_as_git_reverts(work, root)
    assert {file.removed for file in preview(work.folder, one(root), base="master").files} == {20, 1}


def test_a_rename_is_undone_even_when_the_file_changed_since(work: WorkTree) -> None:
    work.commit(a_txt=LINES)
    bad = work.commit(a_txt=None, moved__b_txt=LINES)
    work.commit(moved__b_txt=changed(9, "later\n"))
    assert_as_git_reverts(work, bad)
    found = preview(work.folder, one(bad), base="master")
    assert [file.path for file in found.files] == ["a.txt"]


def test_a_file_renamed_later_is_followed(work: WorkTree) -> None:
    work.commit(a_txt=LINES)
    bad = work.commit(a_txt=changed(3, "BAD\n"))
    work.git("mv", "a.txt", "b.txt")
    work.commit("rename")
    assert_as_git_reverts(work, bad)
    found = preview(work.folder, one(bad), base="master")
    assert [file.path for file in found.files] == ["b.txt"]
    assert found.survivors == ()


def test_a_mode_change_is_undone(work: WorkTree) -> None:
    work.commit(run_sh="true\n")
    (work.folder / "run.sh").chmod(0o755)
    bad = work.commit("make it run")
    work.commit(b_txt="later\n")
    assert_as_git_reverts(work, bad)


def test_a_binary_file_is_undone_and_conflicts_whole(work: WorkTree) -> None:
    work.commit(a_bin=b"\0one", b_txt="b\n")
    bad = work.commit(a_bin=b"\0two")
    assert_as_git_reverts(work, bad)
    work.commit(a_bin=b"\0three")
    assert_as_git_reverts(work, bad)
    assert preview(work.folder, one(bad), base="master").conflicts == ("a.bin",)


AWKWARD = ["näme.txt", "two\nlines.txt", "tab\tand space.txt", '"quoted".txt', ":(glob)*.txt", "-n", "日本/語.txt", "*"]


@pytest.mark.parametrize("path", AWKWARD)
def test_an_awkward_path_is_only_a_path(work: WorkTree, path: str) -> None:
    work.commit_files({path: LINES, "other.txt": LINES})
    bad = work.commit_files({path: changed(3, "BAD\n")})
    work.commit_files({path: changed(3, "BAD\n") + "end\n", "other.txt": "other\n"})
    assert_as_git_reverts(work, bad)
    found = preview(work.folder, one(bad), base="master")
    assert [file.path for file in found.files] == [path]
    assert [dependent.paths for dependent in found.dependents] == [(path,)]


def test_an_awkward_path_in_conflict_is_named_whole(work: WorkTree) -> None:
    work.commit_files({"two\nlines.txt": LINES})
    bad = work.commit_files({"two\nlines.txt": changed(3, "BAD\n")})
    work.commit_files({"two\nlines.txt": changed(3, "BETTER\n")})
    assert preview(work.folder, one(bad), base="master").conflicts == ("two\nlines.txt",)


def test_a_path_that_is_not_utf8_is_shown_readably(work: WorkTree) -> None:
    name = b"caf\xe9.txt".decode(errors="surrogateescape")
    work.commit_files({name: LINES})
    bad = work.commit_files({name: changed(3, "BAD\n")})
    found = preview(work.folder, one(bad), base="master")
    assert [file.path for file in found.files] == ["caf\\xe9.txt"]
    assert_as_git_reverts(work, bad)
    work.commit_files({name: changed(3, "BETTER\n")})
    found = preview(work.folder, one(bad), base="master")
    assert found.words == "The revert conflicts in 1 file: caf\\xe9.txt."
    assert [dependent.strength for dependent in found.dependents] == ["overlaps"]


def test_a_submodule_bump_is_undone_unless_bumped_again(work: WorkTree, tmp_path: Path) -> None:
    library = WorkTree(tmp_path / "library")
    versions = [library.commit(l_txt=f"{number}\n") for number in range(3)]
    work.git("submodule", "--quiet", "add", str(library.folder), "library")
    pinned = work.folder / "library"

    def bump(version: str) -> str:
        work.git("-C", str(pinned), "checkout", "--quiet", version)
        return work.commit("bump")

    bump(versions[0])
    bad = bump(versions[1])
    work.commit(b_txt="b\n")
    assert_as_git_reverts(work, bad)
    assert preview(work.folder, one(bad), base="master").survivors == ()
    bump(versions[2])
    assert preview(work.folder, one(bad), base="master").conflicts == ("library",)


def test_a_symbolic_link_is_undone(work: WorkTree) -> None:
    work.commit(a_txt="a\n")
    (work.folder / "link").symlink_to("/etc/passwd")
    bad = work.commit("link")
    work.commit(b_txt="b\n")
    assert_as_git_reverts(work, bad)


def test_merging_the_reverted_branch_again_brings_only_the_new_fix(work: WorkTree) -> None:
    work.commit(a_txt=LINES)
    work.branch("feature")
    work.commit(a_txt=changed(3, "BAD\n"))
    work.switch("master")
    bad = work.merge("feature")
    work.git("revert", "--no-edit", "-m", "1", bad)
    revert = work.sha()
    work.switch("feature")
    work.commit(b_txt="fix\n")
    work.switch("master")
    work.merge("feature")
    assert (work.folder / "a.txt").read_text() == LINES
    assert preview(work.folder, merged(bad), base="master").verdict is Verdict.ALREADY_UNDONE
    reapply = preview(work.folder, one(revert), base="master")
    assert reapply.verdict is Verdict.CLEAN
    assert [(file.path, file.added) for file in reapply.files] == [("a.txt", 1)]
