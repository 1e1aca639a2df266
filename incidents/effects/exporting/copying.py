"""The record as a stream of the stored bytes: COPY in portions, each line verified as it passes, in constant memory.

It knows neither Django nor the console, so that it can be measured for itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, NamedTuple, Protocol

PORTION: Final = 20_000
HEADER: Final = b"PGCOPY\n\xff\r\n\0"
HEADER_LENGTH: Final = 19
TRAILER: Final = b"\xff\xff"
ROW_HEAD: Final = 6
"""Of a row of COPY's binary form: two bytes for the number of columns, four for the column's length."""
HASH_AT: Final = slice(9, 73)
ENTRY: Final = b',"entry":'
ENTRY_LENGTH: Final = len(ENTRY)
PREVIOUS: Final = b',"previous":"'
PREVIOUS_LENGTH: Final = len(PREVIOUS)
SEQ: Final = b',"seq":'

# Text format would double every backslash of the JSON, CSV every quotation mark; binary gives the bytes as they are.
COPY: Final = """
    COPY (
        SELECT '{"hash":"' || found.hash || '","personal":' || found.clear || ',"entry":' || found.text || '}'
        FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS wanted(stream, first, last)
        CROSS JOIN LATERAL (
            SELECT entry.hash, entry.text, COALESCE(personal.clear::text, 'null') AS clear
            FROM incidents_ledgerentry AS entry
            LEFT JOIN incidents_ledgerpersonal AS personal ON personal.entry_id = entry.id
            WHERE entry.stream_id = wanted.stream AND entry.seq BETWEEN wanted.first AND wanted.last
            ORDER BY entry.seq
        ) AS found
    ) TO STDOUT (FORMAT binary)
"""


class Range(NamedTuple):
    """Some of a stream, without a gap: from its entry `first` to its entry `last`."""

    stream: str
    first: int
    last: int


class Cursor(Protocol):
    """As much of psycopg's cursor as is needed."""

    def copy(self, statement: str, params: Sequence[Any]) -> Any: ...


@dataclass(slots=True)
class Passing:
    """What passes by is compared with what must come next: number, link and hash; the first fault is kept."""

    stream: str = ""
    seq: int = 0
    hash: bytes = b""
    tail: bytes = b""
    rows: int = 0
    bad: list[tuple[str, int]] = field(default_factory=list)

    def begin(self, stream: str, first: int) -> None:
        """A stream begins, or goes on."""
        if stream != self.stream:
            self.stream, self.hash, self.tail = stream, b"", b'%b%%d,"stream":"%b"' % (SEQ, stream.encode())
        self.seq = first

    def check(self, line: bytes) -> None:
        """One line, which should be the next entry of the stream."""
        text = line[line.index(ENTRY) + ENTRY_LENGTH : -1]
        told = line[HASH_AT]
        at = text.rfind(SEQ)
        in_place = text.startswith(self.tail % self.seq, at)
        linked = not self.hash or text.startswith(self.hash, text.rfind(PREVIOUS, 0, at) + PREVIOUS_LENGTH)
        if not (in_place and linked and sha256(text).hexdigest().encode() == told):
            self.bad.append((self.stream, self.seq))
        self.hash = told
        self.seq += 1
        self.rows += 1


def portions(ranges: Sequence[Range], most: int = PORTION) -> Iterator[list[Range]]:
    """The ranges in order, cut and gathered so that each portion has at most so many entries."""
    gathered: list[Range] = []
    room = most
    for wanted in ranges:
        first = wanted.first
        while first <= wanted.last:
            last = min(wanted.last, first + room - 1)
            gathered.append(Range(wanted.stream, first, last))
            room, first = room - (last - first + 1), last + 1
            if not room:
                yield gathered
                gathered, room = [], most
    if gathered:
        yield gathered


def lines_of(cursor: Cursor, portion: Sequence[Range], passing: Passing) -> Iterator[bytes]:
    """The entries of one portion as lines of JSON, without their ends."""
    columns = [list(column) for column in zip(*portion, strict=True)]
    with cursor.copy(COPY, columns) as copy:
        expected = iter(_expected(portion))
        for block in copy:
            row = _row(bytes(block))
            if row:
                stream, seq = next(expected, ("", 0))
                if (stream, seq) != (passing.stream, passing.seq):
                    passing.begin(stream, seq)
                passing.check(row)
                yield row
    for stream, seq in expected:
        passing.bad.append((stream, seq))
        break


def _expected(portion: Sequence[Range]) -> Iterator[tuple[str, int]]:
    for wanted in portion:
        for seq in range(wanted.first, wanted.last + 1):
            yield wanted.stream, seq


def _row(block: bytes) -> bytes:
    """The single column of a row; nothing for what stands before the first and after the last."""
    if block.startswith(HEADER):
        block = block[HEADER_LENGTH:]
    return b"" if block in (b"", TRAILER) else block[ROW_HEAD:]
