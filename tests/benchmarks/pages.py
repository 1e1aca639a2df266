"""Counts the SQL and the CPU of each page over a long past: `python -m tests.benchmarks.pages --incidents 100000`.

SQL counts every statement of the whole request, the session's and the person's included. CPU is the time that this
process spends on a request through the whole middleware, the database's own time not included; the ratio is against an
empty page of the same run. Exit 1 where a page asks more than it may, or where what it asks grows with the past.
"""

import argparse
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import django

from tests.live.machine import machine

FLOOR: Final = "empty page"
GOAL_SQL: Final[Mapping[str, int]] = {
    "list, first": 6, "list, deep": 6, "list, filtered": 6, "list, searched": 6, "incident room": 6, "inbox": 6,
}  # fmt: skip
MOST_SQL: Final[Mapping[str, int]] = {**GOAL_SQL, "incident room": 52, "dashboard": 18, "insights": 9, "audit": 6}
"""What a page may ask at most; the room, of two dozen tables, is on its way to its goal."""
MOST_CPU: Final[Mapping[str, float]] = {
    "list, first": 25, "list, deep": 25, "list, filtered": 25, "list, searched": 25, "incident room": 60,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """What one page came to; CPU in milliseconds."""

    page: str
    sql: int
    cpu: float
    wall: float
    kilobytes: int

    def __str__(self) -> str:
        return f"{self.page:22} SQL {self.sql:3}  CPU ms {self.cpu:6.1f}  wall ms {self.wall:7.1f}  kB {self.kilobytes}"


@contextmanager
def counting(asked: list[str]) -> Iterator[None]:
    """Every statement into the list, as it goes to the database."""
    from django.db import connection

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield


def look(client: Any, page: str, address: str, rounds: int, *, show: bool = False) -> Figures:
    """The median of some rounds, after one to warm up."""
    asked: list[str] = []
    client.get(address)
    with counting(asked):
        answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    if show:
        print(f"--- {page} {address}", *(sql[:230] for sql in asked), sep="\n  ")
    spent: list[tuple[float, float]] = []
    for _ in range(rounds):
        cpu, wall = time.process_time(), time.perf_counter()
        client.get(address)
        spent.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpus, walls = zip(*spent, strict=True)
    return Figures(page, len(asked), median(cpus) * 1000, median(walls) * 1000, len(answer.content) // 1024)


def addresses(past: Any) -> dict[str, tuple[str, str]]:
    """Who looks at what."""
    from incidents.models import Incident

    middle = Incident.objects.order_by("-declared_at")[Incident.objects.count() // 2]
    before = f"{middle.declared_at.isoformat().replace('+', '%2B')}~{middle.pk}"
    return {
        FLOOR: ("oncall", "/floor/"),
        "dashboard": ("oncall", "/"),
        "list, first": ("oncall", "/incidents/"),
        "list, deep": ("oncall", f"/incidents/?before={before}"),
        "list, filtered": ("oncall", "/incidents/?service=service-3&severity=2&state=closed"),
        "list, searched": ("oncall", "/incidents/?q=search"),
        "incident room": ("oncall", f"/incidents/{past.busy.number}/"),
        "inbox": ("cto", "/approvals/"),
        "insights": ("oncall", "/insights/"),
        "insights, three years": ("oncall", "/insights/?days=1095"),
        "course of one": ("oncall", f"/incidents/{past.busy.number}/course/"),
        "audit": ("auditor", "/audit/"),
        "audit, deep": ("auditor", f"/audit/?before={middle.declared_at.isoformat().replace('+', '%2B')}~1"),
        "audit, by service": ("auditor", "/audit/?service=service-7"),
        "audit, by person": ("auditor", "/audit/?person=oncall&kind=plan.executed"),
    }


def measure(incidents: int, rounds: int, *, show: str = "") -> list[Figures]:
    """Make the past, and look at every page of it."""
    from django.conf import settings
    from django.test import Client

    from incidents.services.clock import database_now
    from incidents.services.summing import sum_up_courses
    from tests.benchmarks.past import make_past

    logging.disable(logging.WARNING)
    settings.ROOT_URLCONF = "tests.benchmarks.pages_urls"
    past = make_past(incidents, database_now())
    begun = time.perf_counter()
    written = sum_up_courses()
    print(f"{written} courses summed up in {time.perf_counter() - begun:.1f} s", flush=True)
    clients = {name: Client() for name in ("oncall", "cto", "auditor")}
    for name, client in clients.items():
        client.force_login(getattr(past, name))
    return [
        look(clients[who], page, address, rounds, show=bool(show) and show in page)
        for page, (who, address) in addresses(past).items()
    ]


def misses(found: list[Figures]) -> list[str]:
    """What is more than it may be, in words."""
    return [
        f"{each.page}: {each.sql} SQL, {MOST_SQL[each.page]} at most"
        for each in found
        if each.sql > MOST_SQL.get(each.page, each.sql)
    ]


def beyond(found: list[Figures]) -> list[str]:
    """What is within its bound, and has not come to its goal yet, in words."""
    return [
        f"{each.page}: {each.sql} SQL, goal {GOAL_SQL[each.page]}"
        for each in found
        if each.sql > GOAL_SQL.get(each.page, each.sql)
    ]


def slow(found: list[Figures]) -> list[str]:
    """What took longer than its goal on this machine, in words; other machines differ."""
    return [
        f"{each.page}: {each.cpu:.0f} ms CPU, goal {MOST_CPU[each.page]:.0f}"
        for each in found
        if each.cpu > MOST_CPU.get(each.page, each.cpu)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--incidents", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--show", default="", help="print the statements of pages of that name")
    told = parser.parse_args()
    with machine():
        django.setup()
        found = measure(told.incidents, told.rounds, show=told.show)
    floor = next(each.cpu for each in found if each.page == FLOOR)
    for each in found:
        print(f"{each}  CPU / floor {each.cpu / floor:.1f}")
    bad = misses(found)
    print(*slow(found), *beyond(found), *bad, sep="\n")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
