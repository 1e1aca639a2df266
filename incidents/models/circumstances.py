"""Under what circumstances something is done: from where, how the person proved who they are, in which role."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a door knows of who comes in; nothing where the console acts by itself."""

    address: str = ""
    method: str = ""
    authenticated_at: datetime | None = None
    request: str = ""


NOWHERE: Final = Circumstances()
_known: ContextVar[Callable[[], Circumstances]] = ContextVar("circumstances", default=lambda: NOWHERE)
_role: ContextVar[tuple[int, str] | None] = ContextVar("role", default=None)


@contextmanager
def under(know: Callable[[], Circumstances]) -> Iterator[None]:
    """While this lasts, what is recorded bears what `know` says; it is asked only where something is recorded."""
    known, role = _known.set(know), _role.set(None)
    try:
        yield
    finally:
        _known.reset(known)
        _role.reset(role)


def circumstances() -> Circumstances:
    """Those of this moment."""
    return _known.get()()


def act_as(person_id: int, role: str) -> None:
    """The person was just permitted something, in this role: what they do next is recorded so."""
    _role.set((person_id, role))


def role_of(person_id: int | None) -> str:
    """The role in which the person was last permitted something, empty where nothing was asked."""
    found = _role.get()
    return found[1] if found and found[0] == person_id else ""
