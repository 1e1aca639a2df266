"""Clean is not undone: lines of the bad change that stay (assessment.md §1, fact 5)."""

import pytest

from incidents.assessment.revert import Survivor, Verdict, preview, surviving_lines
from tests.assessment.repositories import WorkTree, merged, one

LOG = "first\nsecond\n"


@pytest.mark.parametrize("attributes", [".gitattributes", "docs/.gitattributes"])
def test_a_union_merge_leaves_the_bad_line_and_the_preview_says_so(work: WorkTree, attributes: str) -> None:
    work.commit_files({attributes: "*.log merge=union\n", "docs/a.log": LOG})
    bad = work.commit_files({"docs/a.log": LOG + "BAD\n"})
    work.commit_files({"docs/a.log": LOG + "BAD\nlater\n"})
    found = preview(work.folder, one(bad), base="master")
    assert (found.verdict, work.reverted(bad)) == (Verdict.ALREADY_UNDONE, ("already_undone", None))
    assert found.survivors == (Survivor("docs/a.log", 3, "BAD"),)
    assert "1 piece of the bad change would stay (docs/a.log:3)" in found.words


def test_a_union_merge_beside_a_true_revert_is_clean_with_a_survivor(work: WorkTree) -> None:
    work.commit_files({".gitattributes": "*.log merge=union\n", "a.log": LOG, "b.txt": "b\n"})
    bad = work.commit_files({"a.log": LOG + "BAD\n", "b.txt": "BAD\n"})
    work.commit_files({"a.log": LOG + "BAD\nlater\n"})
    found = preview(work.folder, one(bad), base="master")
    assert (found.verdict, found.tree) == work.reverted(bad)
    assert found.survivors == (Survivor("a.log", 3, "BAD"),)
    assert found.words.endswith(
        "but 1 piece of the bad change would stay (a.log:3); 1 later commit built on the lines it takes back."
    )


def test_attributes_of_the_base_count_and_not_those_of_the_bad_change(work: WorkTree) -> None:
    work.commit_files({"a.log": LOG})
    bad = work.commit_files({"a.log": LOG + "BAD\n"})
    work.commit_files({".gitattributes": "*.log merge=union\n", "a.log": LOG + "BAD\nlater\n"})
    assert preview(work.folder, one(bad), base="master").verdict is Verdict.ALREADY_UNDONE
    work.commit_files({".gitattributes": None})
    assert preview(work.folder, one(bad), base="master").verdict is Verdict.CONFLICT


def test_before_the_revert_every_added_line_survives_and_after_it_none(work: WorkTree) -> None:
    work.commit(a_py="def a():\n    return 1\n")
    bad = work.commit(a_py="def a():\n    return 1\n\n\ndef b():\n    return 2\n", n_py="x = 1\n")
    assert {(found.path, found.line) for found in surviving_lines(work.folder, one(bad), at="master")} == {
        ("a.py", 5),
        ("a.py", 6),
        ("n.py", 1),
    }
    work.git("revert", "--no-edit", bad)
    assert surviving_lines(work.folder, one(bad), at="master") == ()


def test_lines_like_the_bad_ones_that_someone_else_wrote_are_no_survivors(work: WorkTree) -> None:
    work.commit(a_c="int a() {\n}\n")
    bad = work.commit(a_c="int a() {\n}\nint b() {\n    return bad;\n}\n")
    work.commit(a_c="int z() {\n}\nint a() {\n}\nint b() {\n    return bad;\n}\n")
    found = preview(work.folder, one(bad), base="master")
    assert (found.verdict, found.survivors) == (Verdict.CLEAN, ())


def test_a_line_that_moved_with_its_file_is_found_there(work: WorkTree) -> None:
    text = "".join(f"line {n}\n" for n in range(20))
    work.commit(a_txt=text)
    bad = work.commit(a_txt=text + "BAD\n")
    work.git("mv", "a.txt", "b.txt")
    work.commit("rename")
    assert surviving_lines(work.folder, one(bad), at="master") == (Survivor("b.txt", 21, "BAD"),)


def test_lines_of_a_merged_branch_count_as_the_merges(work: WorkTree) -> None:
    work.commit(a_txt="a\n")
    work.branch("feature")
    work.commit(b_txt="BAD\n")
    work.switch("master")
    work.commit(c_txt="not bad\n")
    bad = work.merge("feature")
    assert surviving_lines(work.folder, merged(bad), at="master") == (Survivor("b.txt", 1, "BAD"),)


def test_a_binary_file_and_a_mode_survive_as_a_whole(work: WorkTree) -> None:
    work.commit(a_bin=b"\0one", run_sh="true\n")
    (work.folder / "run.sh").chmod(0o755)
    bad = work.commit(a_bin=b"\0two")
    assert surviving_lines(work.folder, one(bad), at="master") == (
        Survivor("a.bin", 0, "the whole file, as the bad change left it"),
        Survivor("run.sh", 0, "mode 100755"),
    )


def test_deleted_lines_and_blank_ones_are_no_survivors(work: WorkTree) -> None:
    work.commit(a_txt="a\nb\n")
    bad = work.commit(a_txt="a\n\n")
    assert surviving_lines(work.folder, one(bad), at="master") == ()


def test_survivors_are_capped_in_number_and_width(work: WorkTree) -> None:
    work.commit(a_txt="a\n")
    bad = work.commit(b_txt="".join(f"{n} {'x' * 1000}\n" for n in range(300)))
    found = surviving_lines(work.folder, one(bad), at="master")
    assert len(found) == 200
    assert max(len(line.text) for line in found) == 300
