"""What MySQL's scripts run indirectly: statements kept in variables and prepared, and procedures that are then called."""

import re
from dataclasses import dataclass, field
from typing import Final

_SET: Final = re.compile(r"\s*SET\s+@(\w+)\s*:?=\s*(.*)", re.IGNORECASE | re.DOTALL)
_PREPARE: Final = re.compile(r"\s*PREPARE\s+(\w+)\s+FROM\s+(?:@(\w+)|(.+))", re.IGNORECASE | re.DOTALL)
_EXECUTE: Final = re.compile(r"\s*EXECUTE\s+(\w+)\s*$", re.IGNORECASE)
_PROCEDURE: Final = re.compile(
    r"\s*CREATE\s+(?:DEFINER\s*=\s*\S+\s+)?PROCEDURE\s+`?(\w+)`?(.*)", re.IGNORECASE | re.DOTALL
)
_QUOTED: Final = re.compile(r"\bAS\s+(?:\$\w*\$|E?')", re.IGNORECASE)
"""Where PostgreSQL's procedures have their bodies; MySQL's stand there unquoted."""
_CALL: Final = re.compile(r"\s*CALL\s+`?(\w+)", re.IGNORECASE)
_CONSTANT: Final = re.compile(r"'((?:[^'\\]|\\.|'')*)'|\"((?:[^\"\\]|\\.|\"\")*)\"", re.DOTALL)
_STATEMENT: Final = re.compile(
    r"\s*(?:ALTER|CREATE|DROP|UPDATE|INSERT|DELETE|RENAME|TRUNCATE|REPLACE|SELECT|SET|DO|CALL|EXECUTE|PREPARE)\b",
    re.IGNORECASE,
)
_CONTROL: Final = re.compile(r"\b(?:BEGIN|THEN|ELSE|DO|LOOP|REPEAT)\b|;", re.IGNORECASE)


@dataclass(slots=True)
class MysqlSession:
    """The variables, prepared statements and procedures of one script."""

    variables: dict[str, str] = field(default_factory=dict)
    prepared: dict[str, str] = field(default_factory=dict)
    procedures: dict[str, str] = field(default_factory=dict)

    def runs(self, text: str) -> list[str] | None:
        """The statements that this one runs; None where it says itself what it does, or nobody can tell."""
        if (found := _SET.match(text)) and _CONSTANT.search(found[2]):
            self.variables[found[1].lower()] = found[2]
            return []
        if found := _PREPARE.match(text):
            self.prepared[found[1].lower()] = self.variables.get((found[2] or "").lower(), found[3] or "")
            return []
        if found := _EXECUTE.match(text):
            return _constant_statements(self.prepared.get(found[1].lower(), ""))
        if (found := _PROCEDURE.match(text)) and not _QUOTED.search(found[2]):
            self.procedures[found[1].lower()] = found[2]
        if (found := _CALL.match(text)) and found[1].lower() in self.procedures:
            return _body(self.procedures[found[1].lower()]) or None
        return None


def _constant_statements(expression: str) -> list[str] | None:
    """The statements that an expression chooses between; None where it puts one together."""
    constants = [one.replace("''", "'") or other for one, other in _CONSTANT.findall(expression)]
    found = [constant.rstrip().rstrip(";") for constant in constants if _STATEMENT.match(constant)]
    return None if re.search(r"\bCONCAT\s*\(", expression, re.IGNORECASE) or not found else found


def _body(text: str) -> list[str]:
    """The statements of a procedure, whatever decides whether they run."""
    parts = (part.strip() for part in _CONTROL.split(text.partition("BEGIN")[2] or text))
    return [part for part in parts if _STATEMENT.match(part)]
