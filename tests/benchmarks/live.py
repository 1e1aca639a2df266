"""Measures the live stream against its floor: `python -m tests.benchmarks.live --viewers 5000 --compare floor,task`.

One line a design; the ratios are against the floor of the same run. Exit 1 where a delivery is missing, or a ratio is
above its limit. The viewers run on the same machine as what is measured, so only the ratios travel.
"""

import argparse
import asyncio
import re
import sys
import time
from dataclasses import dataclass, field
from statistics import quantiles
from urllib.parse import urlencode

import django
import psutil
import uvloop

from incidents.live.serving import allow_many_files
from tests.live.ledger import Writer, new_stream, writing
from tests.live.machine import Machine, machine

MODULES = {"floor": "tests.benchmarks.live_floor", "task": "tests.live.process"}
MOST_CPU = {"task": 8.0}
MOST_LAST = {"task": 8.0}
CONNECTING_AT_ONCE = 100
PATIENCE_SECONDS = 20.0
PAUSE_SECONDS = 0.05
NUMBER = re.compile(rb"id: (\d+)\n")
LONGEST_NUMBER = 24


@dataclass
class Figures:
    """What one design came to; times in milliseconds, memory in kB."""

    design: str
    viewers: int
    connects_per_second: float = 0.0
    kilobytes_per_viewer: float = 0.0
    cpu_per_event: float = 0.0
    delays: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    expected: int = 0
    seconds_to_end: float = 0.0

    @property
    def last99(self) -> float:
        return percentile(self.last, 99)

    def __str__(self) -> str:
        p50, p95, p99 = (percentile(self.delays, share) for share in (50, 95, 99))
        return (
            f"{self.design:6} viewers {self.viewers}  connects/s {self.connects_per_second:.0f}"
            f"  kB/viewer {self.kilobytes_per_viewer:.1f}  CPU ms/event {self.cpu_per_event:.1f}"
            f"  p50 {p50:.1f}  p95 {p95:.1f}  p99 {p99:.1f}  last99 {self.last99:.1f}"
            f"  delivered {len(self.delays)}/{self.expected}"
            f"  SIGTERM s {self.seconds_to_end:.2f}"
        )


def percentile(values: list[float], share: int) -> float:
    return quantiles(values, n=100, method="inclusive")[share - 1] if len(values) > 1 else sum(values)


class Crowd:
    """All viewers of one stream, and when each event reached each of them."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.opened = 0
        self.arrivals: dict[int, list[float]] = {}
        self.changed = asyncio.Event()

    def open(self) -> None:
        self.opened += 1
        self.changed.set()

    def take(self, seq: int) -> None:
        arrivals = self.arrivals.setdefault(seq, [])
        arrivals.append(time.perf_counter())
        if len(arrivals) == self.size:
            self.changed.set()

    async def everyone_has(self, seq: int) -> None:
        """Returns when the last viewer has it, or when waiting any longer is of no use."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while len(self.arrivals.get(seq, ())) < self.size:
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            pass


class Viewer(asyncio.Protocol):
    """A page that only looks at the numbers of its events."""

    def __init__(self, crowd: Crowd, request: bytes) -> None:
        self._crowd = crowd
        self._request = request
        self._unread = b""
        self._is_open = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._is_open:
            self._is_open = True
            self._crowd.open()
        text = self._unread + data
        ends_at = 0
        for found in NUMBER.finditer(text):
            self._crowd.take(int(found[1]))
            ends_at = found.end()
        self._unread = text[max(ends_at, len(text) - LONGEST_NUMBER) :]


