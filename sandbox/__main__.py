"""`python -m sandbox`: start the outside world and stay in the foreground."""

import argparse
from contextlib import suppress
from pathlib import Path

from sandbox.app import PARTS, make_part
from sandbox.server import make_server
from sandbox.world import World


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8790)
    parser.add_argument("--state", type=Path, required=True, metavar="FOLDER", help="where the world is kept")
    parser.add_argument("--console", default="", metavar="URL", help="where webhooks are sent")
    parser.add_argument("--pace", type=float, default=1.0, help="multiplies every wait; 0.1 is ten times as fast")
    asked = parser.parse_args()
    address = f"http://{asked.host}:{asked.port}"
    world = World(asked.state, address=address, console=asked.console, pace=asked.pace)
    world.add(make_part(module) for module in PARTS)
    print(f"The sandbox answers at {address}/", flush=True)
    with suppress(KeyboardInterrupt):  # Ctrl-C has stopped it in order by then
        make_server(world, host=asked.host, port=asked.port, log_level="info").run()


if __name__ == "__main__":
    main()
