"""The exports of the record, as their page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from incidents.queries.shapes.parts import Badge


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One export: what of, in which form, by whom, and how far it is. `file_name` is empty while there is no file."""

    id: UUID
    what: str
    form: str
    by: str
    asked_at: datetime
    badge: Badge
    rows: int
    total: int
    moving: bool
    file_name: str = ""
    size: int = 0
    sha256: str = ""
    expires_at: datetime | None = None
    words: str = ""

    @property
    def per_cent(self) -> int:
        """How much of it is copied."""
        return self.rows * 100 // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class ExportsPage:
    """The exports, newest first, and the key that signs them. `moving`: one is being made, so the page looks again."""

    rows: tuple[ExportRow, ...]
    moving: bool
    key: str
    checkpoint: int
    checkpoint_at: datetime | None
