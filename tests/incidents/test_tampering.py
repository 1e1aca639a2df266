"""Whoever tampers with the record is found, the first bad entry named: the owner, even with the stolen key."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from incidents.effects.exporting import verify as verifier
from incidents.models import Checkpoint, LedgerEntry, LedgerStream
from incidents.models.ledger import canonical, digest
from incidents.services.checkpointing import make_checkpoint
from incidents.services.signing import sign
from tests.incidents.forging import (
    SET_HEAD,
    TAMPERINGS,
    WITH_THE_KEY,
    Forgery,
    Tampering,
    as_owner,
    checkpoint_after,
    exported,
    judged,
    pinned,
    rehash,
)

pytestmark = pytest.mark.django_db
RANDOM = 1_000


@pytest.fixture(autouse=True)
def _folder(settings: Settings, tmp_path: Path) -> None:
    settings.EXPORT_FOLDER = str(tmp_path / "exports")


@pytest.fixture
def record(engineer: User, now: datetime) -> list[str]:
    """A record with a few checkpoints, all of them pinned outside."""
    for number in range(5):
        checkpoint_after(9, actor=engineer, now=now + timedelta(minutes=number), seed=number)
    return pinned()


@pytest.fixture
def later(now: datetime) -> datetime:
    return now + timedelta(hours=1)


def first_named(verdict: verifier.Verdict) -> list[tuple[str, int]]:
    return [(stream, seq) for stream, (seq, _) in sorted(verdict.findings.entries.items())]


def test_an_untouched_export_is_intact_and_vouched_for(record: list[str], auditor: User, later: datetime) -> None:
    verdict = judged(exported(auditor, later), record)
    assert list(verdict.findings.lines()) == []
    assert verdict.code == verifier.INTACT
    assert verdict.entries.count == 46


@pytest.mark.parametrize("held", [1, 3, 5])
def test_any_earlier_checkpoint_vouches_for_an_untouched_export(
    record: list[str], auditor: User, later: datetime, held: int
) -> None:
    assert judged(exported(auditor, later), record[held - 1 : held]).code == verifier.INTACT


def test_without_a_checkpoint_from_elsewhere_it_says_what_it_cannot_vouch_for(
    record: list[str], auditor: User, later: datetime
) -> None:
    verdict = judged(exported(auditor, later), [])
    said = "\n".join(verifier.said(verdict))
    assert verdict.code == verifier.UNVOUCHED
    assert "cut off from the end" in said
    assert "rewritten everything" in said


ENTRIES = "incidents_ledgerentry"
NTH = f"SELECT id FROM {ENTRIES} WHERE stream_id = 'access' AND seq = {{}}"
THIRD, FOURTH, ASIDE = NTH.format(3), NTH.format(4), NTH.format(1000)
CHANGE = f"UPDATE {ENTRIES} SET text = replace(text, 'noted', 'other') WHERE id = ({THIRD})"
COPY = f"""
    INSERT INTO {ENTRIES} (stream_id, seq, at, kind, rule, actor_name, text, hash)
    SELECT stream_id, 4, at, kind, rule, '', text, hash FROM {ENTRIES} WHERE id = ({THIRD})
"""
RENAME = f"""
    UPDATE incidents_ledgerpersonal SET clear = replace(clear::text, 'because', 'though')::jsonb
    WHERE entry_id = ({THIRD})
