"""Two versions of a text: what differs, line by line, and both in one, so that nothing typed is lost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal, TypeAlias

Side: TypeAlias = Literal["same", "gone", "new"]
MOST_COMPARED: Final = 2_000
"""Lines a side: beyond it, comparing costs more than it shows, and the two texts stand whole."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a difference: in both, only before, or only after."""

    side: Side
    text: str


def difference(before: str, after: str) -> tuple[Line, ...]:
    """Every line of both, in order, each marked by where it stands."""
    one, other = lines_of(before), lines_of(after)
    return tuple(line for block in _blocks(one, other) for line in _lines(block, one, other))


def lines_of(text: str) -> list[str]:
    """Its lines; an empty text has none."""
    return text.split("\n") if text else []


def both_in_one(theirs: str, mine: str) -> str:
    """All lines of both: what they share once, where they differ theirs and then mine (git's `merge=union`)."""
    return "\n".join(line.text for line in difference(theirs, mine))


_Block: TypeAlias = tuple[str, int, int, int, int]


def _blocks(one: Sequence[str], other: Sequence[str]) -> Sequence[_Block]:
    if max(len(one), len(other)) > MOST_COMPARED:
        return [("equal" if one == other else "replace", 0, len(one), 0, len(other))]
    return SequenceMatcher(None, one, other, autojunk=False).get_opcodes()


def _lines(block: _Block, one: Sequence[str], other: Sequence[str]) -> Iterator[Line]:
    tag, start, end, other_start, other_end = block
    if tag == "equal":
        yield from (Line("same", text) for text in one[start:end])
        return
    yield from (Line("gone", text) for text in one[start:end])
    yield from (Line("new", text) for text in other[other_start:other_end])
