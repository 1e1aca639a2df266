"""The demo's people, shifts and catalogue; running it again changes nothing but the shifts that have run out."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from incidents.models.duty import Deputy, Seat, Shift
from incidents.models.service import Service
from incidents.services.catalogue import apply_catalogue
from incidents.services.catalogue_file import CatalogueFault, read_catalogue
from incidents.services.clock import database_now
from incidents.services.people import add_shift, ensure_person, name_deputy

PASSWORD = "rollback-demo"  # noqa: S105 - the demo's, printed on its first page and refused in production
PEOPLE: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("oncall", (), "oncall"),
    ("engineer", (), "engineer"),
    ("reviewer", (), "reviewer"),
    ("cto", ("cto",), "cto"),
    ("ciso", ("ciso",), ""),
    ("dba", ("dba",), ""),
    ("deputy", ("dba",), ""),
    ("auditor", ("auditor",), ""),
    ("administrator", ("administrator",), ""),
)
DEPUTIES = {"cto": "ciso", "ciso": "cto", "dba": "deputy"}
A_WEEK = timedelta(days=7)


class Command(BaseCommand):
    help = "Seed people, shifts and the catalogue of the demo."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--catalogue", default=settings.CATALOGUE_FILE)

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo's people have a password everybody knows: never in production.")
        now = database_now()
        for username, groups, github in PEOPLE:
            ensure_person(
                username=username, email=f"{username}@acme.example", password=PASSWORD, groups=groups, github=github,
                now=now,
            )  # fmt: skip
        try:
            listed = read_catalogue(Path(options["catalogue"]))
        except CatalogueFault as fault:
            raise CommandError(str(fault)) from None
        for service in apply_catalogue(services=listed, now=now):
            self._on_call(service, now)
        self._dba_on_call(now)
        self._deputies(now)
        self.stdout.write(f"Sign in as {', '.join(name for name, _, _ in PEOPLE)}; the password is {PASSWORD}.")

    def _on_call(self, service: Service, now: datetime) -> None:
        if not Shift.objects.running(now).filter(service=service, seat=Seat.ON_CALL).exists():
            self._add("oncall", Seat.ON_CALL, service, now)

    def _dba_on_call(self, now: datetime) -> None:
        if not Shift.objects.running(now).filter(seat=Seat.DBA).exists():
            self._add("dba", Seat.DBA, None, now)

    def _deputies(self, now: datetime) -> None:
        for role, username in DEPUTIES.items():
            if not Deputy.objects.filter(role=role).exists():
                name_deputy(role=role, person_id=User.objects.get(username=username).pk, now=now)

    def _add(self, username: str, seat: Seat, service: Service | None, now: datetime) -> None:
        person = ensure_person(username=username, email="", password=PASSWORD, groups=(), github="", now=now)
        add_shift(
            person_id=person.pk, seat=seat, service_id=service.pk if service else None, starts_at=now,
            ends_at=now + A_WEEK, now=now,
        )  # fmt: skip