"""
CUT_OFF = (
    f"""
    DELETE FROM incidents_ledgerpersonal USING {ENTRIES} entry
    WHERE entry.id = entry_id AND entry.stream_id = %s AND entry.seq > %s
    """,
    f"DELETE FROM {ENTRIES} WHERE stream_id = %s AND seq > %s",
)
BY_SQL: dict[str, tuple[list[str], int]] = {
    "changed": ([CHANGE], 3),
    "removed": (
        [
            f"DELETE FROM incidents_ledgerpersonal WHERE entry_id = ({THIRD})",
            f"DELETE FROM {ENTRIES} WHERE id = ({THIRD})",
        ],
        3,
    ),
    "reordered": (
        [
            f"UPDATE {ENTRIES} SET seq = 1000 WHERE id = ({THIRD})",
            f"UPDATE {ENTRIES} SET seq = 3 WHERE id = ({FOURTH})",
            f"UPDATE {ENTRIES} SET seq = 4 WHERE id = ({ASIDE})",
        ],
        3,
    ),
    "inserted, a copy": (
        [
            f"UPDATE {ENTRIES} SET seq = -seq WHERE stream_id = 'access' AND seq > 3",
            f"UPDATE {ENTRIES} SET seq = 1 - seq WHERE stream_id = 'access' AND seq < 0",
            COPY,
            "UPDATE incidents_ledgerstream SET seq = seq + 1 WHERE name = 'access'",
        ],
        3,
    ),
    "cut off": ([statement.replace("%s", "'access'", 1).replace("%s", "4") for statement in CUT_OFF], 5),
    "a clear text changed": ([RENAME], 3),
}


@pytest.mark.parametrize("how", sorted(BY_SQL))
def test_direct_sql_by_the_owner_is_found_and_the_first_bad_entry_named(
    record: list[str], auditor: User, later: datetime, how: str
) -> None:
    statements, first = BY_SQL[how]
    # As CHECK constraints hold the numbers above nought, the owner lifts them as well.
    lift = ("ALTER TABLE incidents_ledgerentry DROP CONSTRAINT a_stream_begins_at_one", [])
    as_owner(lift, *[(statement, []) for statement in statements])
    verdict = judged(exported(auditor, later), record)
    assert verdict.code == verifier.TAMPERED
    assert first_named(verdict) == [("access", first)]


def state_of(stream: str) -> list[LedgerEntry]:
    return list(LedgerEntry.objects.filter(stream_id=stream).order_by("seq"))


def test_a_stream_set_back_to_an_older_state_is_found(record: list[str], auditor: User, later: datetime) -> None:
    older = state_of("access")[4]
    as_owner(
        *[(statement, []) for statement in BY_SQL["cut off"][0]],
        ("UPDATE incidents_ledgerstream SET seq = 4, head = %s WHERE name = 'access'", [state_of("access")[3].hash]),
    )
    verdict = judged(exported(auditor, later), record)
    assert older.seq == 5
    assert verdict.code == verifier.TAMPERED
    assert ("access", 5) in first_named(verdict)


def forget_checkpoints() -> None:
    as_owner(("DELETE FROM incidents_checkpointhead", []), ("DELETE FROM incidents_checkpoint", []))


def rewritten_with_the_key(now: datetime) -> None:
    """An entry is changed, the whole chain hashed and everything signed anew: inside, nothing is wrong."""
    as_owner((CHANGE, []))
    rehash("access", 3)
    as_owner(("UPDATE incidents_ledgerentry SET kind = 'other' WHERE stream_id = 'access' AND seq = 3", []))
    forget_checkpoints()
    make_checkpoint(now=now)


def test_a_record_rewritten_whole_with_the_stolen_key_is_found_by_what_was_pinned(
    record: list[str], auditor: User, later: datetime
) -> None:
    rewritten_with_the_key(later)
    verdict = judged(exported(auditor, later), record)
    assert verdict.code == verifier.TAMPERED
    assert ("access", 3) in first_named(verdict)


def test_the_last_pinned_checkpoint_alone_finds_it_and_none_at_all_says_that_it_could_not(
    record: list[str], auditor: User, later: datetime
) -> None:
    rewritten_with_the_key(later)
    bundle = exported(auditor, later)
    assert judged(bundle, record[-1:]).code == verifier.TAMPERED
    assert judged(bundle, []).code == verifier.UNVOUCHED


def test_a_replaced_checkpoint_is_found_even_if_signed_by_the_stolen_key(
    record: list[str], auditor: User, later: datetime
) -> None:
    told = json.loads(Checkpoint.objects.get(number=2).text) | {"application": "another"}
    text = canonical(told)
    as_owner(
        ("UPDATE incidents_checkpoint SET text = %s, hash = %s, signature = %s WHERE number = 2",
         [text, digest(text), sign(text.encode())]),
    )  # fmt: skip
    verdict = judged(exported(auditor, later), record)
    assert verdict.code == verifier.TAMPERED
    assert any("checkpoint 2 was" in words for words in verdict.findings.others)


def test_a_record_set_back_whole_with_its_checkpoints_is_found_by_the_newest_one_outside(
    record: list[str], auditor: User, later: datetime
) -> None:
    as_owner(
        ("DELETE FROM incidents_checkpointhead WHERE checkpoint_id > 2", []),
        ("DELETE FROM incidents_checkpoint WHERE number > 2", []),
    )
    for stream in LedgerStream.objects.all():
        told = [json.loads(line)["heads"] for line in record[:2]]
        seq, entry = [(seq, entry) for heads in told for name, seq, entry in heads if name == stream.name][-1]
        cut = [(statement, [stream.name, seq]) for statement in CUT_OFF]
        as_owner(*cut, (SET_HEAD, [seq, entry, stream.name]))
    verdict = judged(exported(auditor, later), record)
    assert verdict.code == verifier.TAMPERED
    assert judged(exported(auditor, later), []).code == verifier.UNVOUCHED


def test_a_thousand_random_tamperings_are_all_found_and_the_first_bad_entry_is_named(
    record: list[str], auditor: User, later: datetime, tmp_path: Path
) -> None:
    bundle = exported(auditor, later)
    make_checkpoint(now=later)
    held, forged = pinned(), tmp_path / "forged.zip"
    missed = [
        (number, tampering.__name__, named, first_named(verdict))
        for number in range(RANDOM)
        for tampering in [TAMPERINGS[number % len(TAMPERINGS)]]
        for verdict, named in [_tampered(bundle, held[:-1], forged, tampering, number)]
        if verdict.code != verifier.TAMPERED or named not in first_named(verdict)
    ]
    assert missed == []


def _tampered(
    bundle: Path, held: list[str], forged: Path, tampering: Tampering, seed: int
) -> tuple[verifier.Verdict, tuple[str, int]]:
    forgery = Forgery.of(bundle, seed)
    named = tampering(forgery)
    return judged(forgery.write(forged), held), named


@pytest.mark.parametrize("tampering", WITH_THE_KEY, ids=lambda each: each.__name__)
def test_what_the_stolen_key_signs_holds_in_itself_and_only_the_outside_finds_it(
    record: list[str], auditor: User, later: datetime, tmp_path: Path, tampering: Callable[[Forgery], tuple[str, int]]
) -> None:
    bundle, forged = exported(auditor, later), tmp_path / "forged.zip"
    assert _tampered(bundle, [], forged, tampering, 1)[0].code == verifier.UNVOUCHED
    assert _tampered(bundle, record, forged, tampering, 1)[0].code == verifier.TAMPERED


def test_the_verifier_runs_by_itself_from_the_bundle_with_nothing_installed(
    record: list[str], auditor: User, later: datetime, tmp_path: Path
) -> None:
    bundle, held = exported(auditor, later), tmp_path / "held.jsonl"
    held.write_text("\n".join([*record, '{"te']))
    with zipfile.ZipFile(bundle) as archive:
        archive.extract("verify.py", tmp_path)
    alone = [sys.executable, "-I", "-S", str(tmp_path / "verify.py")]
    ended = subprocess.run(
        [*alone, str(bundle), "--checkpoint", str(held)], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Vouched for by checkpoint 5" in ended.stdout
    assert subprocess.run([*alone, str(bundle)], capture_output=True, check=False).returncode == verifier.UNVOUCHED
    assert subprocess.run([*alone, str(held)], capture_output=True, check=False).returncode == verifier.UNREADABLE
