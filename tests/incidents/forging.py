"""A forger's hands: a record with its checkpoints and pins, and every way to tamper with it that is worth a test."""

import hashlib
import json
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction

from incidents.effects.exporting import making
from incidents.effects.exporting.verify import Verdict, checkpoint_of, verify
from incidents.models import Checkpoint, Export, LedgerEntry, merkle
from incidents.models.ledger import GENESIS, append_entry, canonical, digest
from incidents.services.checkpointing import make_checkpoint
from incidents.services.exporting import ask_export
from incidents.services.pinning import pin_line
from incidents.services.signing import sign

SET_TEXT = "UPDATE incidents_ledgerentry SET text = %s, hash = %s WHERE id = %s"
SET_HEAD = "UPDATE incidents_ledgerstream SET seq = %s, head = %s WHERE name = %s"
TABLES = ("ledgerentry", "ledgerstream", "ledgerpersonal", "checkpoint", "checkpointhead")
STREAMS = ("access", "catalogue", "procedure")


def write(count: int, *, actor: User, now: datetime, seed: int = 1) -> None:
    """Entries by a person, spread over the streams, a few a transaction."""
    chance = random.Random(seed)
    for number in range(count):
        with transaction.atomic():
            stream, facts = chance.choice(STREAMS), {"number": number, "reason": f"because of {number} \\ “so”"}
            append_entry(stream=stream, kind="noted", at=now + timedelta(seconds=number), actor=actor, data=facts)


def pinned() -> list[str]:
    """Everything that was pinned outside, a line each."""
    return [pin_line(each) for each in Checkpoint.objects.order_by("number")]


def as_owner(*statements: tuple[str, list[Any]]) -> None:
    """Direct SQL by the database's owner, who disables the triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE incidents_{table} DISABLE TRIGGER USER")
        for statement, values in statements:
            cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE incidents_{table} ENABLE TRIGGER USER")


def rehash(stream: str, since: int) -> None:
    """Give every entry from there on the link and the hash that it would have: the chain holds again."""
    entries = list(LedgerEntry.objects.filter(stream_id=stream).order_by("seq"))
    previous, changes = GENESIS, []
    for entry in entries:
        if entry.seq >= since:
            told = json.loads(entry.text) | {"previous": previous, "seq": entry.seq}
            entry.text = canonical(told)
            entry.hash = digest(entry.text)
            changes.append((SET_TEXT, [entry.text, entry.hash, entry.pk]))
        previous = entry.hash
    as_owner(*changes, (SET_HEAD, [entries[-1].seq, previous, stream]))


def exported(auditor: User, now: datetime, **what: Any) -> Path:
    """The bundle, made as a worker makes it."""
    export = ask_export(form="bundle", actor=auditor, now=now, **what)
    making.make_export(export.pk)
    made = Export.objects.get(pk=export.pk)
    assert made.state == "ready", made.words
    return made.path


def judged(bundle: Path, held: list[str]) -> Verdict:
    """What the verifier says, given what is held elsewhere."""
    return verify(bundle, [checkpoint_of(line) for line in held])


@dataclass
class Forgery:
    """An exported bundle in a forger's hands, who may have the signing key as well."""

    files: dict[str, bytes]
    lines: list[bytes] = field(init=False)
    chance: random.Random = field(default_factory=lambda: random.Random(0))

    def __post_init__(self) -> None:
        self.lines = self.files["entries.jsonl"].splitlines()

    @classmethod
    def of(cls, bundle: Path, seed: int) -> "Forgery":
        with zipfile.ZipFile(bundle) as archive:
            found = cls({name: archive.read(name) for name in archive.namelist()})
        found.chance = random.Random(seed)
        return found

    def write(self, path: Path) -> Path:
        """The bundle as it is now."""
        self.files["entries.jsonl"] = b"".join(line + b"\n" for line in self.lines)
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in self.files.items():
                archive.writestr(name, content)
        return path

    def told(self, index: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.lines[index])["entry"]
        return found

    def put(self, index: int, told: dict[str, Any], personal: Any) -> str:
        """A forged entry with the hash that it would have."""
        text = canonical(told)
        kept = json.dumps(personal, ensure_ascii=False)
        self.lines[index] = f'{{"hash":"{digest(text)}","personal":{kept},"entry":{text}}}'.encode()
        return digest(text)

    def indices(self, stream: str) -> list[int]:
        return [index for index in range(len(self.lines)) if self.told(index)["stream"] == stream]

    def relink(self, stream: str, previous: str = GENESIS) -> None:
        """Make the chain of a stream hold again, from its beginning."""
        for seq, index in enumerate(self.indices(stream), 1):
            told, personal = self.told(index), json.loads(self.lines[index])["personal"]
            previous = self.put(index, told | {"seq": seq, "previous": previous}, personal)

    def sign_anew(self) -> None:
        """Rewrite all checkpoints over what is there now, and sign them and the manifest with the stolen key."""
        hashes = {
            (self.told(i)["stream"], self.told(i)["seq"]): json.loads(self.lines[i])["hash"]
            for i in range(len(self.lines))
        }
        chain, previous = [], GENESIS
        known: dict[str, tuple[int, str]] = {}
        for line in self.files["checkpoints.jsonl"].splitlines():
            before = json.loads(line)
            heads = [(s, seq, hashes[s, seq]) for s, seq, _, _ in before["heads"] if (s, seq) in hashes]
            known |= {s: (seq, entry) for s, seq, entry in heads}
            leaves = [merkle.leaf(*head) for head in heads]
            everything = [merkle.leaf(s, *known[s]) for s in sorted(known)]
            told = json.loads(before["text"]) | {
                "previous": previous, "moved_root": merkle.root(leaves), "root": merkle.root(everything)
            }  # fmt: skip
            text = canonical(told)
            previous = digest(text)
            proved = [[*head, merkle.path(leaves, index)] for index, head in enumerate(heads)]
            chain.append(canonical({"text": text, "signature": sign(text.encode()), "heads": proved}))
        self.files["checkpoints.jsonl"] = "".join(f"{line}\n" for line in chain).encode()
        self.sign_manifest()

    def sign_manifest(self) -> None:
        """The manifest over what is there now, signed with the stolen key."""
        content = b"".join(line + b"\n" for line in self.lines)
        streams: dict[str, list[int]] = {}
        for index in range(len(self.lines)):
            streams.setdefault(self.told(index)["stream"], []).append(self.told(index)["seq"])
        manifest = json.loads(self.files["manifest.json"]) | {
            "entries_sha256": hashlib.sha256(content).hexdigest(),
            "streams": [[stream, min(seqs), max(seqs)] for stream, seqs in sorted(streams.items())],
        }
        self.files["manifest.json"] = canonical(manifest).encode()
        self.files["manifest.sig"] = sign(self.files["manifest.json"]).encode()


