"""One line of the record as an auditor reads it: every field beside the other, in words and as it was told."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from incidents.models.ledger import LedgerEntry
from incidents.models.sealing import unseal
from incidents.queries.timeline import said_of

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run: such a cell begins with an apostrophe (OWASP, CSV injection)."""

COLUMNS: Final = (
    *("at_utc", "clock", "stream", "entry", "incident", "action", "kind", "rule", "actor_id", "actor", "role"),
    *("authentication", "authentication_age_seconds", "address", "request", "before", "after", "outcome", "digest"),
    *("facts", "procedure", "application", "hash", "hash_before"),
)


def entry_of(line: bytes) -> LedgerEntry:
    """The entry of an exported line, its clear texts in their places; it is never saved."""
    read = json.loads(line)
    told = unseal(read["entry"], read["personal"] or {})
    entry = LedgerEntry(
        stream_id=told["stream"], seq=told["seq"], at=datetime.fromisoformat(told["at"]), kind=told["kind"],
        rule=told["rule"], actor_id=told["actor"], hash=read["hash"],
    )  # fmt: skip
    entry.told = told
    return entry


def cells(entry: LedgerEntry) -> Iterator[str]:
    """The columns of one entry, in the order of COLUMNS; nothing that a spreadsheet would run."""
    told, facts = entry.told, entry.told["data"]
    proof = told.get("authentication") or {}
    found = (
        told["at"], told.get("clock", ""), told["stream"], told["seq"], told["incident"], said_of(entry), told["kind"],
        told["rule"], told["actor"], entry.who, told["role"], proof.get("method"), proof.get("age_seconds"),
        told.get("address"), told.get("request"), facts.get("was"), facts.get("changed"),
        facts.get("state") or facts.get("verdict"), facts.get("digest"), facts,
        told.get("procedure", ""), told.get("application", ""), entry.hash, told["previous"],
    )  # fmt: skip
    return (harmless(plain(each)) for each in found)


def plain(value: Any) -> str:
    """A value as one text."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def harmless(cell: str) -> str:
    """The cell so that no spreadsheet runs it."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
