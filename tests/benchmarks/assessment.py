"""How long reading a merge takes, in a warm process of its own, over a history of merges with migrations.

    python -m tests.benchmarks.assessment [--merges 300] [--files 300]

Prints p50, p95 and the longest in milliseconds, each also as a ratio to the floor: five empty calls of git on this
machine, in the same run; and the reading process's peak memory. Exits 1 where p95 is above the goal.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from incidents.assessment import confined_reading
from incidents.assessment.bad_change import BadChange
from incidents.assessment.confined_reading import read_confined
from tests.assessment.repositories import WorkTree

GOAL_P95_MS = 300
MOST_MIGRATIONS = 5
_LINES = 120

_STATEMENTS = (
    "CREATE TABLE t{n} (id bigint PRIMARY KEY, name text NOT NULL, made timestamptz DEFAULT now());",
    "ALTER TABLE t{m} ADD COLUMN c{n} text;",
    "CREATE INDEX i{n} ON t{m} (name);",
    "ALTER TABLE t{m} ADD COLUMN d{n} integer NOT NULL DEFAULT 0;",
    "ALTER TABLE t{m} ALTER COLUMN name DROP NOT NULL;",
    "UPDATE t{m} SET name = 'x{n}' WHERE name IS NULL;",
)


def history(merges: int, files: int) -> Iterator[bytes]:
    """Each merge touches up to 300 files of code and brings one to five migrations."""
    content = {
        n: [f"value_{number} = os.environ.get('NAME_{number}')" for number in range(_LINES)] for n in range(files)
    }
    number = 0
    for merge in range(merges):
        who = f"engineer <engineer@example.com> {1_700_000_000 + merge} +0000"
        yield f"commit refs/heads/master\ncommitter {who}\ndata 5\nmerge\n".encode()
        touched = {(merge * 7 + k * 31) % files for k in range(1 + merge * 37 % 60)} if merge else range(files)
        for n in sorted(touched):
            content[n][(merge * 13) % _LINES] = f"changed_{merge} = {n}"
            yield _file(f"app/module{n}.py", "\n".join(content[n]) + "\n")
        for _ in range(1 + merge % MOST_MIGRATIONS):
            number += 1
            sql = _STATEMENTS[0 if number <= MOST_MIGRATIONS else number % len(_STATEMENTS)]
            yield _file(f"migrations/{number:05}_change.sql", sql.format(n=number, m=1 + number % MOST_MIGRATIONS))


def _file(path: str, text: str) -> bytes:
    return f"M 100644 inline {path}\ndata {len(text)}\n{text}\n".encode()


def milliseconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1000


def read(mirror: Path, sha: str) -> None:
    read_confined(mirror, BadChange(sha, (sha,), None), customer_tables=["t1", "t2"], flag_wrappers=[])


def peak_mebibytes() -> float:
    process = confined_reading._reader().process
    if process is None:
        return 0.0
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--merges", type=int, default=300)
    parser.add_argument("--files", type=int, default=300)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        work = WorkTree(Path(folder) / "work")
        work.git("fast-import", "--quiet", given=b"".join(history(asked.merges, asked.files)))
        mirror = work.mirror()
        shas = work.git("rev-list", "--reverse", "master").split()[1:]
        floor = milliseconds(lambda: [work.git("--version") for _ in range(5)])
        read(mirror, shas[0])
        taken = sorted(milliseconds(lambda sha=sha: read(mirror, sha)) for sha in shas)
    p50, p95, most = taken[len(taken) // 2], taken[int(len(taken) * 0.95)], taken[-1]
    print(f"{len(taken)} merges; floor (five calls of git): {floor:.0f} ms")
    for name, value in (("p50", p50), ("p95", p95), ("longest", most)):
        print(f"{name:>8} {value:7.0f} ms {value / floor:6.1f} x floor")
    print(f"    peak {peak_mebibytes():7.0f} MiB")
    print(f"    goal p95 <= {GOAL_P95_MS} ms: {'met' if p95 <= GOAL_P95_MS else 'missed'}")
    return int(p95 > GOAL_P95_MS)


if __name__ == "__main__":
    sys.exit(main())
