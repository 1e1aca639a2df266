"""The commits that were checked out to be run, one folder each."""

import shutil
from collections.abc import Callable
from pathlib import Path

_KEPT = 5


class Releases:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def prepare(self, sha: str, checkout: Callable[[Path], None]) -> Path:
        """The folder of `sha`, checked out if it was not; all but the newest few are removed."""
        release = self.folder(sha)
        if not release.exists():
            unfinished = release.with_suffix(".new")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            checkout(unfinished)
            unfinished.rename(release)
        release.touch()
        self._forget_old()
        return release

    def folder(self, sha: str) -> Path:
        return self._folder / sha[:12]

    def _forget_old(self) -> None:
        newest_first = sorted(self._folder.iterdir(), key=lambda release: release.stat().st_mtime, reverse=True)
        for release in newest_first[_KEPT:]:
            shutil.rmtree(release, ignore_errors=True)
