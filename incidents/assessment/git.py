"""Asks git about a repository whose contents are hostile: clean surroundings, time limits, capped answers."""

import os
import selectors
import shutil
import signal
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import IO, cast

SECONDS = 30.0  # for one question of the console, however many calls of git it takes
OUTPUT_CAP = 64 * 1024 * 1024
FILE_CAP = 1024 * 1024
_CHUNK = 1024 * 1024

# Nothing of the machine's or the repository's configuration may change an answer, or run.
_SURROUNDINGS = {
    "HOME": os.devnull,
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.fsmonitor=false",
    "protocol.allow=never",
    f"core.bigFileThreshold={FILE_CAP}",  # a larger file is compared as a whole
)


class RepositoryUnreadable(Exception):
    """Git could not answer; the words are for the on-call engineer."""


class NoSuchCommit(RepositoryUnreadable):
    """A revision names no commit of this repository."""


@dataclass(frozen=True, slots=True)
class Answer:
    code: int
    out: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Git:
    """One question to one repository: every call shares its deadline."""

    folder: Path
    surroundings: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = _SETTINGS
    deadline: float = field(default_factory=lambda: time.monotonic() + SECONDS)

    def run(self, *arguments: str, given: bytes = b"", codes: Collection[int] = (0,)) -> Answer:
        """Git's exit code and output; any code outside `codes` raises RepositoryUnreadable."""
        with tempfile.TemporaryFile() as complaints, _stdin(given) as source:
            with self._start(arguments, source, complaints) as process:
                out = _answer(process, self.deadline)
            if process.returncode not in codes:
                raise RepositoryUnreadable(_complaint(arguments, process.returncode, complaints))
        return Answer(process.returncode, out)

    def text(self, *arguments: str, given: bytes = b"") -> str:
        return self.run(*arguments, given=given).out.decode("utf-8", "surrogateescape").strip("\n")

    def records(self, *arguments: str, given: bytes = b"", codes: Collection[int] = (0,)) -> list[str]:
        """The NUL-terminated records of an answer; bytes that are not UTF-8 survive as surrogates."""
        out = self.run(*arguments, given=given, codes=codes).out
        return out.decode("utf-8", "surrogateescape").split("\0")[:-1]

    def _start(self, arguments: Sequence[str], source: IO[bytes] | int, complaints: IO[bytes]) -> Popen[bytes]:
        settings = [part for setting in self.settings for part in ("-c", setting)]
        path = os.environ.get("PATH", os.defpath)
        return Popen(
            ["git", *settings, *(_argument(argument) for argument in arguments)],
            cwd=self.surroundings.get("GIT_WORK_TREE", self.folder),
            env={"PATH": path, "GIT_DIR": str(self.folder), **_SURROUNDINGS, **self.surroundings},
            stdin=source,
            stdout=PIPE,
            stderr=complaints,
            start_new_session=True,
        )


def reader(repository: Path) -> Git:
    """Questions that write nothing, asked of the repository itself."""
    return Git(git_folder(repository))


def git_folder(repository: Path) -> Path:
    """The folder with the objects, of a bare repository or of an ordinary clone."""
    for folder in (repository.absolute(), repository.absolute() / ".git"):
        if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
            return folder
    raise RepositoryUnreadable(f"{repository.name} is no git repository.")


