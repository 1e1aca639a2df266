"""Feature flags in our words: how a failing surface is turned off (S2)."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag as its provider tells it; `environment` and `url` say where it was read."""

    name: str
    environment: str
    on: bool
    url: str = ""


class Flags(Protocol):
    """Keyed (trust.md §1): turning off what is off changes nothing, so a repeat is harmless."""

    def read(self, name: str) -> Flag:
        """The flag as it stands; IntegrationError where there is none of that name."""

    def turn(self, name: str, *, on: bool, key: str) -> None:
        """Turns it on or off, without retries of its own. What came of it is read back, never assumed."""
