"""How grave an incident is: words shown where the severity is chosen (`design/settled.md`)."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Severity:
    """One degree; 1 is the gravest."""

    level: int
    meaning: str

    @property
    def name(self) -> str:
        return f"SEV {self.level}"


SEVERITIES: Final = (
    Severity(1, "Customers cannot use a main function, or data is at risk."),
    Severity(2, "Degraded for many."),
    Severity(3, "Few customers, or internal only."),
)


class NoSuchSeverity(LookupError):
    """There are three severities: 1, 2 and 3."""


def severity(level: int) -> Severity:
    """The severity of that level; raises `NoSuchSeverity`."""
    found = next((each for each in SEVERITIES if each.level == level), None)
    if found is None:
        raise NoSuchSeverity(level)
    return found