@contextmanager
def scratch(repository: Path, *, objects: Path | None = None) -> Iterator[Git]:
    """A throw-away repository that reads the given one's objects and writes its own, to `objects` where given.

    The given repository's configuration, hooks, refs and attributes are out of sight, and nothing is left in it.
    """
    source = git_folder(repository)
    with tempfile.TemporaryDirectory(prefix="revert-") as name:
        folder = Path(name) / "git"
        written = (objects or folder / "objects").absolute()
        for needed in (folder / "refs", folder / "objects", written):
            needed.mkdir(parents=True, exist_ok=True)
        (folder / "HEAD").write_text("ref: refs/heads/none\n")
        (folder / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
        if (source / "shallow").is_file():
            shutil.copy(source / "shallow", folder / "shallow")
        places = {
            "GIT_OBJECT_DIRECTORY": str(written),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": quoted(source / "objects"),
        }
        yield Git(folder, places)


def with_attributes(git: Git, tree: str) -> Git:
    """The same repository, with a work tree of nothing but the tree's own .gitattributes files.

    A bare repository ignores them, `git revert` in a work tree obeys them (`merge=union`): assessment.md §1, fact 5.
    """
    return with_attribute_files(git, _attribute_files(git, tree))


def with_attribute_files(git: Git, entries: Mapping[str, str]) -> Git:
    """As `with_attributes`, by the paths of the files and their blobs."""
    place = git.folder.parent / "attributes"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    contents = read_blobs(git, entries.values())
    for path, blob in entries.items():
        if blob in contents:
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(contents[blob])
    settings = (*git.settings, "core.bare=false")
    return replace(git, surroundings={**git.surroundings, "GIT_WORK_TREE": str(place)}, settings=settings)


def for_merging(git: Git) -> Git:
    """The same repository, with git's own threshold for large files: which renames a merge finds depends on it."""
    return replace(git, settings=(*git.settings, "core.bigFileThreshold=512m"))


def commits(git: Git, revisions: Sequence[str]) -> list[Commit]:
    """The commits that these revisions name; NoSuchCommit for the first that names none."""
    for revision in revisions:
        if not revision or set(revision) & set("\n\0"):
            raise NoSuchCommit(f"{shown(revision)!r} is no commit of this repository.")
    found = []
    for revision, commit in zip(revisions, known_commits(git, revisions), strict=True):
        if commit is None:
            raise NoSuchCommit(f"{shown(revision)[:60]} is no commit of this repository.")
        found.append(commit)
    return found


def known_commits(git: Git, revisions: Sequence[str]) -> list[Commit | None]:
    """For each revision (of one line) its commit; None where it names none here, or more than one."""
    given = "".join(f"{revision}^{{commit}}\n" for revision in revisions)
    out = git.run("cat-file", "--batch", given=os.fsencode(given)).out if revisions else b""
    found: list[Commit | None] = []
    at = 0
    for _ in revisions:
        end = out.index(b"\n", at)
        sha, _, rest = out[at:end].decode("utf-8", "replace").partition(" ")
        size = int(rest.split()[1]) if rest.startswith("commit ") else None
        found.append(None if size is None else _commit(sha, out[end + 1 : end + 1 + size]))
        at = end + 1 if size is None else end + 2 + size
    return found


def is_ancestor(git: Git, ancestor: str, descendant: str) -> bool:
    return git.run("merge-base", "--is-ancestor", ancestor, descendant, codes=(0, 1)).code == 0


def read_blobs(git: Git, blobs: Collection[str]) -> dict[str, bytes]:
    """The contents of these blobs (all zeros is none), without those above 1 MiB, up to half of the output cap."""
    wanted = sorted(blob for blob in set(blobs) if blob.strip("0"))
    small = _small(git, wanted) if wanted else {}
    out = git.run("cat-file", "--batch", given="".join(f"{blob}\n" for blob in small).encode()).out if small else b""
    contents, at = {}, 0
    for blob, size in small.items():
        start = out.index(b"\n", at) + 1
        contents[blob] = out[start : start + size]
        at = start + size + 1
    return contents


def listing(git: Git, tree: str, *paths: str, deep: bool = True) -> Iterator[tuple[str, str, str]]:
    """Path, mode and object of what stands in a tree at these paths, or of all of it; `deep` opens its folders."""
    opened = ("-r",) if deep else ()
    for record in git.records("--literal-pathspecs", "ls-tree", *opened, "-z", "--full-tree", tree, "--", *paths):
        about, _, path = record.partition("\t")
        mode, _, sha = about.split(" ")
        yield path, mode, sha


def shown(text: str) -> str:
    """Text of a repository as rows, JSON and pages can hold it: no lone surrogates, no NUL."""
    readable = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return readable.replace("\0", "\\x00")


def quoted(path: Path) -> str:
    """A folder for GIT_ALTERNATE_OBJECT_DIRECTORIES, where a bare colon would end it."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _argument(argument: str) -> bytes:
    return argument.encode("utf-8", "surrogateescape")


@contextmanager
def _stdin(given: bytes) -> Iterator[IO[bytes] | int]:
    if not given:
        yield DEVNULL
        return
    with tempfile.TemporaryFile() as source:
        source.write(given)
        source.seek(0)
        yield source


def _answer(process: Popen[bytes], deadline: float) -> bytes:
    """What git prints until it ends; a git that is given up on is ended."""
    try:
        return b"".join(_chunks(cast("IO[bytes]", process.stdout), deadline))
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise


def _chunks(output: IO[bytes], deadline: float) -> Iterator[bytes]:
    size = 0
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            chunk = os.read(output.fileno(), _CHUNK)
            if not chunk:
                return
            size += len(chunk)
            if size > OUTPUT_CAP:
                raise RepositoryUnreadable(f"Git's answer is larger than {OUTPUT_CAP // 1024 // 1024} MiB.")
            yield chunk
    raise RepositoryUnreadable(f"Git did not answer within {SECONDS:.0f} s.")


def _complaint(arguments: Sequence[str], code: int, complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read(64 * 1024).decode("utf-8", "replace").strip().splitlines()
    last = shown(lines[-1])[:300] if lines else f"exit code {code}"
    return f"git {arguments[0]} failed: {last}"


def _commit(sha: str, content: bytes) -> Commit:
    headers = content.partition(b"\n\n")[0].decode("utf-8", "replace").split("\n")
    tree = next(line[5:] for line in headers if line.startswith("tree "))
    return Commit(sha, tree, tuple(line[7:] for line in headers if line.startswith("parent ")))


def _small(git: Git, blobs: Sequence[str]) -> dict[str, int]:
    given = "".join(f"{blob}\n" for blob in blobs).encode()
    small, total = {}, 0
    for line in git.text("cat-file", "--batch-check", given=given).splitlines():
        blob, kind, *size = line.split()
        if kind == "missing":
            raise RepositoryUnreadable("The mirror lacks a file's contents (a partial clone?).")
        if kind == "blob" and int(size[0]) <= FILE_CAP and total + int(size[0]) <= OUTPUT_CAP // 2:
            small[blob] = int(size[0])
            total += int(size[0])
    return small


def _attribute_files(git: Git, tree: str) -> dict[str, str]:
    """Path → blob of the regular .gitattributes files; a path that would leave its folder is left out."""
    found = {}
    for record in git.records("ls-tree", "-r", "-z", "--full-tree", tree):
        if not record.endswith(".gitattributes"):
            continue
        meta, _, path = record.partition("\t")
        mode, _, blob = meta.split(" ")
        parts = path.split("/")
        if mode.startswith("100") and parts[-1] == ".gitattributes" and not {"", ".", "..", ".git"} & set(parts):
            found[path] = blob
    return found
