"""Engines, a migrated database and live processes for programs that run outside pytest."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rollback_console import engines

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Machine:
    """A pair of engines of its own, so that they may be killed."""

    engines: engines.Engines

    @property
    def database(self) -> str:
        return self.engines.postgres.address("owner")

    @property
    def redis(self) -> str:
        return self.engines.valkey.address

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.engines.variables, "DATABASE_URL": self.database, "CONSOLE_ENV": "test"}

    def migrate(self) -> None:
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=self.environment, check=True)

    def start_live(self, *, port: int = 0, weight: int = 0, module: str = "tests.live.process") -> "LiveProcess":
        command = [sys.executable, "-m", module, "--port", str(port), "--weight", str(weight)]
        command += ["--database", self.database, "--redis", self.redis]
        return LiveProcess(
            subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        )

    def kill_redis(self) -> None:
        """As the out-of-memory killer does it; it comes back empty-handed."""
        server = self.engines.valkey.server
        assert server is not None
        server.kill()
        server.wait()
        self.engines.valkey.start()


@dataclass
class LiveProcess:
    """A live process and, once it listens, its port."""

    process: subprocess.Popen[bytes]
    port: int = 0

    def wait_until_it_listens(self) -> int:
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        return self.port

    def end(self) -> int:
        """End it as a supervisor does; its exit code."""
        self.process.terminate()
        return self._bury()

    def kill(self) -> None:
        self.process.kill()
        self._bury()

    def _bury(self) -> int:
        code = self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@contextmanager
def machine() -> Iterator[Machine]:
    """Engines on a folder that is thrown away, with the console's tables in place."""
    folder = Path(tempfile.mkdtemp(prefix="rollback-live-"))
    pair = engines.ensure(folder, durable=False)
    try:
        found = Machine(pair)
        found.migrate()
        os.environ.update(found.environment)
        yield found
    finally:
        pair.stop()
        shutil.rmtree(pair.postgres.places.sockets, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