async def gather(crowd: Crowd, port: int, stream: str) -> None:
    """Connect everybody, a hundred at a time, and wait until each has its answer."""
    from tests.live.pages import ticket_for  # settings come first

    loop, gate = asyncio.get_running_loop(), asyncio.Semaphore(CONNECTING_AT_ONCE)

    async def connect(number: int) -> None:
        query = urlencode({"ticket": ticket_for(stream, user_id=number), "cursor": 0})
        request = f"GET /live/stream?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        async with gate:
            await loop.create_connection(lambda: Viewer(crowd, request), "127.0.0.1", port)

    await asyncio.gather(*(connect(number) for number in range(crowd.size)))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while crowd.opened < crowd.size:
            crowd.changed.clear()
            await crowd.changed.wait()


async def measure(where: Machine, design: str, viewers: int, events: int, weight: int) -> Figures:
    """Start one design, fill it, and send it events one by one."""
    figures = Figures(design, viewers, expected=viewers * events)
    stream, crowd = new_stream(), Crowd(viewers)
    live = where.start_live(weight=weight, module=MODULES[design])
    try:
        port = await asyncio.to_thread(live.wait_until_it_listens)
        process = psutil.Process(live.process.pid)
        await settled(process)
        empty, begun = process.memory_info().rss, time.perf_counter()
        await gather(crowd, port, stream)
        figures.connects_per_second = viewers / (time.perf_counter() - begun)
        figures.kilobytes_per_viewer = (process.memory_info().rss - empty) / 1024 / viewers
        await settled(process)
        with writing(where.database, where.redis) as writer:
            await send_all(figures, crowd, process, writer, stream, events)
    finally:
        asked_at = time.perf_counter()
        await asyncio.to_thread(live.end)
        figures.seconds_to_end = time.perf_counter() - asked_at
    return figures


async def settled(process: psutil.Process) -> None:
    """Until the process has nothing left to do from its start or from the connecting."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await asyncio.to_thread(process.cpu_percent, 0.3) > 10:
            pass


async def send_all(
    figures: Figures, crowd: Crowd, process: psutil.Process, writer: Writer, stream: str, events: int
) -> None:
    """One event after the other, each once the one before has arrived everywhere."""
    before = sum(process.cpu_times()[:2])
    for _ in range(events):
        sent_at = time.perf_counter()
        seq = await asyncio.to_thread(writer.write, stream)
        await crowd.everyone_has(seq)
        delays = [(arrived - sent_at) * 1000 for arrived in crowd.arrivals.get(seq, ())]
        figures.delays += delays
        figures.last += [max(delays, default=PATIENCE_SECONDS * 1000)]
        await asyncio.sleep(PAUSE_SECONDS)
    figures.cpu_per_event = (sum(process.cpu_times()[:2]) - before) * 1000 / events


def misses(all_figures: list[Figures]) -> list[str]:
    """What is worse than it may be, in words."""
    floor = next((figures for figures in all_figures if figures.design == "floor"), None)
    found = [
        f"{figures.design}: {figures.expected - len(figures.delays)} deliveries are missing"
        for figures in all_figures
        if len(figures.delays) != figures.expected
    ]
    for figures in all_figures if floor else ():
        cpu, last = figures.cpu_per_event / floor.cpu_per_event, figures.last99 / floor.last99
        if figures is not floor:
            print(f"{figures.design} / floor: CPU {cpu:.2f}  last99 {last:.2f}")
        found += [f"{figures.design}: CPU ratio {cpu:.2f}"] if cpu > MOST_CPU.get(figures.design, 1.0) else []
        found += [f"{figures.design}: last99 ratio {last:.2f}"] if last > MOST_LAST.get(figures.design, 1.0) else []
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=int, default=500)
    parser.add_argument("--events", type=int, default=40)
    parser.add_argument("--weight", type=int, default=4000, help="bytes of HTML in a frame")
    parser.add_argument("--compare", default="floor,task")
    told = parser.parse_args()
    allow_many_files()
    with machine() as found:
        django.setup()
        all_figures = []
        for design in told.compare.split(","):
            all_figures.append(uvloop.run(measure(found, design, told.viewers, told.events, told.weight)))
            print(all_figures[-1], flush=True)
    bad = misses(all_figures)
    print(*bad, sep="\n")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
