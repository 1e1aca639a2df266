"""A warm bare copy of a repository: fetched, read by the assessment, pushed from."""

import base64
import fcntl
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

from incidents.integrations.code_host import OWN_REFS
from incidents.integrations.errors import IntegrationError
from incidents.integrations.git_failures import fetch_failure, push_failure, silence

_MANY_PACKS = 20  # each fetch leaves one; then they are rolled into few
_TRANSPORTS = ("file", "http", "https")

# No configuration but ours, no question at a terminal, no transport but the url's own.
_SURROUNDINGS = {
    "HOME": os.devnull,
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
}
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "credential.helper": "",
    "protocol.allow": "never",
    "fetch.unpackLimit": "1",
    "fetch.writeCommitGraph": "true",
    "gc.auto": "0",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "15",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds before git is given up on."""

    clone: float = 900
    fetch: float = 60
    push: float = 30
    local: float = 15


@dataclass(frozen=True, slots=True)
class _Answer:
    code: int
    out: str
    complaints: str

    @property
    def last_words(self) -> str:
        return (self.complaints.strip().splitlines() or ["git gave no reason"])[-1]


@dataclass(frozen=True, slots=True)
class Mirror:
    """Every branch of the repository at `url`, whole: a preview needs neither the network nor a credential.

    Not blobless: then each preview would ask the code host for files, in the very minutes it may be down.
    `token` is asked anew before each call and travels in git's environment: never in an argument, the url or a file.
    """

    folder: Path
    url: str
    token: Callable[[], str] | None = None
    limits: Limits = field(default=Limits())

    @property
    def path(self) -> Path:
        """The bare repository; there after the first refresh."""
        return self.folder

    def refresh(self) -> None:
        """Bring every branch up to date, cloning the first time; one worker at a time, the others wait."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with self._alone() as lock:
            if (self.folder / "HEAD").is_file():
                _drop_stale_locks(self.folder)
                self._fetch(self.folder, self.limits.fetch, lock)
            else:
                self._clone(lock)
            self._tidy(lock)

    def head(self, branch: str) -> str:
        """The branch's commit as of the last refresh."""
        wanted = ("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")
        answer = self._git(self.folder, *wanted, seconds=self.limits.local)
        if answer.code != 0:
            raise IntegrationError(f"The repository has no branch {branch}.", retryable=False)
        return answer.out.strip()

    def push(self, commit_sha: str, branch: str, *, objects: Path | None = None) -> None:
        """Create the branch at this commit; never moves one that exists.

        `objects` is a folder with objects the mirror lacks. Pushing the same commit again changes nothing; a branch
        with other content is an error that no retry mends.
        """
        ref = f"refs/heads/{branch}"
        self._check_name(ref)
        self._push(f"{commit_sha}:{ref}", branch, f"--force-with-lease={ref}:", objects=objects)

    def rehearse(self, commit_sha: str, name: str) -> None:
        """Create `refs/rollback-console/NAME` at a commit that the host has, and remove it: a push would pass.

        It is no branch, so nothing is built of it and no pull request can come of it. What a broken rehearsal left
        behind, at whichever commit, the next one of that name takes along.
        """
        ref = f"refs/{OWN_REFS}/{name}"
        self._check_name(ref)
        self._push(f"+{commit_sha}:{ref}", ref)
        self._push(f":{ref}", ref)

    def _push(self, change: str, words: str, *conditions: str, objects: Path | None = None) -> None:
        answer = self._git(
            self.folder,
            "push",
            "--porcelain",
            "--no-verify",
            "--no-follow-tags",
            *conditions,
            self.url,
            change,
            seconds=self.limits.push,
            more=_with_objects(objects),
            remote=True,
        )
        if answer.code != 0:
            raise push_failure(words, answer.out, answer.complaints)

    def _clone(self, lock: int) -> None:
        """All or nothing: built beside its place and moved there."""
        unfinished = f".{self.folder.name}-"
        for abandoned in self.folder.parent.glob(f"{glob.escape(unfinished)}*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=unfinished, dir=self.folder.parent) as name:
            new = Path(name) / "mirror"
            new.mkdir()
            created = self._git(new, "init", "--quiet", "--bare", "--template=", str(new), seconds=self.limits.local)
            if created.code != 0:
                raise IntegrationError(f"The mirror could not be created: {created.last_words}", retryable=False)
            self._fetch(new, self.limits.clone, lock)
            shutil.rmtree(self.folder, ignore_errors=True)
            new.rename(self.folder)

    def _fetch(self, folder: Path, seconds: float, lock: int) -> None:
        answer = self._git(
            folder,
            "fetch",
            "--quiet",
            "--prune",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
            self.url,
            "+refs/heads/*:refs/heads/*",
            seconds=seconds,
            keep=lock,
            remote=True,
        )
        if answer.code != 0:
            raise fetch_failure(answer.complaints)

    def _tidy(self, lock: int) -> None:
        """Few packs keep reading fast. Its failure costs speed alone, so it is nobody's error."""
        if len(list((self.folder / "objects" / "pack").glob("*.pack"))) >= _MANY_PACKS:
            repack = ("repack", "-d", "--quiet", "--geometric=2")
            self._git(self.folder, *repack, seconds=self.limits.fetch, keep=lock)

    def _check_name(self, ref: str) -> None:
        answer = self._git(self.folder, "check-ref-format", ref, seconds=self.limits.local)
        if answer.code != 0:
            name = ref.removeprefix("refs/heads/")
            raise IntegrationError(f"{name!r} cannot be a branch's name.", retryable=False)

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """Hold the mirror's lock. Git inherits it, so a killed worker's fetch keeps others out until it has ended."""
        lock = os.open(self.folder.with_name(f"{self.folder.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _wait_for(lock, time.monotonic() + self.limits.fetch)
            yield lock
        finally:
            os.close(lock)

    def _git(
        self,
        folder: Path,
        *arguments: str,
        seconds: float,
        more: Mapping[str, str] | None = None,
        keep: int | None = None,
        remote: bool = False,
    ) -> _Answer:
        surroundings = {**self._surroundings(remote=remote), "GIT_DIR": str(folder), **(more or {})}
        with Popen(
            ["git", *arguments],
            cwd=folder,
            env=surroundings,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=() if keep is None else (keep,),
        ) as process:
            return _answer(process, arguments[0], seconds)

    def _surroundings(self, *, remote: bool) -> dict[str, str]:
        scheme = self.url.partition("://")[0]
        settings = dict(_SETTINGS)
        if scheme in _TRANSPORTS:
            settings[f"protocol.{scheme}.allow"] = "always"
        if remote and self.token is not None:
            settings[f"http.{self.url}.extraHeader"] = _authorization(self.token())
        return {"PATH": os.environ.get("PATH", os.defpath), **_SURROUNDINGS, **_as_environment(settings)}


def _answer(process: Popen[str], command: str, seconds: float) -> _Answer:
    try:
        out, complaints = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise silence(command, seconds) from None
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return _Answer(process.returncode, out, complaints)


def _as_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Git's configuration as variables, which other users cannot read as they can a process's arguments."""
    named = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        named |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return named


def _authorization(token: str) -> str:
    """As GitHub wants an installation's or a person's token over https."""
    return "Authorization: Basic " + base64.b64encode(f"x-access-token:{token}".encode()).decode()


def _with_objects(objects: Path | None) -> dict[str, str]:
    if objects is None:
        return {}
    path = str(objects.absolute()).replace("\\", "\\\\").replace('"', '\\"')
    return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{path}"'}


def _wait_for(lock: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                words = "Another worker has been fetching this repository for too long."
                raise IntegrationError(words, retryable=True) from None
            time.sleep(0.02)
        else:
            return


def _drop_stale_locks(folder: Path) -> None:
    """A killed git leaves these and refuses to go on; whoever holds the mirror's lock knows that no git runs."""
    left_behind = (
        *folder.glob("*.lock"),
        *(folder / "refs").rglob("*.lock"),
        *(folder / "objects" / "info").rglob("*.lock"),
        *(folder / "objects" / "pack").glob("tmp_*"),
    )
    for stale in left_behind:
        stale.unlink(missing_ok=True)
