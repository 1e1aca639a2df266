#!/usr/bin/env python
"""Django's command line; in the demo it lends the embedded engines to whichever command is run."""

import os
import sys
from typing import Final

from django.conf import settings
from django.core.management import execute_from_command_line, load_command_class

from rollback_console import engines

READERS: Final = ("assess", "assess-file", "replay-reverts")
"""Commands that read somebody's clone: they need neither settings nor a database, and start without either."""


def main() -> None:
    """Run one management command; `migrate` runs as the role that owns the tables."""
    if sys.argv[1:2] and sys.argv[1] in READERS:
        settings.configure(DEBUG=False)
        load_command_class("incidents", sys.argv[1]).run_from_argv(sys.argv)
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_console.settings")
    engines.lend_to_environment(os.environ)
    if sys.argv[1:2] == ["migrate"]:
        become_owner()
    execute_from_command_line(sys.argv)


def become_owner() -> None:
    """Take the owner's database address, where one is given, in place of the application's."""
    for suffix in ("", "_FILE"):
        if address := os.environ.get(f"DATABASE_OWNER_URL{suffix}"):
            os.environ.pop("DATABASE_URL", None)
            os.environ[f"DATABASE_URL{suffix}"] = address


if __name__ == "__main__":
    main()
