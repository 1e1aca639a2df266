"""Reads changes in a process of its own, kept warm beside a worker: no change of theirs can take the worker down."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, Final

from incidents.assessment.bad_change import BadChange
from incidents.assessment.confinement import Confined, serve
from incidents.assessment.migrations.findings import Finding, Verdict

ENGINE: Final = "1"
"""Which version of the reading: a change that was read by another one is read again."""
SECONDS: Final = 25.0
"""For one change."""
_MEMORY: Final = 4 << 30
_LARGEST_FILE: Final = 256 << 20
"""What git is given and what it complains of goes through files."""


class Unread(Exception):
    """The change could not be read; the words say why."""


@cache
def _reader() -> Confined:
    return Confined(__name__, seconds=SECONDS)


def read_confined(
    repository: Path, change: BadChange, *, customer_tables: list[str], flag_wrappers: list[str]
) -> dict[str, Any]:
    """As `reading_as_json.as_json`. Raises Unread where git has no answer, or the limits were reached."""
    question = [str(repository), change.tip, list(change.commits), change.mainline, customer_tables, flag_wrappers]
    answer = _reader().ask(question)
    if answer is None:
        raise Unread("It could not be read within the limits of time and memory.")
    if "refused" in answer:
        raise Unread(answer["refused"])
    return dict(answer)


def unread_as_json(why: str) -> dict[str, Any]:
    """In the same form, what is known of a change that cannot be read: that a person has to."""
    asked = "Read it: does it hold a migration, or another credential?"
    finding = Finding("unread", Verdict.H, "", 0, "", f"The change cannot be read: {why}", asked)
    return {
        "engine": ENGINE, "schema": "H", "migrations": [], "findings": [asdict(finding)],
        "customer": {"touched": "unknown", "tables": [], "unlisted": []},
        "credentials": {"verdict": "none", "evidence": []}, "flags": {"verdict": "none", "keys": [], "evidence": []},
    }  # fmt: skip


def _read(question: list[Any]) -> Mapping[str, Any]:
    from incidents.assessment.git import RepositoryUnreadable  # the parsers are for this process alone
    from incidents.assessment.reading import Known, read_effects
    from incidents.assessment.reading_as_json import as_json

    repository, tip, commits, mainline, tables, wrappers = question
    try:
        found = read_effects(
            Path(repository), BadChange(tip, tuple(commits), mainline), Known(tuple(tables), tuple(wrappers))
        )
    except (RepositoryUnreadable, OSError, MemoryError) as refusal:
        return {"refused": str(refusal) or type(refusal).__name__}
    return as_json(found)


def _main() -> None:
    serve(_read, memory=_MEMORY, largest_file=_LARGEST_FILE)


if __name__ == "__main__":
    _main()
