"""What a rehearsal is: one check with its name, how it is tried, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from incidents.models.readiness import Rehearsal

Verdict = Rehearsal.Verdict
DAILY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Finding:
    """What holds, or what is missing and how to mend it, in words for somebody who is not yet in trouble."""

    verdict: Rehearsal.Verdict
    words: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """One integration or permission; `attempt` tries it and raises IntegrationError where the outside refuses.

    `writes` says what a try leaves for a moment in the world: it is recorded before the try.
    """

    name: str
    title: str
    rule: str
    attempt: Callable[[], Finding]
    every: timedelta = DAILY
    writes: str = ""


def ready(words: str, **facts: Any) -> Finding:
    """It works."""
    return Finding(Verdict.READY, words, facts)


def caveat(words: str, **facts: Any) -> Finding:
    """The rollback works without it, or with it only so far."""
    return Finding(Verdict.WARNING, words, facts)


def missing(words: str, **facts: Any) -> Finding:
    """It would fail when it is needed."""
    return Finding(Verdict.MISSING, words, facts)
