"""A conflict in change logs, documents, lock files or translations alone stops no revert: they stay as they are."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from incidents.assessment.keeping import may_keep
from incidents.assessment.revert import Signature, Verdict, build, preview
from tests.assessment.repositories import WorkTree, one

CODE = "def total():\n    return 1\n"


def conflicting(work: WorkTree, path: str, **more: str) -> str:
    """A bad commit that changes code and the file; then somebody writes over the file's same line."""
    work.commit_files({"shop.py": CODE, path: "first\n"})
    bad = work.commit_files({"shop.py": CODE.replace("1", "2"), path: "the bad change\n"})
    work.commit_files({path: "something else\n", **more})
    return bad


@pytest.mark.parametrize("path", ["CHANGELOG.md", "docs/guide.txt", "poetry.lock", "locale/de/LC_MESSAGES/django.po"])
def test_r1_it_is_clean_and_says_what_stays(work: WorkTree, path: str) -> None:
    found = preview(work.folder, one(conflicting(work, path)), base="master")
    assert (found.verdict, found.kept, found.conflicts) == (Verdict.CLEAN, (path,), ())
    assert f"1 file would conflict and stays as it is on the branch: {path}." in found.words
    assert work.git("show", "HEAD:shop.py") == CODE.replace("1", "2").strip()
    assert [file.path for file in found.files] == ["shop.py"]
    assert found.survivors == ()


def test_r1_what_is_built_is_what_was_previewed(work: WorkTree, tmp_path: Path) -> None:
    bad = one(conflicting(work, "CHANGELOG.md"))
    found = preview(work.folder, bad, base="master")
    made = build(
        work.folder, bad, base="master", message="Revert", who=Signature("console", "console@example.com"),
        at=datetime(2026, 5, 8, tzinfo=UTC), objects=tmp_path / "objects",
    )  # fmt: skip
    assert (made.tree, made.patch_id) == (found.tree, found.patch_id)


def test_a_document_that_was_deleted_since_stays_deleted(work: WorkTree) -> None:
    work.commit_files({"shop.py": CODE, "docs/guide.md": "first\n"})
    bad = work.commit_files({"shop.py": CODE.replace("1", "2"), "docs/guide.md": "the bad change\n"})
    work.commit_files({"docs/guide.md": None})
    found = preview(work.folder, one(bad), base="master")
    assert (found.verdict, found.kept) == (Verdict.CLEAN, ("docs/guide.md",))
    assert [file.path for file in found.files] == ["shop.py"]


def test_a_conflict_in_code_beside_it_stays_a_conflict(work: WorkTree) -> None:
    bad = conflicting(work, "CHANGELOG.md", **{"shop.py": CODE.replace("1", "3")})
    found = preview(work.folder, one(bad), base="master")
    assert (found.verdict, found.conflicts) == (Verdict.CONFLICT, ("CHANGELOG.md", "shop.py"))


def test_where_nothing_else_would_be_reverted_it_stays_a_conflict(work: WorkTree) -> None:
    work.commit_files({"CHANGELOG.md": "first\n"})
    bad = work.commit_files({"CHANGELOG.md": "the bad change\n"})
    work.commit_files({"CHANGELOG.md": "something else\n"})
    assert preview(work.folder, one(bad), base="master").verdict is Verdict.CONFLICT


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("CHANGELOG", True), ("app/CHANGES.rst", True), ("docs/api/index.txt", True), ("package-lock.json", True),
        ("web/yarn.lock", True), ("go.sum", True), ("src/i18n/de.json", True), ("locales/en.yml", True),
        ("README.md", True), ("newsfragments/7.bugfix", True),
        ("docs/conf.py", False), ("package.json", False), ("go.mod", False), ("requirements.txt", False),
        ("app/locale.py", False), ("migrations/0007.sql", False), ("docs/migrate.sql", False), ("lang/run.sh", False),
        ("settings.json", False), ("Changelog.tsx", False),
    ],
)  # fmt: skip
def test_only_what_people_read_or_tools_make_anew_is_kept(path: str, kept: bool) -> None:
    assert may_keep(path) is kept
