"""`manage.py replay-reverts REPOSITORY`: are the reverts that we compute those that people made?"""

import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents.assessment.git import RepositoryUnreadable, shown
from incidents.assessment.replaying import Outcome, Row, replay


class Command(BaseCommand):
    help = (
        "Walk a clone's history for commits that say “This reverts commit <sha>”, compute each revert anew on the "
        "commit before it, and count how many trees are identical. Needs no database and changes nothing in the clone."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("repository", type=Path)
        parser.add_argument("--limit", type=int, help="the newest so many only")
        parser.add_argument("--json", action="store_true", help="one line a row instead of the count")

    def handle(self, *_args: Any, repository: Path, limit: int | None, json: bool, **_options: Any) -> None:
        rows = replay(repository, limit=limit, told=self._told)
        try:
            if json:
                self._print(rows)
            else:
                self._count(rows)
        except (RepositoryUnreadable, OSError) as failure:
            raise CommandError(shown(str(failure))) from failure

    def _print(self, rows: Iterator[Row]) -> None:
        for row in rows:
            told = {name: value for name, value in asdict(row).items() if value}
            self.stdout.write(json.dumps(told))

    def _count(self, rows: Iterator[Row]) -> None:
        counted = Counter(row.verdict for row in rows)
        for outcome in Outcome:
            self.stdout.write(f"{outcome:<10} {counted[outcome]}")

    def _told(self, done: int, total: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{done} of {total}", ending="\n" if done == total else "")
