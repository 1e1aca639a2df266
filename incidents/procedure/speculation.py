"""The no-speculation check (S4): marks causes, guesses, names and promises; the author may keep them knowingly."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Speculation(StrEnum):
    """What a marked word does that the channel and the public should be spared."""

    CAUSE = "cause"
    GUESS = "guess"
    NAME = "name"
    PROMISE = "promise"


REASONS: Final = MappingProxyType(
    {
        Speculation.CAUSE: "names a cause; say what is seen, the retrospective finds why",
        Speculation.GUESS: "is a guess; say what is known",
        Speculation.NAME: "names a person; say the role",
        Speculation.PROMISE: "promises an outcome or a time nobody can know",
    }
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked stretch of the text, `text[start:end]`, with the reason for the author."""

    start: int
    end: int
    text: str
    kind: Speculation
    reason: str


def _any_of(*phrases: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(phrases)})\b", re.IGNORECASE)


_A_WHILE: Final = r"(?:a few|a couple of|the next few|the next|about|\d+|one|an?|two|five|ten|fifteen|thirty)"
_UNIT: Final = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|[smh])"

_PATTERNS: Final = (
    (
        Speculation.CAUSE,
        _any_of(
            r"because(?: of)?", "due to", r"caus(?:e|ed|es|ing)", "root causes?", "culprits?", r"blam(?:e|ed|ing)",
            "fault of", r"\w+['’]s fault", "at fault", "owing to", "as a result of", "thanks to", "introduced by",
            r"trigger(?:ed|s) by", "responsible for", r"the reason (?:is|was|for)", r"\w+ broke",
        ),
    ),
    (
        Speculation.PROMISE,
        _any_of(
            r"(?:will|shall|['’]ll|going to) be (?:fixed|resolved|back|restored|up|fine|okay?|solved|over|done)",
            r"(?:in|within|after) (?:less than )?" + f"{_A_WHILE} ?(?:more )?{_UNIT}",
            r"(?:fixed|back|resolved|restored|up|done|over) (?:again )?(?:by|before|until) \d[\d:.]*",
            "soon", "shortly", r"any (?:minute|moment|second)", "momentarily", "asap", "as soon as possible", "eta",
            r"guarantee[sd]?", r"promise[sd]?", r"(?:never|won['’]t|will not) (?:happen )?again",
        ),
    ),
    (
        Speculation.GUESS,
        _any_of(
            "probabl[ey]", "maybe", "perhaps", "possibl[ey]", "presumably", "apparently", "supposedly", "(?:un)?likely",
            r"seem(?:s|ed|ingly)?", r"appears? to", r"looks? like", "looks? as if", "might", "may be", "could be",
            "could have been", r"(?:i|we) (?:think|believe|guess|feel|assume|hope)", r"suspect(?:s|ed|ing)?",
            r"assume[sd]?", "assuming", "assumption", r"guess(?:es|ing)?", "not sure", "unsure", "should be",
            "hopefully", r"must (?:be|have been)", "sort of", "kind of",
        ),
    ),
    (Speculation.NAME, re.compile(r"(?<![\w.@])@(?!(?:here|channel|everyone)\b)\w[\w.-]*|<@\w+(?:\|[^>]*)?>")),
)  # fmt: skip


def speculation_in(text: str, *, people: Collection[str] = ()) -> tuple[Mark, ...]:
    """The marks in the text's order, none overlapping another; `people` are names to be marked beside @mentions."""
    found = sorted(_found(text, people), key=lambda mark: (mark.start, -mark.end))
    marks: list[Mark] = []
    for mark in found:
        if not marks or mark.start >= marks[-1].end:
            marks.append(mark)
    return tuple(marks)


def _found(text: str, people: Collection[str]) -> Iterator[Mark]:
    for kind, pattern in (*_PATTERNS, *_names(people)):
        for match in pattern.finditer(text):
            yield Mark(match.start(), match.end(), match.group(), kind, f"“{match.group()}” {REASONS[kind]}.")


def _names(people: Collection[str]) -> Iterator[tuple[Speculation, re.Pattern[str]]]:
    names = [re.escape(name.strip()) for name in people if name.strip()]
    if names:
        yield Speculation.NAME, re.compile(rf"(?<!\w)(?:{'|'.join(names)})(?!\w)", re.IGNORECASE)
