"""In which forms the record is exported, and what becomes of an export (T2: the record is what a review reads)."""

from enum import StrEnum
from typing import Final


class ExportForm(StrEnum):
    """What an auditor may ask for."""

    BUNDLE = "bundle"
    JSONL = "jsonl"
    CSV = "csv"

    @property
    def suffix(self) -> str:
        return "zip" if self is ExportForm.BUNDLE else self.value


class ExportState(StrEnum):
    """Where an export stands."""

    WAITING = "waiting"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


UNDER_WAY: Final = (ExportState.WAITING, ExportState.MAKING)
FORM_WORDS: Final = {
    ExportForm.BUNDLE: "Signed bundle",
    ExportForm.JSONL: "JSON Lines",
    ExportForm.CSV: "CSV",
}
