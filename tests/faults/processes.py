"""Processes that are killed on purpose and started again at once, as a supervisor would."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rollback_console.engines.child import RunAs, before_exec

ROOT: Final = Path(__file__).resolve().parent.parent.parent
GRACE_SECONDS: Final = 15
BREATH_SECONDS: Final = 0.3


class Kept:
    """One program, kept running until it is stopped; its words go to a log."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        *,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name, self.starts = name, 0
        self._command, self._environment, self._log, self._pass_fds = command, environment, log, pass_fds
        self._over, self._running = threading.Event(), threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep, name=f"keeper-{name}", daemon=True)
        self._keeper.start()
        self._running.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """Kill the whole process group, as a host's death would; it is started again at once."""
        os.killpg(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        """End it for good: asked first, forced after some seconds."""
        self._over.set()
        assert self._process is not None
        self._process.terminate()
        self._keeper.join(GRACE_SECONDS)
        if self._keeper.is_alive():
            self._process.kill()
        self._sweep_up()

    def _sweep_up(self) -> None:
        """A killed leader may have left children behind."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def _keep(self) -> None:
        while not self._over.is_set():
            self._start()
            assert self._process is not None
            self._process.wait()
            self._sweep_up()
            self._over.wait(BREATH_SECONDS)

    def _start(self) -> None:
        with self._log.open("ab") as lines:
            lines.write(f"── start {self.starts + 1}\n".encode())
            lines.flush()
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
                pass_fds=self._pass_fds,
                preexec_fn=before_exec(RunAs.SELF, signal.SIGTERM),  # noqa: PLW1509 - a group of its own, and it dies with us
            )
        self.starts += 1
        self._running.set()
