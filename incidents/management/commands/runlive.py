"""`manage.py runlive`: the process that holds the streams of every open page."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from incidents.live.access import audiences_of
from incidents.live.frames import Panels, draw_chart
from incidents.live.hub import Hub, Views
from incidents.live.serving import allow_many_files, listen, make_server, origin_of
from incidents.live.source import Source, address_of


class Command(BaseCommand):
    help = "Serve the event stream of live pages (/live/stream, /live/healthz)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8001)

    def handle(self, *_args: Any, host: str, port: int, **_options: Any) -> None:
        """Serve until told to end; ends by itself, with an error, when a part of the hub does."""
        allow_many_files()
        connections.settings["default"]["CONN_MAX_AGE"] = None  # one thread asks, many times a second
        views = Views(render=Panels().render, permit=audiences_of, ambient=draw_chart)
        hub = Hub(Source(address_of(settings.DATABASES["default"])), settings.REDIS_URL, views)
        try:
            listening = listen(host, port)
        except OSError as fault:
            raise CommandError(f"The live process cannot listen on {host}:{port}: {fault.strerror}.") from fault
        self.stdout.write(f"Live stream on {host}:{listening.getsockname()[1]}")
        make_server(hub, origin=origin_of(settings.PUBLIC_URL)).run(sockets=[listening])
        if hub.failure is not None:
            raise CommandError(f"The live process ended by itself: {hub.failure}")
