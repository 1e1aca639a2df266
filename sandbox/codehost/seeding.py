"""The repository's past: the first commits, and the merged pull requests that brought the later ones."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from sandbox.codehost.accounts import OWNER, signature_of
from sandbox.codehost.records import APPROVED, PullRequest, Review
from sandbox.codehost.repository import Repository
from sandbox.codehost.store import Store, moment

_BETWEEN = timedelta(hours=7)


class SeedCommit(Protocol):
    """One step of the past. `merge` says how it came to the deploy branch: merge, squash or direct."""

    @property
    def title(self) -> str: ...
    @property
    def author(self) -> str: ...
    @property
    def files(self) -> Mapping[str, str | None]: ...
    @property
    def merge(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Landing:
    """A step by a pull request: the marks of its base, of its own commit and of what landed."""

    step: SeedCommit
    number: int
    at: datetime
    base: int
    commit: int
    landed: int


@dataclass(slots=True)
class ImportStream:
    """What `git fast-import` reads: one program for the whole past, where a program a commit would take seconds.

    https://git-scm.com/docs/git-fast-import
    """

    marks: int = 0
    content: list[bytes] = field(default_factory=list)

    def commit(self, ref: str, step: SeedCommit, at: datetime, message: str, parents: Sequence[int]) -> int:
        """Add a commit of the step's files; returns its mark."""
        self.marks += 1
        who = signature_of(step.author)
        person = f"{who.name} <{who.email}> {int(at.timestamp())} +0000"
        self._line(f"commit {ref}", f"mark :{self.marks}", f"author {person}", f"committer {person}")
        self._data(message)
        for word, parent in zip(("from", "merge"), parents, strict=False):
            self._line(f"{word} :{parent}")
        for path, text in step.files.items():
            self._file(path, text)
        return self.marks

    def _file(self, path: str, text: str | None) -> None:
        if text is None:
            self._line(f"D {path}")
        else:
            self._line(f"M 100644 inline {path}")
            self._data(text)

    def _line(self, *lines: str) -> None:
        self.content += [f"{line}\n".encode() for line in lines]

    def _data(self, text: str) -> None:
        content = text.encode()
        self.content += [f"data {len(content)}\n".encode(), content, b"\n"]

    def run(self, repository: Repository) -> dict[int, str]:
        """Import everything; returns each mark's commit."""
        with TemporaryDirectory() as scratch:
            marks = Path(scratch) / "marks"
            repository.git("fast-import", "--quiet", f"--export-marks={marks}", stdin=b"".join(self.content))
            lines = (line.split(" ") for line in marks.read_text(encoding="ascii").splitlines())
            return {int(mark.removeprefix(":")): sha for mark, sha in lines}


def seed(repository: Repository, store: Store, branch: str, history: Sequence[SeedCommit]) -> None:
    """Write the past into an empty repository, the newest step some hours ago."""
    now = datetime.now(UTC).replace(microsecond=0)
    stream, head = ImportStream(), 0
    landings: list[Landing] = []
    for index, step in enumerate(history):
        at = now - (len(history) - index) * _BETWEEN
        if head and step.merge != "direct":
            landings.append(_land(stream, branch, head, step, len(landings) + 1, at))
            head = landings[-1].landed
        else:
            head = stream.commit(f"refs/heads/{branch}", step, at, step.title, [head] if head else [])
    commits = stream.run(repository)
    store.pulls = {landing.number: _merged(store, landing, branch, commits) for landing in landings}
    store.keep()


def slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40]


def _land(stream: ImportStream, branch: str, head: int, step: SeedCommit, number: int, at: datetime) -> Landing:
    """The commit of the pull request, kept reachable as GitHub keeps it, and what came of it on the branch."""
    commit = stream.commit(f"refs/pull/{number}/head", step, at, step.title, [head])
    if step.merge == "squash":
        message, parents = f"{step.title} (#{number})", [head]
    else:
        message = f"Merge pull request #{number} from {OWNER}/{_branch_of(step)}\n\n{step.title}"
        parents = [head, commit]
    landed = stream.commit(f"refs/heads/{branch}", step, at, message, parents)
    return Landing(step, number, at, head, commit, landed)


def _branch_of(step: SeedCommit) -> str:
    return f"{step.author}/{slug(step.title)}"


def _merged(store: Store, landing: Landing, branch: str, commits: Mapping[int, str]) -> PullRequest:
    author, at = landing.step.author, moment(landing.at)
    commit, landed = commits[landing.commit], commits[landing.landed]
    reviewer = "engineer" if author == "reviewer" else "reviewer"
    return PullRequest(
        number=landing.number,
        title=landing.step.title,
        body="",
        head_ref=_branch_of(landing.step),
        base_ref=branch,
        head_sha=commit,
        base_sha=commits[landing.base],
        author=author,
        created_at=at,
        updated_at=at,
        state="closed",
        closed_at=at,
        merged_by=author,
        merge_sha=landed,
        landed=[landed],
        commits=[commit],
        reviews=[Review(store.next_id(), reviewer, APPROVED, "", commit, at)],
    )
