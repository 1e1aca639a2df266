"""A repository to break, and its mirror's whole content to compare."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.assessment.repositories import WorkTree


@pytest.fixture
def work(tmp_path: Path) -> WorkTree:
    return WorkTree(tmp_path / "work")


@pytest.fixture
def content_of() -> Callable[[Path], dict[str, bytes]]:
    return lambda folder: {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
