"""What changed between two contents, place by place, so that an approver sees why they are asked again (E13)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One place that differs; None stands for nothing there."""

    where: str
    before: Any
    after: Any


def difference(before: Any, after: Any) -> tuple[Change, ...]:
    """Every place where two JSON values differ, in the order of the places; empty exactly where they are equal."""
    return tuple(_changes("", before, after))


def _changes(where: str, before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from _inside(f"{where} › {key}" if where else key, before, after, key)
    elif not same(before, after):
        yield Change(where, before, after)


def _inside(where: str, before: Mapping[str, Any], after: Mapping[str, Any], key: str) -> Iterator[Change]:
    if key in before and key in after:
        yield from _changes(where, before[key], after[key])
    else:
        yield Change(where, before.get(key), after.get(key))


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal as JSON: true is not 1."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
