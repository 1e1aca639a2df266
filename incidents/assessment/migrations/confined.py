"""Reads migrations in a process of its own, which is killed at its limits: hostile text may crash a parser written in C."""

import json
import os
import resource
import selectors
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from incidents.assessment.migrations.one_file import assess_file, unjudged

SECONDS: Final = 20.0
"""For one migration with all that came before it."""
_MEMORY: Final = 1 << 30
_ROOT: Final = Path(__file__).parents[3]
"""Where our own packages are: the folder that the command runs in may be the hostile repository itself."""


class Reader:
    """A context manager. `assess` answers every question, whatever becomes of the process."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self.process: subprocess.Popen[bytes] | None = None
        self.deadly: set[str] = set()
        """Folders of earlier migrations that could not be read within the limits."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.end()

    def assess(self, framework: str, path: str, earlier: str = "") -> dict[str, Any]:
        """As `assess_file`; H where the process dies or takes too long."""
        if earlier and earlier not in self.deadly:
            if (answer := self.ask(framework, path, earlier)) is not None:
                return answer
            self.deadly.add(earlier)
        answer = self.ask(framework, path, "")
        return answer or unjudged(path, "It could not be read within the limits of time and memory.")

    def ask(self, framework: str, path: str, earlier: str) -> dict[str, Any] | None:
        process = self.running()
        question = json.dumps([framework, path, earlier]).encode() + b"\n"
        try:
            _pipe(process.stdin).write(question)
            _pipe(process.stdin).flush()
            line = self.answer(_pipe(process.stdout))
        except BrokenPipeError:
            line = b""
        if not line.endswith(b"\n"):
            self.end()
            return None
        answer: dict[str, Any] = json.loads(line)
        return answer

    def answer(self, pipe: IO[bytes]) -> bytes:
        """One line, or what there is of it when the time is over."""
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            return pipe.readline() if selector.select(self.seconds) else b""

    def running(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            command = [sys.executable, "-P", "-m", "incidents.assessment.migrations.confined"]
            safe = {**os.environ, "PYTHONPATH": str(_ROOT)}
            self.process = subprocess.Popen(
                command, env=safe, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        return self.process

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise BrokenPipeError
    return pipe


def _serve() -> None:
    """The process itself: a question a line, an answer a line."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        framework, path, earlier = json.loads(line)
        answers.write(json.dumps(assess_file(framework, path, earlier)) + "\n")
        answers.flush()


if __name__ == "__main__":
    _serve()
