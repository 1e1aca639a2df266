"""The revert as a commit: the same each time, and nothing left in the mirror."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from incidents.assessment import git as assessment_git
from incidents.assessment.revert import (
    BadChange,
    BuiltRevert,
    NoSuchCommit,
    NotRevertible,
    RepositoryUnreadable,
    Signature,
    Verdict,
    build,
    merge_preview,
    patch_id,
    preview,
)
from tests.assessment.repositories import WorkTree, merged, one

CONSOLE = Signature("rollback console", "console@example.com")
DECIDED = datetime(2026, 11, 23, 3, 4, 5, 678, UTC)
MESSAGE = 'Revert "the change"\n\nINC-2026-0042, R1.\n'
LINES = "".join(f"line {n}\n" for n in range(1, 21))


def built(repository: Path, sha: str, objects: Path, *, at: datetime = DECIDED, message: str = MESSAGE) -> BuiltRevert:
    return build(repository, one(sha), base="master", message=message, who=CONSOLE, at=at, objects=objects)


def broken(work: WorkTree) -> str:
    """A repository with a bad change and one after it."""
    work.commit(a_txt=LINES)
    bad = work.commit(a_txt=LINES.replace("line 3\n", "BAD\n"))
    work.commit(b_txt="later\n")
    return bad


def test_a_retry_makes_the_same_commit(work: WorkTree, tmp_path: Path) -> None:
    bad = broken(work)
    first = built(work.mirror(), bad, tmp_path / "one")
    second = built(work.folder, bad, tmp_path / "two", at=DECIDED.astimezone(timezone(timedelta(hours=2))))
    assert first == second
    assert first.sha != built(work.folder, bad, tmp_path / "three", message="Another").sha


def test_e7_the_built_commit_is_what_was_previewed(work: WorkTree, tmp_path: Path) -> None:
    bad = broken(work)
    found, made = preview(work.folder, one(bad), base="master"), built(work.folder, bad, tmp_path / "objects")
    assert (made.tree, made.patch_id) == (found.tree, found.patch_id)
    raw = work.git("--git-dir", str(_with(work, tmp_path / "objects")), "cat-file", "commit", made.sha)
    assert raw.splitlines() == [
        f"tree {made.tree}",
        f"parent {work.sha()}",
        f"author rollback console <console@example.com> {int(DECIDED.timestamp())} +0000",
        f"committer rollback console <console@example.com> {int(DECIDED.timestamp())} +0000",
        "",
        *MESSAGE.splitlines(),
    ]


def _with(work: WorkTree, objects: Path) -> Path:
    """A clone that also sees these objects, as a push does."""
    (work.folder / ".git/objects/info/alternates").write_text(f"{objects}\n")
    return work.folder / ".git"


def test_a_preview_and_a_build_leave_nothing_in_the_mirror(
    work: WorkTree, tmp_path: Path, content_of: Callable[[Path], dict[str, bytes]]
) -> None:
    bad = broken(work)
    mirror = work.mirror()
    before = content_of(mirror)
    preview(mirror, one(bad), base="master")
    built(mirror, bad, tmp_path / "objects")
    merge_preview(mirror, base="master", head=bad)
    assert content_of(mirror) == before


def test_a_folder_with_a_colon_in_its_name_is_read(work: WorkTree, tmp_path: Path) -> None:
    bad = broken(work)
    place = tmp_path / 'with:colon "quoted"'
    work.mirror().rename(place)
    assert preview(place, one(bad), base="master").verdict is Verdict.CLEAN


def test_a_time_without_its_zone_is_refused(work: WorkTree, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="time zone"):
        built(work.folder, broken(work), tmp_path / "objects", at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_there_is_no_revert_to_build_of_a_conflict(work: WorkTree, tmp_path: Path) -> None:
    bad = broken(work)
    work.commit(a_txt=LINES.replace("line 3\n", "BETTER\n"))
    with pytest.raises(NotRevertible) as refusal:
        built(work.folder, bad, tmp_path / "objects")
    assert (refusal.value.verdict, refusal.value.conflicts) == (Verdict.CONFLICT, ("a.txt",))


@pytest.mark.parametrize(
    ("case", "verdict"),
    [("undone", Verdict.ALREADY_UNDONE), ("elsewhere", Verdict.NOT_AN_ANCESTOR), ("nowhere", Verdict.ERROR)],
)
def test_there_is_no_revert_to_build_without_a_change_to_undo(
    work: WorkTree, tmp_path: Path, case: str, verdict: Verdict
) -> None:
    bad = broken(work)
    if case == "undone":
        work.git("revert", "--no-edit", bad)
    if case == "elsewhere":
        work.branch("feature")
        bad = work.commit(c_txt="c\n")
    with pytest.raises(NotRevertible) as refusal:
        built(work.folder, "1" * 40 if case == "nowhere" else bad, tmp_path / "objects")
    assert refusal.value.verdict is verdict
    assert refusal.value.words


def test_a_moved_base_keeps_the_patch_id(work: WorkTree) -> None:
    work.commit(a_txt=LINES)
    bad = work.commit(a_txt=LINES.replace("line 9\n", "BAD\n"))
    first = preview(work.folder, one(bad), base="master")
    work.commit(a_txt="new\n" * 9 + LINES.replace("line 9\n", "BAD\n"))
    second = preview(work.folder, one(bad), base="master")
    assert first.patch_id == second.patch_id
    assert first.tree != second.tree


CHANGES: dict[str, dict[str, str | bytes | None]] = {
    "a word": {"a.txt": LINES + "one\n"},
    "another word": {"a.txt": LINES + "two\n"},
    "only its indentation": {"a.txt": LINES + "  one\n"},
    "after a NUL byte": {"b.bin": b"\0two"},
    "otherwise after a NUL byte": {"b.bin": b"\0three"},
    "a new file": {"c.txt": "c\n"},
    "a new empty file": {"c.txt": ""},
    "a deletion": {"b.bin": None},
    "what the repository calls binary": {"d.lock": "one\n"},
    "otherwise what the repository calls binary": {"d.lock": "two\n"},
    "a rename": {"a.txt": None, "z.txt": LINES},
}


def test_different_changes_have_different_patch_ids(work: WorkTree) -> None:
    start = work.commit_files({"a.txt": LINES, "b.bin": b"\0one", "d.lock": "0\n", ".gitattributes": "*.lock -diff\n"})
    ids = {}
    for title, files in CHANGES.items():
        ids[title] = patch_id(work.folder, start, work.commit_files(files))
        work.git("reset", "--quiet", "--hard", start)
    (work.folder / "a.txt").chmod(0o755)
    ids["a mode"] = patch_id(work.folder, start, work.commit())
    assert len(set(ids.values())) == len(ids)
    assert patch_id(work.folder, start, start) == ""


@pytest.mark.parametrize("sha", ["1" * 40, "--output=stolen", "", "master..master"])
def test_what_is_no_commit_has_no_patch_id(work: WorkTree, sha: str) -> None:
    start = work.commit(a_txt=LINES)
    with pytest.raises(RepositoryUnreadable):
        patch_id(work.folder, start, sha)


def test_merging_what_is_no_commit_is_no_answer(work: WorkTree) -> None:
    work.commit(a_txt=LINES)
    with pytest.raises(NoSuchCommit):
        merge_preview(work.folder, base="master", head="1" * 40)


def test_merging_the_revert_onto_a_newer_base_changes_the_same(work: WorkTree) -> None:
    bad = broken(work)
    found = preview(work.folder, one(bad), base="master")
    work.branch("revert")
    work.git("revert", "--no-edit", bad)
    work.switch("master")
    work.commit(c_txt="meanwhile\n")
    result = merge_preview(work.folder, base="master", head="revert")
    assert (result.clean, result.conflicts, result.patch_id) == (True, (), found.patch_id)


def test_merging_the_revert_onto_a_base_that_changed_the_lines_conflicts(work: WorkTree) -> None:
    bad = broken(work)
    work.branch("revert")
    work.git("revert", "--no-edit", bad)
    work.switch("master")
    work.commit(a_txt=LINES.replace("line 3\n", "BETTER\n"))
    result = merge_preview(work.folder, base="master", head="revert")
    assert (result.clean, result.tree, result.conflicts, result.patch_id) == (False, None, ("a.txt",), None)


def test_a_partial_clone_is_an_error_that_says_so(work: WorkTree, tmp_path: Path) -> None:
    bad = broken(work)
    work.commit(a_txt=LINES.replace("line 3\n", "BAD\n") + "end\n")
    work.git("config", "uploadpack.allowFilter", "true")
    place = tmp_path / "blobless.git"
    work.git("clone", "--quiet", "--bare", "--filter=blob:none", f"file://{work.folder}", str(place))
    found = preview(place, one(bad), base="master")
    assert found.verdict is Verdict.ERROR
    assert "could not be tried" in found.words


def test_a_shallow_clone_is_read_as_far_as_it_goes(work: WorkTree, tmp_path: Path) -> None:
    bad = broken(work)
    place = tmp_path / "shallow.git"
    work.git("clone", "--quiet", "--bare", "--depth=3", f"file://{work.folder}", str(place))
    assert preview(place, one(bad), base="master").verdict is Verdict.CLEAN


def test_the_repositorys_own_configuration_hooks_and_replacements_run_nothing(work: WorkTree, tmp_path: Path) -> None:
    work.commit_files({".gitattributes": "* filter=trap diff=trap merge=trap\n", "a.txt": LINES})
    bad = work.commit(a_txt=LINES.replace("line 3\n", "BAD\n"))
    later = work.commit(a_txt=LINES.replace("line 3\n", "BAD\n") + "end\n")
    trap = f"touch {tmp_path / 'ran'}; cat"
    for name in ("filter.trap.clean", "filter.trap.smudge", "diff.trap.textconv", "diff.trap.command", "diff.external"):
        work.git("config", name, trap)
    for name in ("merge.trap.driver", "core.fsmonitor", "core.pager", "pager.log", "core.sshCommand"):
        work.git("config", name, trap)
    work.git("replace", later, bad)
    found = preview(work.folder, one(bad), base=later)
    assert (found.verdict, found.base) == (Verdict.CLEAN, later)
    assert not (tmp_path / "ran").exists()


def test_git_that_takes_too_long_or_says_too_much_is_an_error(work: WorkTree, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = broken(work)
    monkeypatch.setattr(assessment_git, "OUTPUT_CAP", 100)
    assert "larger than" in preview(work.folder, one(bad), base="master").words
    monkeypatch.undo()
    monkeypatch.setattr(assessment_git, "SECONDS", -1.0)  # over before git could answer, however quick it is
    found = preview(work.folder, one(bad), base="master")
    assert found.verdict is Verdict.ERROR
    assert found.words.startswith("The revert could not be tried: Git did not answer within")


def test_a_file_of_fifty_megabytes_is_reverted_all_the_same(work: WorkTree) -> None:
    work.commit(a_txt="a\n", big_txt="x\n" * 25_000_000)
    bad = work.commit(a_txt="BAD\n", big_txt="y\n" * 25_000_000)
    found = preview(work.folder, one(bad), base="master")
    assert found.verdict is Verdict.CLEAN
    assert found.tree == work.tree("HEAD^")


def test_a_merge_of_two_histories_in_one_change_is_reverted_by_mainline(work: WorkTree, tmp_path: Path) -> None:
    work.commit(a_txt=LINES)
    work.git("switch", "--quiet", "--orphan", "other")
    work.commit(z_txt="z\n")
    work.switch("master")
    work.git("merge", "--quiet", "--allow-unrelated-histories", "-m", "both", "other")
    found = preview(work.folder, BadChange(work.sha(), (work.sha(),), 1), base="master")
    assert found.tree == work.tree("HEAD^1")
    assert preview(work.folder, merged(work.sha()), base="master") == found
