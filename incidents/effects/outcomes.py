"""What an effect answers: done, waiting for the world, failed for a person, or in doubt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Done:
    """The effect is seen to have taken place."""

    sentence: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The world is at work. The sentence says for what it is waited, and what can be done meanwhile.

    Look again in `seconds`; where none are given, at the pace set for polling: a webhook wakes the step before.
    """

    sentence: str
    seconds: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not take place and would not by trying again; the words tell a person what to do."""

    words: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


Outcome = Done | Waiting | Failed
