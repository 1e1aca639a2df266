#!/usr/bin/env python3
"""Verifies an export of the Rollback Console's record: python verify.py BUNDLE.zip [--checkpoint FILE] [--key HEX]

It needs Python 3.9 or newer and nothing else: no network, no console, no package. FILE is what was pinned outside the
console: one checkpoint, or better all of them, one a line.

It exits with
  0  intact, and vouched for by a checkpoint that was held elsewhere
  1  not intact: the first bad entry, or the checkpoint that was replaced, is named
  2  there is nothing to verify: the file is no export, or cannot be read
  3  intact in itself; but nothing held elsewhere was given, and what that leaves open is said
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast

GENESIS = "0" * 64
ENTRY = b',"entry":'
PREVIOUS = b',"previous":"'
SEQ = b',"seq":'
TAIL = re.compile(rb',"seq":([0-9]{1,18}),"stream":"([^"\\]{1,60})"(?:,"v":[0-9]{1,3})?\}\Z')
AHEAD, HASH, AFTER = b'{"hash":"', slice(9, 73), b'","personal":'
PERSONAL = 73 + len(AFTER)
INTACT, TAMPERED, UNREADABLE, UNVOUCHED = range(4)


class NoExport(Exception):
    """This is not an export, or it is damaged beyond reading."""


# ── Ed25519, verification alone, as RFC 8032 §5.1.7 says it ──────────────────────────────────────────────────────────
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]  # (X, Y, Z, T) with x = X/Z, y = Y/Z, x·y = T/Z


def _add(a: Point, b: Point) -> Point:
    one, two = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    three, four = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = two - one, four - three, four + three, two + one
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number: int, point: Point) -> Point:
    found: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = _add(found, point)
        point, number = _add(point, point), number >> 1
    return found


def _same(a: Point, b: Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def _point(packed: bytes) -> Point | None:
    """The point that 32 bytes stand for; None where they stand for none (RFC 8032 §5.1.3)."""
    y = int.from_bytes(packed, "little")
    odd, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and odd):
        return None
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P


BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
BASE_Y = 46316835694926478169428394003475163141307993866256225615783033603165251855960
BASE: Point = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


@lru_cache(maxsize=256)
def signature_holds(key: str, content: bytes, signature: str) -> bool:
    """Whether the key (32 bytes in hex) has signed exactly this content."""
    try:
        public, signed = bytes.fromhex(key), bytes.fromhex(signature)
    except ValueError:
        return False
    if len(public) != 32 or len(signed) != 64:
        return False
    a, r, s = _point(public), _point(signed[:32]), int.from_bytes(signed[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signed[:32] + public + content).digest(), "little") % ORDER
    return _same(_times(s, BASE), _add(r, _times(h, a)))


# ── The tree of RFC 6962 over the heads of streams ───────────────────────────────────────────────────────────────────
def leaf(stream: str, seq: int, entry: str) -> bytes:
    return hashlib.sha256(b"\0" + f'["{stream}",{seq},"{entry}"]'.encode()).digest()


def climb(start: bytes, path: Iterable[str]) -> str:
    found = start
    for step in path:
        beside = bytes.fromhex(step[1:])
        pair = beside + found if step[0] == "l" else found + beside
        found = hashlib.sha256(b"\1" + pair).digest()
    return found.hex()


def root(leaves: list[bytes]) -> str:
    level = list(leaves)
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\1" + level[at] + level[at + 1]).digest() for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return (level[0] if level else hashlib.sha256(b"").digest()).hex()


# ── What is found ────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Findings:
    """Everything that does not hold: by stream the first bad entry, and what is wrong beside the entries."""

    entries: dict[str, tuple[int, str]] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)

    def bad(self, stream: str, seq: int, words: str) -> None:
        if stream not in self.entries or seq < self.entries[stream][0]:
            self.entries[stream] = (seq, words)

    def wrong(self, words: str) -> None:
        self.others.append(words)

    def lines(self) -> Iterator[str]:
        """The first bad entry first."""
        for stream, (seq, words) in sorted(self.entries.items()):
            yield f"NOT INTACT: entry {seq} of {stream}: {words}"
        for words in self.others:
            yield f"NOT INTACT: {words}"

    def __bool__(self) -> bool:
        return bool(self.entries or self.others)


@dataclass
class Stream:
    """How far one stream was read."""

    first: int
    seq: int
    hash: str


@dataclass
class Checkpoint:
    """One signed checkpoint: its text as it was signed, what that says, and the heads that came with it."""

    text: str
    signature: str
    heads: list[Any]
    told: dict[str, Any]
    earlier: dict[str, list[str]]  # as pinned: by stream, the hashes between two heads

    @property
    def number(self) -> int:
        return int(self.told["number"])

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def signed(self) -> bool:
        return signature_holds(str(self.told.get("key", "")), self.text.encode(), self.signature)


def checkpoint_of(line: Any) -> Checkpoint:
    """A checkpoint from a line of JSON: of the bundle, as it was pinned, or as it was posted."""
    try:
        found = json.loads(line)
        found = found.get("pinned", found)
        told, earlier = json.loads(found["text"]), found.get("entries", {})
        return Checkpoint(found["text"], found["signature"], found["heads"], told, earlier)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NoExport("a checkpoint cannot be read") from None


# ── The entries ──────────────────────────────────────────────────────────────────────────────────────────────────────
class Entries:
    """Reads entry by entry: hashes, numbers, links, clear texts, and whatever a checkpoint says of one."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.streams: dict[str, Stream] = {}
        self.count = 0
        self.redacted = 0
        self.known: dict[tuple[str, int], list[tuple[str, str]]] = {}  # by stream and number: the hash, and who says so

    def expect(self, stream: str, seq: int, entry: str, who: str) -> None:
        self.known.setdefault((stream, seq), []).append((entry, who))

    def read(self, lines: Iterable[bytes], firsts: dict[str, int]) -> str:
        """Read all lines; the digest of all their bytes, in hex."""
        whole = hashlib.sha256()
        for number, line in enumerate(lines, 1):
            whole.update(line)
            if not self._read(line):
                self.findings.wrong(f"line {number} of entries.jsonl is no entry")
        for stream, first in firsts.items():
            if stream not in self.streams:
                self.findings.bad(stream, first, "the whole stream is missing")
        return whole.hexdigest()

    def _read(self, line: bytes) -> bool:
        at = line.find(ENTRY)
        text = line[at + len(ENTRY) : -2]
        tail = TAIL.match(text, max(0, text.rfind(SEQ)))
        link = text.rfind(PREVIOUS)
        framed = line.startswith(AHEAD) and line.startswith(AFTER, 73) and line.endswith(b"}\n")
        if not framed or at < 0 or tail is None or link < 0:
            return False
        seq, stream, told = int(tail[1]), tail[2].decode(), line[HASH].decode("ascii", "replace")
        previous = text[link + len(PREVIOUS) : link + len(PREVIOUS) + 64].decode("ascii", "replace")
        self.count += 1
        self._place(stream, seq, previous)
        if hashlib.sha256(text).hexdigest() != told:
            self.findings.bad(stream, seq, "its text was changed: it is not what was hashed")
        personal = line[PERSONAL:at]
        if personal != b"null" and not self._opens(personal, text):
            self.findings.bad(stream, seq, "a personal text is not the one that the entry commits to")
        for entry, who in self.known.pop((stream, seq), ()):
            if entry != told:
                self.findings.bad(stream, seq, f"it is not the entry that {who} vouches for")
        self.streams[stream].hash = told
        return True

    def _place(self, stream: str, seq: int, previous: str) -> None:
        before = self.streams.get(stream)
        if before is None:
            self.streams[stream] = Stream(seq, seq, "")
            if seq == 1 and previous != GENESIS:
                self.findings.bad(stream, seq, "it is the first, and yet names one before it")
            return
        if seq != before.seq + 1:
            missing = f"entry {before.seq + 1} is missing" if seq > before.seq else "it stands out of its order"
            self.findings.bad(stream, min(seq, before.seq + 1), f"{missing}: {seq} comes after {before.seq}")
        elif previous != before.hash:
            self.findings.bad(stream, seq, "it does not follow the entry before it")
        before.seq = seq

    def _opens(self, personal: bytes, text: bytes) -> bool:
        """Whether each clear text is what the hashed text commits to; a redacted one says nothing, and that is fine."""
        try:
            clear = json.loads(personal)
            for made, kept in clear.items():
                if b'"sealed":"' + made.encode() + b'"' not in text:
                    return False
                if kept is None:
                    self.redacted += 1
                elif hashlib.sha256(bytes.fromhex(kept[0]) + kept[1].encode()).hexdigest() != made:
                    return False
        except (ValueError, AttributeError, TypeError, IndexError):
            return False
        return True

    def missing(self, everything: bool, ends: bool) -> None:
        """What somebody vouches for and was never read: it was cut off from the end, or the whole stream is gone.

        A period that `ends` by itself says in its manifest where.
        """
        for (stream, seq), sayings in self.known.items():
            found, who = self.streams.get(stream), sayings[0][1]
            if found is not None and ends and seq > found.seq:
                continue
            if found is not None and seq >= found.first:
                self.findings.bad(stream, min(seq, found.seq + 1), f"it is missing, and {who} vouches for entry {seq}")
            elif found is None and everything:
                self.findings.bad(stream, 1, f"the whole stream is missing, and {who} vouches for entry {seq}")


