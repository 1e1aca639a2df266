"""Where the engines keep their data, their sockets and their passwords."""

import hashlib
import json
import os
import secrets
import shutil
import stat
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rollback_console.engines import child

LONGEST_SOCKET: Final = 103  # bytes: macOS allows 104 with the closing zero, Linux 108
LONGEST_NAME: Final = ".s.PGSQL.5432.lock"


class EngineFault(Exception):
    """The embedded engines cannot run here; the words say why and what to do."""


@dataclass(frozen=True, slots=True)
class Passwords:
    """One for each who signs in."""

    owner: str
    app: str
    redis: str


@dataclass(frozen=True, slots=True)
class Places:
    """The places of one pair of engines."""

    folder: Path
    sockets: Path
    passwords: Passwords
    run_as: child.RunAs

    @property
    def postgres_data(self) -> Path:
        return self.postgres_parent() / "postgres"

    def postgres_parent(self) -> Path:
        """The folder which PostgreSQL's user can reach: ours, or for `nobody` one outside."""
        if self.run_as is child.RunAs.NOBODY:
            return private_folder(Path("/var/tmp") / _name(self.folder), child.files_owner(self.run_as))  # noqa: S108  # private, and checked
        return self.folder

    def remove(self, folder: Path) -> None:
        """Remove a folder and all in it, if it is there."""
        shutil.rmtree(folder, ignore_errors=True)


def places_in(folder: Path, run_as: child.RunAs | None = None) -> Places:
    """The places of the engines whose data lie in `folder`, made private where they are new."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    run_as = run_as or child.who_can_run()
    sockets = sockets_folder(folder, owner=child.files_owner(run_as))
    return Places(folder.resolve(), sockets, _passwords(folder), run_as)


def sockets_folder(folder: Path, *, owner: int) -> Path:
    """A short, private folder for sockets.

    Raises EngineFault where no path is short enough, or where somebody else made that folder first.
    """
    for base in _bases():
        sockets = base / _name(folder)
        if len(os.fsencode(sockets / LONGEST_NAME)) <= LONGEST_SOCKET:
            return private_folder(sockets, owner)
    tried = ", ".join(map(str, _bases()))
    raise EngineFault(f"A socket's path may have {LONGEST_SOCKET} bytes; too long under {tried}. Set TMPDIR to /tmp.")


def private_folder(folder: Path, owner: int) -> Path:
    """The folder, made if new; raises EngineFault unless it is the owner's alone."""
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, owner, -1)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise EngineFault(f"{folder} is not a private folder of this user. Remove it and start again.") from None
    return folder


def _name(folder: Path) -> str:
    return "rollback-" + hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:10]


def _bases() -> list[Path]:
    run_time = os.environ.get("XDG_RUNTIME_DIR", "")
    usable = [Path(run_time)] if run_time and os.access(run_time, os.W_OK | os.X_OK) else []
    return [*usable, Path(tempfile.gettempdir())]


def _passwords(folder: Path) -> Passwords:
    file = folder / "passwords.json"
    if not file.exists():
        unfinished = file.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(asdict(Passwords(*(secrets.token_urlsafe(24) for _ in range(3))))))
        unfinished.rename(file)
    return Passwords(**json.loads(file.read_text()))
