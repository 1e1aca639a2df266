"""A process that reads hostile text for another one: killed at its limits, and started anew for the next question."""

import json
import os
import resource
import selectors
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

MEMORY: Final = 1 << 30
_ROOT: Final = Path(__file__).parents[2]
"""Where our own packages are: the folder that the command runs in may be the hostile repository itself."""


class Confined:
    """A module's process, kept from question to question; a context manager.

    The module calls `serve` when it is run. A question and its answer are one line of JSON each.
    """

    def __init__(self, module: str, *, seconds: float) -> None:
        self.module = module
        self.seconds = seconds
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.end()

    def ask(self, question: object) -> Any | None:
        """The answer; None where the process died, or took longer than `seconds`."""
        process = self.running()
        try:
            _pipe(process.stdin).write(json.dumps(question).encode() + b"\n")
            _pipe(process.stdin).flush()
            line = self.answer(_pipe(process.stdout))
        except BrokenPipeError:
            line = b""
        if not line.endswith(b"\n"):
            self.end()
            return None
        return json.loads(line)

    def answer(self, pipe: IO[bytes]) -> bytes:
        """One line, or what there is of it when the time is over."""
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            return pipe.readline() if selector.select(self.seconds) else b""

    def running(self) -> subprocess.Popen[bytes]:
        """The process, started where there is none."""
        if self.process is None:
            safe = {**os.environ, "PYTHONPATH": str(_ROOT)}
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", self.module],
                env=safe,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self.process

    def end(self) -> None:
        """Kill it, if it runs."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise BrokenPipeError
    return pipe


def serve(answer: Callable[[Any], Any], *, memory: int = MEMORY, largest_file: int = 0) -> None:
    """The process itself, until its standard input ends. Limits in bytes: of memory, and of any file that it writes."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        answers.write(json.dumps(answer(json.loads(line))) + "\n")
        answers.flush()
