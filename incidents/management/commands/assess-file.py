"""`manage.py assess-file`: does the code before a migration still run on the schema after it?"""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from incidents.assessment.migrations.confined import Reader
from incidents.assessment.migrations.frameworks import FRAMEWORKS


class Command(BaseCommand):
    """One JSON object for one file, or one a line for `framework<TAB>path<TAB>earlier folder` a line."""

    help = "Judge one migration's file: F (forward-compatible), B (incompatible), H (a person must look)."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", help="The migration.")
        parser.add_argument("--framework", choices=sorted(FRAMEWORKS))
        parser.add_argument("--earlier", default="", help="A folder of migrations that ran before it.")
        parser.add_argument("--batch", action="store_true", help="Read lines from standard input, answer a line each.")

    def handle(self, *_: Any, **options: Any) -> None:
        with Reader() as reader:
            if options["batch"]:
                self.answer_lines(reader)
            elif options["file"] and options["framework"]:
                self.answer(reader, options["framework"], options["file"], options["earlier"])
            else:
                raise CommandError("Name a file and its framework, or give --batch.")

    def answer_lines(self, reader: Reader) -> None:
        for line in sys.stdin.buffer:
            framework, path, earlier = [*line.decode(errors="surrogateescape").rstrip("\r\n").split("\t"), "", ""][:3]
            self.answer(reader, framework, path, earlier)

    def answer(self, reader: Reader, framework: str, path: str, earlier: str) -> None:
        self.stdout.write(json.dumps(reader.assess(framework, path, earlier)))
        self.stdout.flush()
