"""Bring the catalogue in line with the file named in settings, or with another one."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from incidents.services.catalogue import apply_catalogue
from incidents.services.catalogue_file import CatalogueFault, read_catalogue
from incidents.services.clock import database_now


class Command(BaseCommand):
    help = "Load the service catalogue; faults are told with file, line and field, and nothing is changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", default=settings.CATALOGUE_FILE)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            services = read_catalogue(Path(options["file"]))
        except CatalogueFault as fault:
            raise CommandError(str(fault)) from None
        kept = apply_catalogue(services=services, now=database_now())
        self.stdout.write(f"{len(kept)} services: {', '.join(service.slug for service in kept)}")
