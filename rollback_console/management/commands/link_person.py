"""Ties an account that is kept here to a person at the identity provider."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from incidents.services.admitting import AlreadyLinked, link_person
from incidents.services.clock import database_now
from rollback_console.issuer.provider import PROVIDER, subject_of


class Command(BaseCommand):
    help = "Tie an account to a subject of OIDC_ISSUER. From then on it signs in there alone, no more by password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("subject", help="the claim `sub`, as the refusing page shows it")

    def handle(self, *args: Any, username: str, subject: str, **options: Any) -> None:
        if not settings.OIDC_ISSUER:
            raise CommandError("OIDC_ISSUER is not set.")
        try:
            link_person(username=username, provider=PROVIDER, uid=subject_of(subject), now=database_now())
        except User.DoesNotExist:
            raise CommandError(f"No account is named {username}.") from None
        except AlreadyLinked as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"{username} signs in with {settings.OIDC_NAME} from now on.")
