"""A real bare git repository: reading, committing, checking out."""

import io
import os
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sandbox.codehost.accounts import WEB, Signature

_FIELDS = ("%H", "%P", "%T", "%an", "%ae", "%aI", "%cn", "%ce", "%cI", "%B")
_FORMAT = "--format=" + "%x00".join(_FIELDS)
_ENVIRONMENT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C", "TZ": "UTC"}
# Written at once: a `git config` each would take longer than the whole past does.
_CONFIG = """[http]
\treceivepack = true
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[receive]
\tdenyDeleteCurrent = ignore
[gc]
\tauto = 0
"""
ZERO = "0" * 40


# Python before 3.11.4 has no extraction filters; the archive is git's own, of our own repository.
SAFELY: Final[dict[str, Any]] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


class GitFailed(Exception):
    """git answered with an error; the words are its own."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who wrote something, and when."""

    who: Signature
    at: datetime


@dataclass(frozen=True, slots=True)
class GitCommit:
    sha: str
    parents: tuple[str, ...]
    tree: str
    author: Stamp
    committer: Stamp
    message: str

    @property
    def title(self) -> str:
        return self.message.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class FileChange:
    path: str
    status: str
    additions: int
    deletions: int
    blob: str


class Repository:
    """The repository in `folder`. Branches it moves itself pass no hook: it is the code host's own hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, *, default_branch: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--bare", "--quiet", "--template=", f"--initial-branch={default_branch}")
        with (self.folder / "config").open("a", encoding="ascii") as config:
            config.write(_CONFIG)

    def git(self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        """What git writes, without its last line's end; raises GitFailed."""
        return self._run(arguments, stdin, env or {}).decode("utf-8", "replace").rstrip("\n")

    def _run(self, arguments: tuple[str, ...], stdin: bytes, env: Mapping[str, str]) -> bytes:
        done = subprocess.run(
            ("git", *arguments),
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=60,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **_ENVIRONMENT, **env},
        )
        if done.returncode:
            raise GitFailed((done.stderr or done.stdout).decode("utf-8", "replace").strip())
        return done.stdout

    # Reading

    def refs(self) -> dict[str, str]:
        """Every ref by its whole name, and what it points at."""
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.rsplit(" ", 1) for line in lines)

    def head(self, branch: str) -> str | None:
        return self._resolve(f"refs/heads/{branch}")

    def resolve(self, ref: str) -> str | None:
        """The commit a branch name or a (shortened) id stands for; None where it stands for none."""
        return self.head(ref) or (None if ref.startswith("-") else self._resolve(ref))

    def _resolve(self, ref: str) -> str | None:
        try:
            return self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        except GitFailed:
            return None

    def commit(self, sha: str) -> GitCommit:
        return self.log(sha, limit=1)[0]

    def log(self, revisions: str, *, limit: int = 250, skip: int = 0, first_parent: bool = False) -> list[GitCommit]:
        """The commits of a range, newest first."""
        options = (f"--max-count={limit}", f"--skip={skip}", *(["--first-parent"] if first_parent else []))
        output = self.git("log", "-z", _FORMAT, *options, revisions, "--")
        words = output.split("\0")[:-1]
        return [_commit(words[start : start + len(_FIELDS)]) for start in range(0, len(words), len(_FIELDS))]

    def merge_base(self, one: str, other: str) -> str | None:
        try:
            return self.git("merge-base", one, other)
        except GitFailed:
            return None

    def is_ancestor(self, ancestor: str, sha: str) -> bool:
        return self.merge_base(ancestor, sha) == ancestor

    def count(self, revisions: str) -> int:
        return int(self.git("rev-list", "--count", revisions))

    def changed_files(self, old: str, new: str) -> list[FileChange]:
        """The files that differ between two commits, with lines added and removed."""
        words = {"A": "added", "D": "removed"}
        states: dict[str, tuple[str, str]] = {}
        for line in self.git("diff-tree", "-r", "--no-renames", old, new).splitlines():
            described, _, path = line.partition("\t")
            _, _, before, after, letter = described.split(" ")
            states[path] = (words.get(letter, "modified"), before if letter == "D" else after)
        counts = self.git("diff-tree", "-r", "--no-renames", "--numstat", old, new).splitlines()
        return [_change(line, states) for line in counts if line.count("\t") == 2]

    # Writing

    def commit_files(self, parent: str | None, files: Mapping[str, str | None], *, message: str, author: Stamp) -> str:
        """A commit on `parent` with these files' contents (None: the file is gone); returns its id."""
        with TemporaryDirectory() as scratch:
            env = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
            if parent:
                self.git("read-tree", parent, env=env)
            entries = "".join(self._index_entry(path, content) for path, content in files.items())
            self.git("update-index", "--add", "--index-info", stdin=entries.encode(), env=env)
            tree = self.git("write-tree", env=env)
        return self.commit_tree(tree, [parent] if parent else [], message=message, author=author)

    def _index_entry(self, path: str, content: str | None) -> str:
        if content is None:
            return f"0 {ZERO}\t{path}\n"
        blob = self.git("hash-object", "-w", "--stdin", stdin=content.encode())
        return f"100644 {blob}\t{path}\n"

    def commit_tree(
        self, tree: str, parents: list[str], *, message: str, author: Stamp, committer: Stamp | None = None
    ) -> str:
        by = committer or author
        env = {
            "GIT_AUTHOR_NAME": author.who.name,
            "GIT_AUTHOR_EMAIL": author.who.email,
            "GIT_AUTHOR_DATE": author.at.isoformat(),
            "GIT_COMMITTER_NAME": by.who.name,
            "GIT_COMMITTER_EMAIL": by.who.email,
            "GIT_COMMITTER_DATE": by.at.isoformat(),
        }
        lineage = [word for parent in parents for word in ("-p", parent)]
        return self.git("commit-tree", tree, *lineage, stdin=message.encode(), env=env)

    def scratch_commit(self, tree_of: str, parent: str) -> str:
        """A commit nobody will see: the tree of one commit upon another, to choose a merge's base."""
        stamp = Stamp(WEB, datetime.now(UTC))
        return self.commit_tree(f"{tree_of}^{{tree}}", [parent], message="scratch", author=stamp)

    def move_branch(self, branch: str, sha: str, *, expecting: str | None) -> None:
        """Compare and set: raises GitFailed where the branch is not at `expecting` any more."""
        self.git("update-ref", f"refs/heads/{branch}", sha, expecting or ZERO)

    def delete_ref(self, ref: str) -> None:
        self.git("update-ref", "-d", ref)

    def checkout(self, sha: str, folder: Path) -> None:
        """Write the files of a commit into `folder`."""
        archive = self._run(("archive", "--format=tar", sha), b"", {})
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder, **SAFELY)  # noqa: S202 - filtered where this Python can


def _commit(words: list[str]) -> GitCommit:
    sha, parents, tree, *people, message = words
    author, committer = _stamp(*people[:3]), _stamp(*people[3:])
    return GitCommit(sha, tuple(parents.split()), tree, author, committer, message.rstrip("\n"))


def _stamp(name: str, email: str, at: str) -> Stamp:
    return Stamp(Signature(name, email), datetime.fromisoformat(at))


def _change(numstat: str, states: Mapping[str, tuple[str, str]]) -> FileChange:
    added, removed, path = numstat.split("\t")
    status, blob = states[path]
    return FileChange(path, status, _number(added), _number(removed), blob)


def _number(count: str) -> int:
    return 0 if count == "-" else int(count)
