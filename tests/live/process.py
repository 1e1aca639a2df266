"""A live process of its own, as `runlive` starts it, with panels that a test can count."""

import argparse
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_console.settings")
django.setup()

from incidents.live.hub import Hub, Pace  # noqa: E402 - settings come first
from incidents.live.serving import allow_many_files, listen, make_server  # noqa: E402
from incidents.live.source import Source  # noqa: E402
from tests.live.hubs import ORIGIN, Panels  # noqa: E402


def main() -> None:
    """Print the port, then serve until a signal comes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--redis", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--weight", type=int, default=0)
    told = parser.parse_args()
    allow_many_files()
    hub = Hub(Source(told.database), told.redis, Panels(weight=told.weight).views, Pace())
    listening = listen("127.0.0.1", told.port)
    print(listening.getsockname()[1], flush=True)
    make_server(hub, origin=ORIGIN).run(sockets=[listening])
    sys.exit(1 if hub.failure else 0)


if __name__ == "__main__":
    main()
