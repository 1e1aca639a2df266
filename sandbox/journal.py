"""Every effect that took place in the sandbox, in order, so that a test can count them."""

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One effect. `key` names what it happened to; two entries with one effect and key are a duplicate."""

    number: int
    at: str
    part: str
    effect: str
    key: str
    detail: Mapping[str, object]

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "detail": dict(self.detail)}


class Journal:
    """An append-only list of effects, kept as JSON lines; safe to use from any thread."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._entries = _read(file)

    def record(self, part: str, effect: str, *, key: str = "", **detail: object) -> Entry:
        """Write down an effect after it took place, never before."""
        with self._lock:
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            entry = Entry(len(self._entries) + 1, at, part, effect, key, detail)
            with self._file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(entry.as_json()) + "\n")
            self._entries.append(entry)
            return entry

    def entries(self, *, since: int = 0, part: str = "", effect: str = "", key: str = "") -> list[Entry]:
        """The entries after number `since`, oldest first; an empty filter matches everything."""
        with self._lock:
            seen = self._entries[since:]
        return [
            entry
            for entry in seen
            if (not part or entry.part == part)
            and (not effect or entry.effect == effect)
            and (not key or entry.key == key)
        ]

    def duplicates(self) -> dict[tuple[str, str], int]:
        """How often each keyed effect took place that took place more than once."""
        times: dict[tuple[str, str], int] = {}
        for entry in self.entries():
            if entry.key:
                times[entry.effect, entry.key] = times.get((entry.effect, entry.key), 0) + 1
        return {what: count for what, count in times.items() if count > 1}

    def clear(self) -> None:
        with self._lock:
            self._entries = []
            self._file.unlink(missing_ok=True)


def _read(file: Path) -> list[Entry]:
    if not file.exists():
        return []
    written = file.read_bytes()
    whole = written[: written.rfind(b"\n") + 1]
    if whole != written:  # a crash tore the last line
        file.write_bytes(whole)
    return [Entry(**json.loads(line)) for line in whole.decode().splitlines()]
