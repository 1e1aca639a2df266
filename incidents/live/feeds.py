"""One watched stream: its newest entries, the frames cut from them, and the readers who follow."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from incidents.live.audiences import Audience
from incidents.live.tickets import Ticket
from incidents.live.wire import named

WINDOW: Final = 5_000
FRAMES_KEPT: Final = 16
MOST_WAITING: Final = 64
NOT_READ: Final = -1


@dataclass(frozen=True, slots=True)
class Entry:
    """What the hub needs to know of a ledger entry; the panels read the rest."""

    stream: str
    seq: int
    kind: str
    at: datetime
    actor_id: int | None = None


class GapInStream(Exception):
    """An entry is missing between two that were read: the ledger's promise is broken, and so would ours be."""


class Frame:
    """The entries `first` to `last` of a stream, as bytes, printed once an audience for all who read them.

    One frame may stand for many entries: it shows the panels that any of them touched as they are after the last,
    under the last one's id, so no entry's effect is lost.
    """

    __slots__ = ("entries", "first", "last", "printed", "waiting")

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self.entries = entries
        self.first = entries[0].seq
        self.last = entries[-1].seq
        self.printed: dict[Audience, bytes] = {}
        self.waiting: dict[Audience, list[Reader]] = {}

    def await_print(self, reader: "Reader") -> None:
        """Ring the reader when its audience's bytes are there."""
        if reader.audience not in self.printed:
            self.waiting.setdefault(reader.audience, []).append(reader)

    def print(self, audience: Audience, chunk: bytes) -> None:
        """Keep the bytes and ring everyone who waits for them."""
        self.printed[audience] = chunk
        for reader in self.waiting.pop(audience, ()):
            reader.ring()


class Reader:
    """One open page: what it has yet to be sent, in order and bounded; who does not read is cut off and comes back."""

    __slots__ = ("_bell", "_cut", "_waiting", "ended", "farewell", "reach", "sending_since", "ticket")

    def __init__(self, ticket: Ticket, cursor: int, cut: Callable[[], None]) -> None:
        self.ticket = ticket
        self.reach = cursor
        self.ended = False
        self.farewell = b""
        self.sending_since: float | None = None
        self._cut = cut
        self._waiting: deque[Frame | bytes] = deque()
        self._bell = asyncio.Event()

    @property
    def audience(self) -> Audience:
        return self.ticket.audience

    def ring(self) -> None:
        self._bell.set()

    def say(self, chunk: bytes) -> None:
        """Queue bytes that carry no entry: a beat, a named event, a chart."""
        self._queue(chunk)

    def offer(self, frame: Frame) -> None:
        """Queue the next frame of its stream; it is sent once it is printed."""
        self.reach = frame.last
        frame.await_print(self)
        self._queue(frame)

    def end(self, farewell: bytes = b"") -> None:
        """Let the reader go with a last word, in place of whatever still waits."""
        self.ended, self.farewell = True, farewell
        self._waiting.clear()
        self.ring()

    def cut_off(self) -> None:
        """Drop a reader who does not read: its connection is aborted, and its cursor brings it back."""
        self.end()
        self._cut()

    def has_stalled(self, since: float) -> bool:
        """Whether one and the same chunk has been on its way since before `since`, by the loop's clock."""
        return self.sending_since is not None and self.sending_since < since

    async def next(self) -> bytes | None:
        """The next bytes to send, when there are any; None once the reader has been let go."""
        while not self.ended:
            if (chunk := self._take()) is not None:
                return chunk
            self._bell.clear()
            await self._bell.wait()
        return None

    def begin_anew(self, seq: int) -> None:
        """What waits is of no use any more: the page is to fetch itself again, and goes on after `seq`."""
        self.reach = seq
        self._waiting.clear()
        self.say(named("reset", str(seq), seq=seq))

    def _take(self) -> bytes | None:
        """Frames go out in their order; what carries no entry does not wait behind one that is not printed yet."""
        for place, item in enumerate(self._waiting):
            chunk = item if isinstance(item, bytes) else item.printed.get(self.audience) if place == 0 else None
            if chunk is not None:
                del self._waiting[place]
                return chunk
        return None

    def _queue(self, item: Frame | bytes) -> None:
        if self.ended:
            return
        if len(self._waiting) >= MOST_WAITING:
            self.cut_off()
            return
        self._waiting.append(item)
        self.ring()


class Feed:
    """A stream as this process knows it. `known`: read from the database; `sent`: offered to every reader."""

    def __init__(self, name: str, window: int = WINDOW) -> None:
        self.name = name
        self.known = NOT_READ
        self.sent = NOT_READ
        self.readers: set[Reader] = set()
        self.arriving: list[Reader] = []
        self.idle_since: float | None = None
        self.ambient: str | None = None
        self._entries: deque[Entry] = deque(maxlen=window)
        self._frames: OrderedDict[tuple[int, int], Frame] = OrderedDict()

    @property
    def has_grown(self) -> bool:
        return self.sent < self.known

    def load(self, head: int, entries: Iterable[Entry]) -> None:
        """Begin at the head, with as much unbroken history as was read."""
        self._entries.clear()
        self._frames.clear()
        for entry in entries:
            if self._entries and entry.seq != self._entries[-1].seq + 1:
                self._entries.clear()
            self._entries.append(entry)
        self.known = self.sent = head

    def grow(self, entries: Iterable[Entry]) -> None:
        """Take in what came after `known`. Raises GapInStream."""
        for entry in entries:
            if entry.seq != self.known + 1:
                raise GapInStream(f"{self.name}: {entry.seq} came after {self.known}.")
            self._entries.append(entry)
            self.known = entry.seq

    def rebase(self, head: int, entries: Iterable[Entry]) -> None:
        """The database knows less than we do: it was restored. Everybody begins anew."""
        self.load(head, entries)
        for reader in list(self.readers):
            reader.begin_anew(self.known)

    def needs_reading_for(self, cursor: int) -> bool:
        """Whether the database must be asked before a reader at this cursor can be placed."""
        return self.known == NOT_READ or cursor > self.known

    def attach(self, reader: Reader) -> Frame | None:
        """Place a reader: what it missed comes first, as one frame."""
        self.readers.add(reader)
        return self._bring_up(reader)

    def cut(self) -> set[Frame]:
        """Offer what has grown to every reader, as one frame, and one more for each page that began in its middle."""
        self.sent = self.known
        return {frame for reader in list(self.readers) if (frame := self._bring_up(reader))}

    def say(self, chunk: bytes) -> None:
        """The same bytes to every reader."""
        for reader in list(self.readers):
            reader.say(chunk)

    def _bring_up(self, reader: Reader) -> Frame | None:
        if not self.reaches(reader.reach):
            reader.begin_anew(self.known)
        if reader.reach >= self.sent:
            return None
        frame = self._frame(reader.reach + 1, self.sent)
        reader.offer(frame)
        return frame

    def reaches(self, cursor: int) -> bool:
        return self.known - len(self._entries) <= cursor <= self.known

    def _frame(self, first: int, last: int) -> Frame:
        if (first, last) not in self._frames:
            start = first - self._entries[0].seq
            self._frames[first, last] = Frame(tuple(islice(self._entries, start, start + last - first + 1)))
        self._frames.move_to_end((first, last))
        while len(self._frames) > FRAMES_KEPT:
            self._frames.popitem(last=False)
        return self._frames[first, last]