# ── The checkpoints ──────────────────────────────────────────────────────────────────────────────────────────────────
def check_chain(chain: list[Checkpoint], findings: Findings) -> None:
    """Each follows the one before; the newest of each key is signed, and with its links so is all before it."""
    for before, after in zip(chain, chain[1:]):
        if after.number != before.number + 1:
            findings.wrong(f"checkpoint {before.number + 1} is missing")
        elif after.told.get("previous") != before.hash:
            findings.wrong(f"checkpoint {before.number} was changed or replaced: the next one does not follow it")
    newest = {each.told.get("key"): each for each in chain}
    for each in newest.values():
        if not each.signed:
            findings.wrong(f"checkpoint {each.number} bears no good signature")


def expect_heads(chain: list[Checkpoint], entries: Entries) -> None:
    """What each checkpoint says of the exported streams; a head proves by its path that it was signed for."""
    for checkpoint in chain:
        for stream, seq, entry, path in checkpoint.heads:
            if climb(leaf(stream, seq, entry), path) != checkpoint.told.get("moved_root"):
                entries.findings.wrong(f"checkpoint {checkpoint.number} never told of entry {seq} of {stream}")
            entries.expect(stream, seq, entry, f"checkpoint {checkpoint.number}")


def check_outside(held: list[Checkpoint], chain: list[Checkpoint], entries: Entries) -> None:
    """What was held elsewhere decides: it must be in the bundle as it is, and so must the entries that it tells of."""
    findings, inside = entries.findings, {each.number: each for each in chain}
    newest, last = max(held, key=lambda each: each.number), max(inside, default=0)
    if not newest.signed:
        findings.wrong(f"checkpoint {newest.number}, held elsewhere, bears no good signature")
    for each in held:
        found = inside.get(each.number)
        if found is not None and found.text != each.text:
            findings.wrong(f"checkpoint {each.number} was replaced: it is not the one that was held elsewhere")
        for stream, seq, entry, *_ in each.heads:
            who = f"checkpoint {each.number}, held elsewhere,"
            for back, digest in enumerate(reversed([*each.earlier.get(stream, []), entry])):
                entries.expect(stream, seq - back, digest, who)
    if newest.number > last:
        findings.wrong(
            f"checkpoint {newest.number} is held elsewhere, but the export ends at checkpoint {last}: the end was"
            " cut off, the record was set back, or this export is older than that checkpoint"
        )


