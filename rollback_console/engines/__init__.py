"""The embedded engines, for the demo and the tests: real PostgreSQL and Valkey where no servers are named."""

import atexit
import fcntl
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rollback_console.engines.child import RunAs
from rollback_console.engines.places import EngineFault, Places, places_in
from rollback_console.engines.postgres import Postgres
from rollback_console.engines.valkey import Valkey

__all__ = ["DEMO_FOLDER", "EngineFault", "Engines", "ensure", "find", "lend_to_environment"]

DEMO_FOLDER: Final = Path(__file__).resolve().parent.parent.parent / ".local" / "demo"
NAMES: Final = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")


@dataclass(frozen=True, slots=True)
class Engines:
    """A running pair; whoever started a server stops it."""

    postgres: Postgres
    valkey: Valkey

    @property
    def owned(self) -> bool:
        return self.postgres.server is not None or self.valkey.server is not None

    @property
    def variables(self) -> dict[str, str]:
        """The addresses, as the environment names them."""
        return {
            "DATABASE_URL": self.postgres.address("app"),
            "DATABASE_OWNER_URL": self.postgres.address("owner"),
            "REDIS_URL": self.valkey.address,
        }

    def stop(self) -> None:
        """Stop what we started; others' servers go on."""
        self.valkey.stop()
        self.postgres.stop()

    def forget(self) -> None:
        """Remove all data and sockets of engines that are stopped."""
        where = self.postgres.places
        where.remove(where.sockets)
        where.remove(where.postgres_data)
        where.remove(where.folder)


def find(folder: Path, *, durable: bool = True, run_as: RunAs | None = None) -> Engines:
    """The engines of a folder, whether they run or not."""
    where = places_in(folder, run_as)
    return Engines(Postgres(where, durable), Valkey(where, durable))


def ensure(folder: Path, *, durable: bool = True, run_as: RunAs | None = None) -> Engines:
    """Both engines running on the folder's data: those that run already, else started here.

    Raises EngineFault, saying why and what to do.
    """
    engines = find(folder, durable=durable, run_as=run_as)
    with _alone(engines.postgres.places):
        for engine in (engines.postgres, engines.valkey):
            if not engine.answers():
                engine.start()
    return engines


def lend_to_environment(environment: MutableMapping[str, str]) -> None:
    """In the demo, name the embedded engines where the environment names none; stop at exit what had to be started."""
    if environment.get("CONSOLE_ENV") != "demo" or any(
        environment.get(name) or environment.get(f"{name}_FILE") for name in NAMES
    ):
        return
    engines = ensure(DEMO_FOLDER)
    environment.update(engines.variables)
    atexit.register(engines.stop)


@contextmanager
def _alone(where: Places) -> Iterator[None]:
    """One start at a time on a folder."""
    with (where.folder / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
