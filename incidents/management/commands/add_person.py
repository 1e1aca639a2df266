"""A person with roles, from the command line: how the first administrator comes in."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from incidents.queries.duty import GROUP_ROLES
from incidents.services.clock import database_now
from incidents.services.people import ensure_group, ensure_person

ROLES = (*GROUP_ROLES, "dba")


class Command(BaseCommand):
    help = "Add a person; the password is asked for, or read from standard input. Roles of somebody known are added to."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--email", default="")
        parser.add_argument("--role", action="append", default=[], choices=ROLES, help="may be given more than once")
        parser.add_argument("--github", default="", help="the person's verified login on the code host (R3)")

    def handle(self, *args: Any, username: str, email: str, role: list[str], github: str, **options: Any) -> None:
        for name in ROLES:
            ensure_group(name)
        known = User.objects.filter(username=username).exists()
        person = ensure_person(
            username=username, email=email, password="" if known else _password(), groups=tuple(role), github=github,
            now=database_now(),
        )  # fmt: skip
        roles = ", ".join(person.groups.order_by("name").values_list("name", flat=True)) or "none"
        self.stdout.write(f"{username}, roles: {roles}")


def _password() -> str:
    given = getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    try:
        validate_password(given)
    except ValidationError as refused:
        raise CommandError(" ".join(refused.messages)) from None
    return given
