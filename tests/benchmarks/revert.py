"""How fast a revert is: on the warm bare mirror, in a persistent work tree, and by a fresh clone.

    python -m tests.benchmarks.revert [--files 2000] [--commits 3000] [--rounds 7]

Prints medians and ratios. The floor is what git alone takes on this machine, in the same run: five empty calls.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from incidents.assessment.revert import BadChange, Signature, build, preview
from tests.assessment.repositories import WorkTree, one

CONSOLE = Signature("rollback console", "console@example.com")
DECIDED = datetime(2026, 1, 1, tzinfo=UTC)
LINES = 200
AGE = 20  # commits on top of the bad one


@dataclass(frozen=True)
class Place:
    work: WorkTree
    mirror: Path
    bad: str
    scratch: Path

    @property
    def change(self) -> BadChange:
        return one(self.bad)


def history(files: int, commits: int) -> Iterator[bytes]:
    """Each commit changes one line in each of three files; 200 lines a file."""
    content = {n: [f"line {number} of file {n}" for number in range(LINES)] for n in range(files)}
    for number in range(commits):
        who = f"engineer <engineer@example.com> {1_700_000_000 + number} +0000"
        yield f"commit refs/heads/master\ncommitter {who}\ndata 6\nchange\n".encode()
        touched = range(files) if number == 0 else [(number * 7 + k * 131) % files for k in range(3)]
        for n in touched:
            content[n][(number * 13) % LINES] = f"changed in {number}"
            data = "\n".join(content[n]).encode() + b"\n"
            yield f"M 100644 inline app/part{n % 50}/module{n}.txt\ndata {len(data)}\n".encode() + data + b"\n"


def make(folder: Path, files: int, commits: int) -> Place:
    work = WorkTree(folder / "work")
    work.git("fast-import", "--quiet", given=b"".join(history(files, commits)))
    work.git("reset", "--quiet", "--hard", "master")
    mirror = work.mirror()
    return Place(work, mirror, work.sha(f"HEAD~{AGE}"), folder)


def five_empty_calls(place: Place) -> None:
    for _ in range(5):
        place.work.git("--version")


def previewed(place: Place) -> None:
    assert preview(place.mirror, place.change, base="master").tree


def built(place: Place) -> None:
    objects = place.scratch / f"objects-{time.monotonic_ns()}"
    build(place.mirror, place.change, base="master", message="Revert", who=CONSOLE, at=DECIDED, objects=objects)


def in_a_work_tree(place: Place) -> None:
    place.work.git("revert", "--no-edit", place.bad)
    place.work.git("reset", "--quiet", "--hard", "HEAD^")


def by_a_fresh_clone(place: Place) -> None:
    clone = place.scratch / f"clone-{time.monotonic_ns()}"
    place.work.git("clone", "--quiet", "--no-local", f"file://{place.mirror}", str(clone))
    place.work.git("-C", str(clone), "revert", "--no-edit", place.bad)


def median(act: Callable[[Place], None], place: Place, rounds: int) -> float:
    act(place)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        act(place)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(place: Place, rounds: int) -> dict[str, float]:
    return {
        "floor: five empty calls of git": median(five_empty_calls, place, rounds),
        "preview on the warm mirror": median(previewed, place, rounds),
        "build on the warm mirror": median(built, place, rounds),
        "git revert in a persistent work tree": median(in_a_work_tree, place, rounds),
        "git revert in a fresh clone": median(by_a_fresh_clone, place, min(rounds, 3)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("files", 2000), ("commits", 3000), ("rounds", 7)):
        parser.add_argument(f"--{name}", type=int, default=default)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(make(Path(folder), chosen.files, chosen.commits), chosen.rounds)
    floor, work_tree = next(iter(figures.values())), figures["git revert in a persistent work tree"]
    print(f"{chosen.files} files, {chosen.commits} commits, the bad one {AGE} commits old; medians of {chosen.rounds}")
    for name, seconds in figures.items():
        print(
            f"{name:38} {seconds * 1000:8.1f} ms {seconds / floor:7.1f} × floor {seconds / work_tree:7.2f} × work tree"
        )


if __name__ == "__main__":
    main()
