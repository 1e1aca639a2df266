"""Marked boundaries: the campaign arms a place with a deed; the first process that comes by is struck, once."""

import os
import signal
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

VARIABLE: Final = "FAULTS_FOLDER"
PLANTED: Final = "FAULTS_PLANTED"
PLANTS: Final = ("", "deaf", "blind", "careless")  # no sweep, no look-up, no asking of the lease before the call


PRESS: Final = "press"
"""A press of a button, from its delivery to its vote (P2)."""
KEPT: Final = "press kept"
"""The press as the pages keep it, before anybody reads it."""
PUT_RIGHT: Final = "buttons taken away"
"""The second act of waking by chat: the question is over, and its message says so."""


class Boundary(StrEnum):
    """Where in an attempt a worker can be struck. An effect that only watches has its look-up for a call."""

    UNASKED = "unasked"
    """The world has been looked at, the lease has not been asked again."""
    BEFORE = "before"
    """The lease has been asked, the call has not left."""
    DURING = "during"
    """The call has left, its answer is not here."""
    AFTER = "after"
    """The answer is here, the row does not know it."""
    DOORBELL = "doorbell"
    """The row is committed, nobody has been told."""
    HEARD = "heard"
    """A vote is committed, nobody has heard it."""
    CONSUMED = "consumed"
    """A worker has found the grant and used it; what the grant opens is not committed."""


class Deed(StrEnum):
    """What happens to a process at its boundary."""

    KILL = "kill"
    KILL_GROUP = "kill-group"
    FREEZE = "freeze"


def _to_itself(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


DEEDS: Final[Mapping[str, Callable[[], None]]] = {
    Deed.KILL: lambda: _to_itself(signal.SIGKILL),
    Deed.KILL_GROUP: lambda: os.killpg(0, signal.SIGKILL),
    Deed.FREEZE: lambda: _to_itself(signal.SIGSTOP),
}


class Boundaries:
    """The armed and the struck places of one stage, as files: a process that is gone can tell nothing else."""

    def __init__(self, folder: Path) -> None:
        self._armed, self._struck, self._over = (folder / name for name in ("armed", "struck", "over"))
        for each in (self._armed, self._struck, self._over):
            each.mkdir(parents=True, exist_ok=True)

    def arm(self, boundary: Boundary, what: str, deed: Deed) -> None:
        """The next process at this boundary of this step kind suffers the deed."""
        (self._armed / f"{boundary}.{what}").write_text(deed)

    def armed(self) -> list[str]:
        """Places where nobody has come by yet."""
        return sorted(place.name for place in self._armed.iterdir())

    def struck(self) -> dict[str, int]:
        """Each place where somebody was struck, with the process's number."""
        return {place.stem: int(place.suffix[1:]) for place in self._struck.iterdir()}

    def about(self, place: str) -> str:
        """Which step somebody was struck at."""
        return next(self._struck.glob(f"{place}.*")).read_text()

    def is_over(self, process_id: int) -> bool:
        """Whether a frozen and woken process has come to the end of that attempt."""
        return (self._over / str(process_id)).exists()

    def clear(self) -> None:
        for folder in (self._armed, self._struck, self._over):
            for place in folder.iterdir():
                place.unlink()

    def strike(self, boundary: Boundary, what: str, about: str = "") -> bool:
        """Called at the boundary: the deed, where it is armed; True for who survived it. `about`: the step's id."""
        place = f"{boundary}.{what}"
        struck = self._struck / f"{place}.{os.getpid()}"
        try:
            (self._armed / place).rename(struck)
        except FileNotFoundError:
            return False
        deed = struck.read_text()
        struck.write_text(about)
        DEEDS[deed]()
        return True

    def end(self) -> None:
        """A survivor says that its attempt is over."""
        (self._over / str(os.getpid())).touch()


def swap(where: Any, name: str, new: Any) -> None:
    """Put a marked function in the place of the console's own, in this process alone."""
    setattr(where, name, new)


def of_environment() -> Boundaries:
    """The boundaries of the stage that started this process."""
    return Boundaries(Path(os.environ[VARIABLE]))