def check_root(chain: list[Checkpoint], everything: bool, findings: Findings) -> None:
    """An export of everything proves the newest root: no stream was left out."""
    if not (everything and chain and chain[0].number == 1):
        return
    heads = {stream: (seq, entry) for each in chain for stream, seq, entry, _ in each.heads}
    leaves = [leaf(stream, *heads[stream]) for stream in sorted(heads)]
    if root(leaves) != chain[-1].told.get("root"):
        findings.wrong(f"the streams are not those that checkpoint {chain[-1].number} was signed over")


# ── The bundle ───────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Verdict:
    """What came of it, and what may be said about it."""

    findings: Findings
    entries: Entries
    chain: list[Checkpoint]
    held: list[Checkpoint]
    manifest: dict[str, Any]

    @property
    def code(self) -> int:
        return TAMPERED if self.findings else INTACT if self.held else UNVOUCHED


def verify(bundle: Path, held: list[Checkpoint], key: str = "") -> Verdict:
    """Verify a bundle against what was held elsewhere; NoExport where it is none."""
    findings = Findings()
    entries = Entries(findings)
    try:
        with zipfile.ZipFile(bundle) as archive:
            content = archive.read("manifest.json")
            manifest = json.loads(content)
            with archive.open("checkpoints.jsonl") as lines:
                chain = [checkpoint_of(line) for line in lines]
            if not signature_holds(str(manifest["key"]), content, archive.read("manifest.sig").decode().strip()):
                findings.wrong("the manifest bears no good signature")
            check_chain(chain, findings)
            expect_heads(chain, entries)
            if held:
                check_outside(held, chain, entries)
            firsts = {stream: first for stream, first, _ in manifest["streams"]}
            with io.BufferedReader(cast("io.RawIOBase", archive.open("entries.jsonl")), 1 << 20) as lines:
                digest = entries.read(lines, firsts)
    except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile, EOFError) as fault:
        raise NoExport(f"{type(fault).__name__}: {fault}") from None
    everything = manifest.get("of") == "everything"
    entries.missing(everything, ends=bool(manifest.get("until")))
    _check_manifest(manifest, entries, digest, key)
    check_root(chain, everything, findings)
    return Verdict(findings, entries, chain, held, manifest)


