"""A few processes in the foreground: their words prefixed, all stopped together, none outliving the supervisor."""

import ctypes
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

ROOT: Final = Path(__file__).resolve().parent.parent
PR_SET_PDEATHSIG: Final = 1
COLOURS: Final = (36, 32, 33, 35, 34, 96, 92, 95)
PREFIX_WIDTH: Final = 8
LONGEST_READ: Final = 65_536


@dataclass(frozen=True, slots=True)
class Child:
    """A process to run; `grace_seconds` after being asked to end, it is made to. `unsaid` lines are not passed on."""

    name: str
    command: tuple[str, ...]
    grace_seconds: float = 5
    unsaid: re.Pattern[str] | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


class ChildEnded(Exception):
    """A child ended by itself; nothing goes on without it."""

    def __init__(self, name: str, exit_code: int) -> None:
        super().__init__(f"{name} ended by itself with {exit_code}; its last lines above say why.")
        self.name = name


class Running:
    """A started child and what it says."""

    def __init__(self, child: Child, environment: Mapping[str, str]) -> None:
        self.child = child
        self.voice, its_end = os.pipe()
        os.set_blocking(self.voice, False)
        self._unfinished = b""
        # A session of its own: a Ctrl-C at the terminal is the supervisor's to act on.
        self.process = subprocess.Popen(
            child.command,
            cwd=ROOT,
            env={**environment, **child.variables},
            stdin=subprocess.DEVNULL,
            stdout=its_end,
            stderr=its_end,
            start_new_session=True,
            preexec_fn=_dying_with(os.getpid()),  # noqa: PLW1509  # this process has no threads
        )
        os.close(its_end)

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def said(self) -> tuple[list[str], bool]:
        """The lines said since the last time, without waiting, and whether more may come."""
        try:
            heard = os.read(self.voice, LONGEST_READ)
        except BlockingIOError:
            return [], True
        *lines, self._unfinished = (self._unfinished + heard).split(b"\n")
        if not heard and self._unfinished:
            lines.append(self._unfinished)
        return [line.decode(errors="replace") for line in lines], bool(heard)

    def ask_to_end(self) -> None:
        """SIGTERM, to the child alone: it knows best how to end its own."""
        if not self.ended:
            self.process.terminate()

    def make_end(self) -> None:
        """SIGKILL, to the child and all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Supervisor:
    """Starts children, passes on what they say, and stops them in the opposite order."""

    def __init__(self, environment: Mapping[str, str], *, out: IO[str] = sys.stdout) -> None:
        self.environment = dict(environment)
        self.running: list[Running] = []
        self._out = out
        self._ears = selectors.DefaultSelector()

    def start(self, child: Child) -> Running:
        """Start a child."""
        started = Running(child, self.environment)
        self.running.append(started)
        self._ears.register(started.voice, selectors.EVENT_READ, started)
        return started

    def finish(self, child: Child) -> None:
        """Run a child that ends by itself, and wait for it. Raises ChildEnded where it fails."""
        started = self.start(child)
        while not started.ended:
            self._listen(0.05)
        self._dismiss(started)
        if started.process.returncode:
            raise ChildEnded(child.name, started.process.returncode)

    def attend(self, until: Callable[[], bool], *, seconds: float = float("inf")) -> bool:
        """Pass on what the children say until it is so (True) or the time is up (False).

        Raises ChildEnded as soon as one of them ends.
        """
        limit = time.monotonic() + seconds
        while not until():
            if time.monotonic() > limit:
                return False
            self._listen(0.2)
            for started in self.running:
                if started.ended:
                    self._dismiss(started)
                    raise ChildEnded(started.child.name, started.process.returncode)
        return True

    def stop(self) -> None:
        """End all, one after another, the youngest first; those that do not end when asked are made to."""
        for started in list(reversed(self.running)):
            started.ask_to_end()
            limit = time.monotonic() + started.child.grace_seconds
            while not started.ended and time.monotonic() < limit:
                self._listen(0.05)
            self._dismiss(started)

    def say(self, name: str, line: str) -> None:
        """Print one line under a name."""
        head = f"{name:<{PREFIX_WIDTH}} │"
        if self._out.isatty():
            head = f"\x1b[{COLOURS[sum(name.encode()) % len(COLOURS)]}m{head}\x1b[0m"
        print(head, line, file=self._out, flush=True)

    def _listen(self, seconds: float) -> None:
        if not self._ears.get_map():
            time.sleep(seconds)
        for key, _ in self._ears.select(seconds):
            if not self._pass_on(key.data):
                self._ears.unregister(key.fileobj)

    def _pass_on(self, started: Running) -> bool:
        lines, more = started.said()
        for line in lines:
            if not (started.child.unsaid and started.child.unsaid.search(line)):
                self.say(started.child.name, line)
        return more

    def _dismiss(self, started: Running) -> None:
        """Nothing of the child is left running; its last words are passed on."""
        started.make_end()
        while self._pass_on(started):
            pass
        if started.voice in self._ears.get_map():
            self._ears.unregister(started.voice)
        os.close(started.voice)
        self.running.remove(started)


def _dying_with(parent: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None)

    def prepare() -> None:
        if sys.platform == "linux":
            libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
