"""What is said about a migration: a verdict, and the findings that it stands on."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LOOK: Final = "Read it: can the old code still read and write all it needs?"


class Verdict(StrEnum):
    """Does the old code run on the new schema?"""

    F = "F"
    """Forward-compatible: proved. The revert is safe (M1)."""
    B = "B"
    """Backwards-incompatible: do not revert blindly (M2)."""
    H = "H"
    """A person answers a named question first (E9)."""


_WEIGHT = {Verdict.F: 0, Verdict.H: 1, Verdict.B: 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the rule table that fired. `rule` is the row's id, `why` a sentence, `do` what to do or to ask.

    `caution` names a hazard that is shown and does not change the verdict (`relaxed`, `seed`, `wide-values`, …).
    """

    rule: str
    verdict: Verdict
    path: str
    line: int
    text: str
    why: str
    do: str = ""
    caution: str = ""


def unreadable(path: str, why: str) -> Finding:
    """Of a whole file that nobody could read."""
    return Finding("unreadable", Verdict.H, path, 1, "", why, LOOK)


def worst(findings: Iterable[Finding]) -> Verdict:
    """B over H over F; nothing found is F."""
    return max((found.verdict for found in findings), key=_WEIGHT.__getitem__, default=Verdict.F)
