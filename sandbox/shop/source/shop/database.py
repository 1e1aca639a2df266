"""The shop's database and its numbered migrations."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import local
from typing import Any

from shop import settings

MIGRATIONS = Path(__file__).parent.parent / "migrations"

Row = dict[str, Any]
_mine = local()


@contextmanager
def connection() -> Iterator[sqlite3.Connection]:
    """This thread's own, kept open; what is done in it is committed at the end."""
    if not hasattr(_mine, "opened"):
        _mine.opened = sqlite3.connect(settings.DATABASE, timeout=5)
        _mine.opened.row_factory = sqlite3.Row
        _mine.opened.execute("PRAGMA synchronous = OFF")
    with _mine.opened:
        yield _mine.opened


def migrate() -> None:
    """Apply every migration that was not applied yet, in the order of their numbers."""
    with closing(sqlite3.connect(settings.DATABASE, timeout=5)) as opened:
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("CREATE TABLE IF NOT EXISTS applied_migrations (name TEXT PRIMARY KEY)")
        applied = {name for (name,) in opened.execute("SELECT name FROM applied_migrations")}
        for file in sorted(MIGRATIONS.glob("*.sql")):
            if file.name not in applied:
                opened.executescript(f"BEGIN IMMEDIATE;\n{file.read_text()}\nCOMMIT;")
                opened.execute("INSERT INTO applied_migrations VALUES (?)", [file.name])
                opened.commit()
