"""The hub: reads the ledger's news, prints each frame once an audience, sends the same bytes to every open page."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections

from incidents.live import wire
from incidents.live.audiences import Audience
from incidents.live.doorbell import Doorbell
from incidents.live.feeds import NOT_READ, Entry, Feed, Frame, Reader
from incidents.live.source import AWAY, News, Source
from incidents.live.tickets import DASHBOARD, INCIDENT_PREFIX, LIFETIME_SECONDS, Ticket, Watch

ACCESS: Final = "access"
SIGNED_OUT: Final = "signed_out"
PATIENCE_SECONDS: Final = 30.0
DATABASE_AWAY: Final = (OperationalError, InterfaceError)

Render = Callable[[Sequence[Entry], Audience], str]
Permit = Callable[[Collection[Watch]], Mapping[Watch, Audience]]
Ambient = Callable[[str], str | None]
Answer = TypeVar("Answer")
log = structlog.get_logger(__name__)


class ThreadStuck(Exception):
    """Django's thread has not answered for so long that it never will: only a new process helps."""


@dataclass(frozen=True, slots=True)
class Views:
    """What the hub asks of Django, always in its one thread: panels, rights, and what moves without an entry."""

    render: Render
    permit: Permit
    ambient: Ambient


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the hub does what nothing calls it to do, in seconds."""

    poll: float = 1.0
    beat: float = 15.0
    rights: float = 15.0
    ambient: float = 2.0
    knock: float = 1.0
    stalled: float = 20.0
    forget: float = 60.0


class Hub:
    """Every open page of this process. Its tasks run for ever; one that ends is the end of the process (`died`)."""

    def __init__(self, source: Source, redis_url: str, views: Views, pace: Pace | None = None) -> None:
        self._source = source
        self._views = views
        self._pace = pace or Pace()
        self._doorbell = Doorbell(redis_url, self._rung)
        self._feeds: dict[str, Feed] = {ACCESS: Feed(ACCESS)}
        self._blank: deque[Frame] = deque()
        self._news = asyncio.Event()
        self._ink = asyncio.Event()
        self._rights = asyncio.Event()
        self._barred: dict[int, datetime] = {}
        self._stale_since: datetime | None = None
        self._away: set[str] = set()
        self._read_at = time.monotonic()
        self._knocked_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="live-django")
        self.failure: BaseException | None = None

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self, died: Callable[[], None]) -> None:
        """Start the hub's tasks in the running loop; `died` is called when one of them ends."""
        jobs = (self._follow, self._doorbell.listen, self._print, self._beat, self._ask_rights, self._draw_ambient)
        self._tasks = [asyncio.create_task(job(), name=job.__qualname__) for job in jobs]
        for task in self._tasks:
            task.add_done_callback(partial(self._bury, died))

    async def stop(self) -> None:
        """End the tasks and give the connections back."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._source.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def farewell(self) -> None:
        """Send every page away, to come back with a new ticket: the process is about to end."""
        for reader in self._readers():
            reader.end(wire.named("bye", "restart"))

    def _bury(self, died: Callable[[], None], task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        self.failure = task.exception() or RuntimeError(f"{task.get_name()} ended.")
        log.critical("hub_task_ended", task=task.get_name(), exc_info=self.failure)
        died()

    # ── readers ──────────────────────────────────────────────────────────────────────────────────────────────────

    def admits(self, ticket: Ticket) -> bool:
        """Whether the ticket was given after its holder last signed out."""
        barred = self._barred.get(ticket.watch.user_id)
        return barred is None or ticket.issued_at > barred.timestamp()

    def join(self, reader: Reader) -> None:
        """Let a reader follow its ticket's stream from its cursor on, without a gap and without a repeat."""
        feed = self._feeds.setdefault(reader.ticket.watch.stream, Feed(reader.ticket.watch.stream))
        feed.idle_since = None
        if self._stale_since is not None:
            reader.say(wire.named("stale", self._stale_since.isoformat()))
        if feed.needs_reading_for(reader.reach):
            feed.arriving.append(reader)
            self._news.set()
        else:
            self._attach(feed, reader)

    def leave(self, reader: Reader) -> None:
        """Forget a reader, whether it went or was sent."""
        reader.end(reader.farewell)
        feed = self._feeds.get(reader.ticket.watch.stream)
        if feed is None:
            return
        feed.readers.discard(reader)
        if reader in feed.arriving:
            feed.arriving.remove(reader)
        if not feed.readers and not feed.arriving:
            feed.idle_since = time.monotonic()

    def report(self) -> dict[str, Any]:
        """How this process is, for /live/healthz."""
        return {
            "status": "ok" if self._stale_since is None else "stale",
            "readers": len(self._readers()),
            "streams": len(self._feeds),
            "database_age_seconds": round(time.monotonic() - self._read_at, 1),
            "doorbell": self._doorbell.connected,
        }

    def _attach(self, feed: Feed, reader: Reader) -> None:
        if feed.name == DASHBOARD:
            feed.readers.add(reader)
            if reader.reach != feed.known:
                self._knock(feed, reader)
        elif (frame := feed.attach(reader)) is not None:
            self._to_print([frame])

    def _readers(self) -> list[Reader]:
        return [reader for feed in self._feeds.values() for reader in (*feed.readers, *feed.arriving)]

    # ── following the ledger ─────────────────────────────────────────────────────────────────────────────────────

    def _rung(self, name: str | None) -> None:
        if name is None or name in self._feeds or DASHBOARD in self._feeds:
            self._news.set()

    async def _follow(self) -> None:
        """On each ring, and once a second without one, read what is new on every watched stream in one query."""
        while True:
            try:
                async with asyncio.timeout(self._pace.poll):
                    await self._news.wait()
            except TimeoutError:
                pass
            self._news.clear()
            await self._round()

    async def _round(self) -> None:
        arriving = {feed: list(feed.arriving) for feed in self._feeds.values() if feed.arriving}
        marks = {feed.name: feed.known for feed in self._feeds.values() if self._is_due(feed)}
        try:
            news = await self._source.read(marks)
        except AWAY as fault:
            self._go_stale("ledger", fault)
            await asyncio.sleep(self._pace.poll)
            return
        self._read_at = time.monotonic()
        self._go_fresh("ledger")
        for name, found in news.items():
            if name in self._feeds:
                self._take_in(self._feeds[name], found)
        for feed, readers in arriving.items():
            self._place(feed, readers)
        self._ink.set()

    def _is_due(self, feed: Feed) -> bool:
        return feed.name != DASHBOARD or bool(feed.arriving) or time.monotonic() - self._knocked_at >= self._pace.knock

    def _take_in(self, feed: Feed, news: News) -> None:
        if feed.name == DASHBOARD:
            self._take_in_total(feed, news.head)
        elif feed.known == NOT_READ:
            feed.load(news.head, news.entries)
        elif news.head < feed.known:
            log.error("stream_set_back", stream=feed.name, known=feed.known, head=news.head)
            feed.rebase(news.head, news.entries)
        else:
            feed.grow(news.entries)
        if feed.name == ACCESS and news.entries:
            self._mind_access(news.entries)

    def _take_in_total(self, feed: Feed, total: int) -> None:
        if total != feed.known:
            feed.known = feed.sent = total
            self._knocked_at = time.monotonic()
            for reader in list(feed.readers):
                self._knock(feed, reader)

    def _knock(self, feed: Feed, reader: Reader) -> None:
        reader.reach = feed.known
        reader.say(wire.named("knock", str(feed.known), seq=feed.known))

    def _place(self, feed: Feed, readers: list[Reader]) -> None:
        for reader in readers:
            if reader in feed.arriving:
                feed.arriving.remove(reader)
                self._attach(feed, reader)

    def _go_stale(self, part: str, why: Exception) -> None:
        """Streams stay open without the database, and say since when they know nothing new."""
        self._away.add(part)
        if self._stale_since is None:
            self._stale_since = datetime.now(UTC)
            log.warning("live_stale", part=part, why=str(why))
            self._tell_all(wire.named("stale", self._stale_since.isoformat()))

    def _go_fresh(self, part: str) -> None:
        self._away.discard(part)
        if self._stale_since is not None and not self._away:
            self._stale_since = None
            log.info("live_fresh")
            self._tell_all(wire.named("fresh", datetime.now(UTC).isoformat()))
            self._rights.set()

    def _tell_all(self, chunk: bytes) -> None:
        for reader in self._readers():
            reader.say(chunk)

    # ── printing ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _to_print(self, frames: Collection[Frame]) -> None:
        self._blank.extend(frame for frame in frames if frame.waiting)
        self._ink.set()

    async def _print(self) -> None:
        """Cut what has grown, then print one frame at a time: what grows meanwhile goes into the next frame."""
        while True:
            for feed in self._feeds.values():
                if feed.has_grown:
                    self._blank.extendleft(frame for frame in feed.cut() if frame.waiting)
            if not self._blank:
                await self._ink.wait()
                self._ink.clear()
                continue
            frame = self._blank.popleft()
            for audience in list(frame.waiting):
                frame.print(audience, await self._printed(frame, audience))

    async def _printed(self, frame: Frame, audience: Audience) -> bytes:
        while True:
            try:
                html = await self._in_thread(self._views.render, frame.entries, audience)
            except DATABASE_AWAY as fault:
                self._go_stale("panels", fault)
                await asyncio.sleep(self._pace.poll)
            except ThreadStuck:
                raise
            except Exception:  # one unprintable panel must not silence every incident: those pages refetch
                log.exception("frame_unprintable", stream=frame.entries[0].stream, first=frame.first, last=frame.last)
                return wire.named("reset", str(frame.last), seq=frame.last)
            else:
                self._go_fresh("panels")
                return wire.message(html, seq=frame.last)

    async def _draw_ambient(self) -> None:
        """What moves without an entry, a chart for instance; bytes that did not change are not sent."""
        while True:
            await asyncio.sleep(self._pace.ambient)
            for feed in [feed for feed in self._feeds.values() if feed.readers]:
                if feed.name.startswith(INCIDENT_PREFIX) and self._stale_since is None:
                    await self._draw(feed)

    async def _draw(self, feed: Feed) -> None:
        try:
            html = await self._in_thread(self._views.ambient, feed.name)
        except ThreadStuck:
            raise
        except Exception:  # a chart that cannot be drawn stops nothing: the next one is tried soon
            log.exception("ambient_unprintable", stream=feed.name)
            return
        if html and html != feed.ambient:
            feed.ambient = html
            feed.say(wire.message(html))

    async def _in_thread(self, ask: Callable[..., Answer], *values: Any) -> Answer:
        answer = asyncio.get_running_loop().run_in_executor(self._thread, partial(_with_django, ask, *values))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await answer
        except TimeoutError as fault:
            raise ThreadStuck(f"No answer within {PATIENCE_SECONDS:.0f} s.") from fault

    # ── rights ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _mind_access(self, entries: Sequence[Entry]) -> None:
        """Who signed out is sent away at once; any other change of access has everybody's rights asked again."""
        oldest = datetime.now(UTC) - timedelta(seconds=LIFETIME_SECONDS)
        self._barred = {user: at for user, at in self._barred.items() if at > oldest}
        for entry in entries:
            if entry.kind.endswith(SIGNED_OUT) and entry.actor_id is not None and entry.at > oldest:
                self._barred[entry.actor_id] = entry.at
        for reader in self._readers():
            if not self.admits(reader.ticket):
                reader.end(wire.named("bye", "again"))
        self._rights.set()

    async def _ask_rights(self) -> None:
        """Every 15 s, and at once when access changed: one question about everybody who reads."""
        while True:
            try:
                async with asyncio.timeout(self._pace.rights):
                    await self._rights.wait()
            except TimeoutError:
                pass
            self._rights.clear()
            readers = self._readers()
            if readers:
                await self._ask_rights_of(readers)

    async def _ask_rights_of(self, readers: Sequence[Reader]) -> None:
        try:
            permitted = await self._in_thread(self._views.permit, {reader.ticket.watch for reader in readers})
        except DATABASE_AWAY as fault:
            log.warning("rights_not_asked", why=str(fault))
            return
        for reader in readers:
            audience = permitted.get(reader.ticket.watch)
            if audience is None:
                reader.end(wire.named("revoked", "revoked"))
            elif audience != reader.audience:
                reader.end(wire.named("bye", "again"))

    # ── keeping house ────────────────────────────────────────────────────────────────────────────────────────────

    async def _beat(self) -> None:
        """A sign of life to every page; readers who stalled and streams that nobody reads are let go."""
        while True:
            await asyncio.sleep(self._pace.beat)
            now = asyncio.get_running_loop().time()
            for reader in self._readers():
                if reader.has_stalled(now - self._pace.stalled):
                    reader.cut_off()
                reader.say(wire.BEAT)
            self._forget_idle()

    def _forget_idle(self) -> None:
        limit = time.monotonic() - self._pace.forget
        for name, feed in list(self._feeds.items()):
            if name != ACCESS and feed.idle_since is not None and feed.idle_since < limit:
                del self._feeds[name]


def _with_django(ask: Callable[..., Answer], *values: Any) -> Answer:
    close_old_connections()
    try:
        return ask(*values)
    finally:
        close_old_connections()