def _check_manifest(manifest: dict[str, Any], entries: Entries, digest: str, key: str) -> None:
    findings = entries.findings
    if key and key.lower() != manifest["key"]:
        findings.wrong(f"it is signed by the key {manifest['key']}, not by the one given")
    for stream, first, last in manifest["streams"]:
        found = entries.streams.get(stream)
        if found is not None and (found.first != first or found.seq != last):
            seq = first if found.first > first else min(last, found.seq) + 1
            findings.bad(stream, seq, f"the manifest names entries {first} to {last}, not {found.first} to {found.seq}")
    for stream in sorted(entries.streams.keys() - {stream for stream, _, _ in manifest["streams"]}):
        findings.bad(stream, entries.streams[stream].first, "the manifest does not know this stream")
    if not findings and digest != manifest["entries_sha256"]:
        findings.wrong("entries.jsonl is not the file that the manifest describes")


def said(verdict: Verdict) -> Iterator[str]:
    """The verdict in plain words."""
    entries, chain = verdict.entries, verdict.chain
    yield from verdict.findings.lines()
    if verdict.findings:
        return
    yield f"Intact: {entries.count} entries of {len(entries.streams)} streams, {len(chain)} checkpoints."
    if entries.redacted:
        yield f"{entries.redacted} personal texts were redacted; the entries are what they were."
    if verdict.manifest.get("until"):
        yield f"It ends at {verdict.manifest['until']}, as its manifest says; what came later is not in it."
    late = sorted(stream for stream, found in entries.streams.items() if found.first > 1)
    if late:
        yield f"{len(late)} streams begin later than at their first entry, since the export is of a period."
    yield f"Signed by the key {verdict.manifest['key']}: compare it with the one that was published."
    if verdict.held:
        newest = max(verdict.held, key=lambda each: each.number)
        yield f"Vouched for by checkpoint {newest.number}, held elsewhere, of {newest.told.get('at', '')}."
        if after := _written_after(verdict, newest.number):
            yield f"{after} entries were written after it: the console's own signature alone vouches for them."
        return
    yield "NOT VOUCHED FOR by anything held elsewhere (--checkpoint FILE was not given). So this cannot tell whether"
    yield "  - entries were cut off from the end, or the whole record was set back to an older state;"
    yield "  - whoever held the signing key and the database has rewritten everything."


def _written_after(verdict: Verdict, number: int) -> int:
    vouched = {stream: seq for each in verdict.chain if each.number <= number for stream, seq, *_ in each.heads}
    return sum(found.seq - vouched.get(stream, found.first - 1) for stream, found in verdict.entries.streams.items())


def held_in(file: BinaryIO) -> list[Checkpoint]:
    """The checkpoints of a file held elsewhere; a line that a crash cut off is passed over, unless it is the only."""
    found, unread = [], 0
    for line in file:
        if line.strip():
            try:
                found.append(checkpoint_of(line))
            except NoExport:
                unread += 1
    if not found:
        raise NoExport(f"no checkpoint in the file held elsewhere ({unread} lines that are none)")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Verify, say it, and give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--checkpoint", type=Path, help="what was pinned outside the console")
    parser.add_argument("--key", default="", help="the public key as it was published, in hex")
    asked = parser.parse_args(arguments)
    try:
        held = []
        if asked.checkpoint:
            with asked.checkpoint.open("rb") as file:
                held = held_in(file)
        verdict = verify(asked.bundle, held, asked.key)
    except (NoExport, OSError) as fault:
        print(f"NOTHING TO VERIFY: {fault}")
        return UNREADABLE
    for line in said(verdict):
        print(line)
    return verdict.code


if __name__ == "__main__":
    sys.exit(main())
