"""Judges migrations in a process of its own, which is killed at its limits: hostile text may crash a parser written in C."""

from typing import Any, Final, Self

from incidents.assessment.confinement import Confined, serve
from incidents.assessment.migrations.one_file import assess_file, unjudged

SECONDS: Final = 20.0
"""For one migration with all that came before it."""


class Reader:
    """A context manager. `assess` answers every question, whatever becomes of the process."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self.confined = Confined(__name__, seconds=seconds)
        self.deadly: set[str] = set()
        """Folders of earlier migrations that could not be read within the limits."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.confined.end()

    def assess(self, framework: str, path: str, earlier: str = "") -> dict[str, Any]:
        """As `assess_file`; H where the process dies or takes too long."""
        if earlier and earlier not in self.deadly:
            if (answer := self.confined.ask([framework, path, earlier])) is not None:
                return dict(answer)
            self.deadly.add(earlier)
        answer = self.confined.ask([framework, path, ""])
        return answer or unjudged(path, "It could not be read within the limits of time and memory.")


if __name__ == "__main__":
    serve(lambda question: assess_file(*question))
