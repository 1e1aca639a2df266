"""The record as the auditor searches it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.queries.shapes.parts import Link


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One entry: who, acting as what, did what, about what, when and under which rule; and the whole of it."""

    id: int
    stream: str
    seq: int
    at: datetime
    kind: str
    words: str
    who: str
    role: str
    rules: tuple[str, ...]
    about: Link | None
    service: str
    hash: str
    previous: str
    whole: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One page of what was searched for, the newest first, and the cursor of what is older."""

    rows: tuple[RecordRow, ...] = ()
    older: str = ""


@dataclass(frozen=True, slots=True)
class WholeEntry:
    """One entry with nothing left out, and whether its text is what was hashed."""

    row: RecordRow
    intact: bool
    before: Link | None
    after: Link | None
