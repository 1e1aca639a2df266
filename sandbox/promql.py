"""The small part of PromQL the sandbox understands: one metric name, with `=` and `!=` matchers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SELECTOR = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(.*)\})?\s*")
_MATCHER = re.compile(r"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=|!=)\s*\"([^\"\\]*)\"\s*")


class NotUnderstood(Exception):
    """The expression is outside the subset, or is no PromQL at all."""


@dataclass(frozen=True, slots=True)
class Selector:
    name: str
    matchers: tuple[tuple[str, str, str], ...] = ()

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether a series with these labels is meant; a label that is missing counts as empty."""
        return all((labels.get(label, "") == value) is (sign == "=") for label, sign, value in self.matchers)


def parse(query: str) -> Selector:
    """Read `name{label="value", other!="value"}`; raises NotUnderstood."""
    found = _SELECTOR.fullmatch(query)
    if found is None:
        raise NotUnderstood(f"parse error: the sandbox knows one metric with matchers, not {query!r}")
    return Selector(found[1], tuple(_matcher(text) for text in _split(found[2] or "")))


def _split(matchers: str) -> list[str]:
    parts = re.split(r',(?=(?:[^"]*"[^"]*")*[^"]*$)', matchers)
    return parts[:-1] if not parts[-1].strip() else parts


def _matcher(text: str) -> tuple[str, str, str]:
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise NotUnderstood(f"parse error: unexpected {text.strip()!r} in label matching")
    return found[1], found[2], found[3]
