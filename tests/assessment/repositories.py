"""Real repositories, made on the spot, in surroundings that no machine's configuration reaches."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from incidents.assessment.revert import BadChange

_SURROUNDINGS = {
    "PATH": os.environ["PATH"],
    "HOME": os.devnull,
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "engineer",
    "GIT_AUTHOR_EMAIL": "engineer@example.com",
    "GIT_COMMITTER_NAME": "engineer",
    "GIT_COMMITTER_EMAIL": "engineer@example.com",
}
_FIRST = 1_700_000_000


@dataclass
class WorkTree:
    """A clone as an engineer has one; `bare` is the mirror that the console would have of it."""

    folder: Path
    moment: int = field(default=_FIRST)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.git("init", "--quiet", "-b", "master")

    def git(self, *arguments: str, codes: tuple[int, ...] = (0,), given: bytes | None = None) -> str:
        self.moment += 60
        when = f"@{self.moment} +0000"
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.folder,
            env={**_SURROUNDINGS, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when},
            input=given,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode in codes, done.stderr.decode(errors="replace")
        return done.stdout.decode(errors="surrogateescape").strip()

    def sha(self, revision: str = "HEAD") -> str:
        return self.git("rev-parse", revision)

    def tree(self, revision: str = "HEAD") -> str:
        return self.git("rev-parse", f"{revision}^{{tree}}")

    def write(self, files: dict[str, str | bytes | None]) -> None:
        """None deletes."""
        for path, content in files.items():
            place = self.folder / path
            if content is None:
                place.unlink()
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, title: str = "change", /, **files: str | bytes | None) -> str:
        """Files by keyword, `a__b_py` for `a/b.py`; see `commit_files` for other names."""
        return self.commit_files({_path(name): content for name, content in files.items()}, title)

    def commit_files(self, files: dict[str, str | bytes | None], title: str = "change") -> str:
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", title)
        return self.sha()

    def merge(self, branch: str, title: str = "merge") -> str:
        self.git("merge", "--quiet", "--no-ff", "-m", title, branch)
        return self.sha()

    def branch(self, name: str, at: str = "HEAD") -> None:
        self.git("switch", "--quiet", "-c", name, at)

    def switch(self, name: str) -> None:
        self.git("switch", "--quiet", name)

    def reverted(self, *shas: str, mainline: int | None = None) -> tuple[str, str | None]:
        """Verdict and tree of `git revert` itself, one sha after the other; the work tree is put back."""
        start = self.sha()
        chosen = ("-m", str(mainline)) if mainline else ()
        for sha in shas:
            before = self.tree()
            self.git("revert", "--no-edit", *chosen, sha, codes=(0, 1))
            unmerged = self.git("ls-files", "--unmerged")
            after = self.tree()
            if unmerged or after == before:
                self.git("reset", "--quiet", "--hard", start)
                return ("conflict" if unmerged else "already_undone"), None
        self.git("reset", "--quiet", "--hard", start)
        return "clean", after

    def mirror(self) -> Path:
        place = self.folder.with_name(f"{self.folder.name}.git")
        self.git("clone", "--quiet", "--bare", "--no-local", str(self.folder), str(place))
        return place


def one(sha: str) -> BadChange:
    return BadChange(sha, (sha,), None)


def merged(sha: str) -> BadChange:
    return BadChange(sha, (sha,), 1)


def rebased(*newest_first: str) -> BadChange:
    return BadChange(newest_first[0], newest_first, None)


def _path(name: str) -> str:
    folder, _, file = name.replace("__", "/").rpartition("/")
    stem, _, suffix = file.rpartition("_")
    return f"{folder}/" * bool(folder) + (f"{stem}.{suffix}" if stem else file)
