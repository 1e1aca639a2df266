"""A live process inside a test: the real hub, server and engines; only the panels are the test's own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from incidents.live.audiences import Audience
from incidents.live.feeds import Entry
from incidents.live.hub import Hub, Pace, Views
from incidents.live.serving import listen, make_server
from incidents.live.source import Source
from incidents.live.tickets import Watch

ORIGIN = "https://console.example"
QUICK = Pace(poll=0.2, beat=0.2, rights=0.2, ambient=0.1, knock=0.2, stalled=0.4, forget=0.2)


@dataclass
class Panels:
    """Prints `audience:numbers`, so that a test can count every entry; keeps what it was asked."""

    printed: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    forbidden: set[int] = field(default_factory=set)
    audiences: dict[int, Audience] = field(default_factory=dict)
    chart: str | None = None
    weight: int = 0

    def render(self, entries: Sequence[Entry], audience: Audience) -> str:
        self.printed.append((audience, tuple(entry.seq for entry in entries)))
        return f"{audience}:{','.join(str(entry.seq) for entry in entries)}:{'x' * self.weight}"

    def permit(self, watches: Collection[Watch]) -> Mapping[Watch, Audience]:
        allowed = [watch for watch in watches if watch.user_id not in self.forbidden]
        return {watch: self.audiences.get(watch.user_id, Audience.VIEWER) for watch in allowed}

    def ambient(self, stream: str) -> str | None:
        return self.chart

    @property
    def views(self) -> Views:
        return Views(render=self.render, permit=self.permit, ambient=self.ambient)


@asynccontextmanager
async def serving(address: str, redis_url: str, panels: Panels, pace: Pace = QUICK) -> AsyncIterator[tuple[Hub, int]]:
    """A hub behind the real server on a free port; stopped as SIGTERM stops it."""
    hub = Hub(Source(address), redis_url, panels.views, pace)
    listening = listen("127.0.0.1", 0)
    server = make_server(hub, origin=ORIGIN)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    await until(lambda: server.started)
    try:
        yield hub, listening.getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def until(holds: Callable[[], bool], *, patience: float = 10.0) -> None:
    """Wait for a condition that another task or process brings about."""
    async with asyncio.timeout(patience):
        while not holds():  # noqa: ASYNC110 - what is waited for is outside this loop
            await asyncio.sleep(0.01)
