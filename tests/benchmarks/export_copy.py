"""The export alone, in a process that loads nothing else, so that its memory and its CPU time are its own."""

import json
import sys
import time
from pathlib import Path

import psycopg

from incidents.effects.exporting.copying import Passing, Range, lines_of, portions


def export(address: str, ranges_file: str, target: str) -> None:
    """Copy everything into a file, each line verified; what it took is printed."""
    ranges = [Range(*each) for each in json.loads(Path(ranges_file).read_text())]
    passing, begun, used = Passing(), time.perf_counter(), time.process_time()
    with psycopg.connect(address, cursor_factory=psycopg.ClientCursor) as connection, Path(target).open("wb") as file:
        for portion in portions(ranges):
            with connection.cursor() as cursor:
                file.writelines(line + b"\n" for line in lines_of(cursor, portion, passing))
    told = {
        "wall": time.perf_counter() - begun,
        "cpu": time.process_time() - used,
        "megabytes": peak(),
        "rows": passing.rows,
        "bad": passing.bad[:1],
    }
    print(json.dumps(told))


def peak() -> float:
    """The most memory that this process has held, in MB; rusage would count what its parent held at the fork."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    export(*sys.argv[1:])