Named = tuple[str, int]
Tampering = Callable[[Forgery], Named]


def _any(forgery: Forgery, *, least: int = 1, spare: int = 0) -> tuple[int, str, int]:
    """Some entry: its index, its stream and its number."""
    places = [(told["stream"], told["seq"]) for told in map(forgery.told, range(len(forgery.lines)))]
    last = dict(places)
    fit = [index for index, (stream, seq) in enumerate(places) if least <= seq <= last[stream] - spare]
    index = forgery.chance.choice(fit)
    return index, *places[index]


def change(forgery: Forgery) -> Named:
    index, stream, seq = _any(forgery)
    forgery.lines[index] = forgery.lines[index].replace(b'"clock":"database"', b'"clock":"sundial"')
    return stream, seq


def change_a_byte(forgery: Forgery) -> Named:
    """Any byte of what was hashed, but for the braces and numbers by which an entry is told from noise."""
    index, stream, seq = _any(forgery)
    line = bytearray(forgery.lines[index])
    begin = line.index(b'"application":"') + len(b'"application":"')
    at = forgery.chance.randrange(begin, line.index(b'"', begin))
    line[at] = ord("x") if line[at] != ord("x") else ord("y")
    forgery.lines[index] = bytes(line)
    return stream, seq


def change_a_clear_text(forgery: Forgery) -> Named:
    index, stream, seq = _any(forgery)
    personal = json.loads(forgery.lines[index])["personal"]
    made = forgery.chance.choice(sorted(personal))
    forged = json.dumps(personal | {made: [personal[made][0], "somebody else"]}).encode()
    ahead, behind = forgery.lines[index][:85], forgery.lines[index].partition(b',"entry":')[2]
    forgery.lines[index] = ahead + forged + b',"entry":' + behind
    return stream, seq


def change_a_hash(forgery: Forgery) -> Named:
    index, stream, seq = _any(forgery)
    forgery.lines[index] = forgery.lines[index][:9] + b"0" * 64 + forgery.lines[index][73:]
    return stream, seq


def remove(forgery: Forgery) -> Named:
    index, stream, seq = _any(forgery)
    del forgery.lines[index]
    return stream, seq


def reorder(forgery: Forgery) -> Named:
    index, stream, seq = _any(forgery, spare=1)
    forgery.lines[index], forgery.lines[index + 1] = forgery.lines[index + 1], forgery.lines[index]
    return stream, seq


def insert(forgery: Forgery) -> Named:
    index, stream, seq = _any(forgery, least=2)
    told = forgery.told(index) | {"kind": "forged"}
    forgery.lines.insert(index, b"")
    forgery.put(index, told, None)
    return stream, seq


def cut_off(forgery: Forgery) -> Named:
    _, stream, seq = _any(forgery)
    gone = forgery.indices(stream)[seq - 1 :]
    forgery.lines = [line for index, line in enumerate(forgery.lines) if index not in gone]
    return stream, seq


def rewrite(forgery: Forgery) -> Named:
    """One entry changed, and the chain made to hold again; without the key."""
    index, stream, seq = _any(forgery)
    forgery.put(index, forgery.told(index) | {"kind": "other"}, json.loads(forgery.lines[index])["personal"])
    forgery.relink(stream)
    return stream, seq


def rewrite_with_the_key(forgery: Forgery) -> Named:
    """One entry changed, and everything made to hold again, with the stolen signing key."""
    found = rewrite(forgery)
    forgery.sign_anew()
    return found


def remove_with_the_key(forgery: Forgery) -> Named:
    """One entry taken out without a trace, the later ones moved up, all signed anew."""
    index, stream, seq = _any(forgery, spare=1)
    del forgery.lines[index]
    forgery.relink(stream)
    forgery.sign_anew()
    return stream, seq


def set_back_with_the_key(forgery: Forgery) -> Named:
    """The stream's end cut off, all signed anew over what is left."""
    _, stream, seq = _any(forgery, least=2)
    gone = forgery.indices(stream)[seq - 1 :]
    forgery.lines = [line for index, line in enumerate(forgery.lines) if index not in gone]
    forgery.sign_anew()
    return stream, seq


TAMPERINGS: tuple[Tampering, ...] = (
    change, change_a_byte, change_a_clear_text, change_a_hash, remove, reorder, insert, cut_off, rewrite,
    rewrite_with_the_key, remove_with_the_key, set_back_with_the_key,
)  # fmt: skip
WITH_THE_KEY = (rewrite_with_the_key, remove_with_the_key, set_back_with_the_key)


def checkpoint_after(count: int, *, actor: User, now: datetime, seed: int) -> None:
    write(count, actor=actor, now=now, seed=seed)
    make_checkpoint(now=now)
