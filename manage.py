#!/usr/bin/env python
"""Django's command line; in the demo it lends the embedded engines to whichever command is run."""

import os
import sys

from django.core.management import execute_from_command_line

from rollback_console import engines


def main() -> None:
    """Run one management command; `migrate` runs as the role that owns the tables."""
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
