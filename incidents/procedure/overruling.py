"""What the console found in a change, and what it takes to overrule it.

To the stricter side the on-call engineer answers alone. To the looser side, where M2, M3 or C1 would no longer hold,
it takes a reason and a second person: the on-call DBA, for a credential the CISO.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from incidents.procedure.answers import QUESTIONS, Answer, Answers
from incidents.procedure.refusals import Refusal


class OverrulingNeedsReason(Refusal):
    """The console found the opposite, and nobody has said why it should not count."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the console can say to a question by itself; UNKNOWN where a person has to, with where to look."""

    answer: Answer
    evidence: str


@dataclass(frozen=True, slots=True)
class Second:
    """Who must agree, and the rule that is set aside if they do."""

    rule: str
    role: str
    words: str


_DBA: Final = Second("M2", "dba", "the on-call DBA")
SECONDS: Final[Mapping[str, Second]] = MappingProxyType(
    {
        "migration": _DBA,
        "incompatible": _DBA,
        "customer_data": _DBA,
        "credential_restored": Second("C2", "ciso", "the CISO"),
    }
)
"""By question: whose agreement it takes to answer it more loosely than the console found."""


@dataclass(frozen=True, slots=True)
class Overruled:
    """A finding that the engineer answered more loosely, with what it stands on."""

    field: str
    evidence: str

    @property
    def second(self) -> Second:
        """Who must agree."""
        return SECONDS[self.field]


def overruled_by(given: Answers, found: Mapping[str, Found]) -> tuple[Overruled, ...]:
    """The findings that these answers set aside: the console found the careful answer, the engineer says otherwise."""
    return tuple(
        Overruled(field, found[field].evidence.removesuffix("."))  # it stands inside sentences
        for field in SECONDS
        if field in found and found[field].answer == QUESTIONS[field].careful and not given.counts(field)
    )


def require_reason(overruled: Iterable[Overruled], reason: str) -> None:
    """Raise `OverrulingNeedsReason` where a finding is set aside without a word why."""
    first = next(iter(overruled), None)
    if first is not None and not reason.strip():
        words = f"The console found: {first.evidence}. Say why you answer otherwise; {first.second.words} must agree."
        raise OverrulingNeedsReason(first.second.rule, words)


def as_rows(overruled: Iterable[Overruled]) -> list[dict[str, str]]:
    """As a decision keeps them."""
    return [{"field": each.field, "evidence": each.evidence} for each in overruled]


def from_rows(rows: Iterable[Mapping[str, str]]) -> tuple[Overruled, ...]:
    """As a decision kept them."""
    return tuple(Overruled(row["field"], row["evidence"]) for row in rows)
