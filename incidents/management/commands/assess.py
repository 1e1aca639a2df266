"""`manage.py assess REPOSITORY SHA`: what did this change do, and what would its revert meet?"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from incidents.assessment.bad_change import BadChange
from incidents.assessment.changes import NoSuchCommit, read_change
from incidents.assessment.confined_reading import Unread, read_confined
from incidents.assessment.git import RepositoryUnreadable, shown
from incidents.assessment.revert import Preview, preview

EXIT = {"": 0, "F": 0, "B": 1, "H": 2}
WORDS = {
    "": "No migration.",
    "F": "Forward-compatible: the old code runs on the new schema (M1).",
    "B": "Incompatible: the old code cannot run on the new schema (M2).",
    "H": "A person must look (E9).",
}
ERROR = 3


class Command(BaseCommand):
    help = (
        "Read one change of any local clone: its migrations, customer tables, credentials and flags, and what its "
        "revert would do. Exit code: 0 forward-compatible or no migration, 1 incompatible, 2 needs a person, 3 error. "
        "Needs no database and changes nothing in the clone."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("repository", type=Path)
        parser.add_argument("sha", help="a commit; a merge is read against its first parent")
        parser.add_argument("--base", default="HEAD", help="the branch or commit that the revert would go onto")
        parser.add_argument("--customer-table", action="append", default=[], help="a name or pattern; may be repeated")
        parser.add_argument("--flag-wrapper", action="append", default=[], help="an own function that asks a flag")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of sentences")

    def handle(self, *_args: Any, repository: Path, sha: str, **options: Any) -> None:
        try:
            change = _change(repository, sha)
            read = read_confined(
                repository.absolute(),
                change,
                customer_tables=options["customer_table"],
                flag_wrappers=options["flag_wrapper"],
            )
        except (NoSuchCommit, RepositoryUnreadable, Unread, OSError) as failure:
            self.stderr.write(shown(str(failure)))
            sys.exit(ERROR)
        reverted = preview(repository, change, base=options["base"])
        if options["json"]:
            self.stdout.write(json.dumps({"sha": change.tip, **read, "revert": _revert(reverted)}))
        else:
            self.stdout.write("\n".join((*_told(read), reverted.words)))
        sys.exit(EXIT[read["schema"]])


def _change(repository: Path, sha: str) -> BadChange:
    shape = read_change(repository, sha)
    return BadChange(shape.sha, (shape.sha,), 1 if shape.kind == "merge" else None)


def _revert(found: Preview) -> dict[str, Any]:
    return {
        "verdict": found.verdict,
        "base": found.base,
        "words": found.words,
        "conflicts": list(found.conflicts),
        "kept": list(found.kept),
    }


def _told(read: dict[str, Any]) -> Iterator[str]:
    yield f"{read['schema'] or '–'}  {WORDS[read['schema']]}"
    for found in read["findings"]:
        if found["verdict"] != "F" or found["caution"]:
            yield f"   {found['verdict']} {found['path']}:{found['line']} {found['why']} {found['do']}".rstrip()
    if read["customer"]["touched"] != "no":
        names = ", ".join(read["customer"]["tables"] or read["customer"]["unlisted"]) or "a table without a name"
        yield f"   Customer data: {read['customer']['touched']} ({names})"
    for sign in read["credentials"]["evidence"]:
        yield f"   Credential {read['credentials']['verdict']}: {sign['name']} at {sign['path']}:{sign['line']}"
    if read["flags"]["keys"]:
        yield f"   Flags: {read['flags']['verdict']} {', '.join(read['flags']['keys'])}"
