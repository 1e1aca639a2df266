"""What came of trying the outside before it is needed: a row a check, an entry where its verdict has changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from incidents import dispatch
from incidents.models.ledger import LedgerEntry, LedgerStream
from incidents.models.readiness import Rehearsal
from incidents.procedure.refusals import Refusal
from incidents.queries.duty import NotPermitted
from incidents.queries.readiness import may_rehearse
from incidents.services.recording import record_in

SWEEP, HEARTBEAT = "console.sweep", "console.heartbeat"
"""Signs of life: tried all the time, not when a rehearsal is due."""
STREAM, ASKED = "catalogue", "rehearsal.asked"
AGAIN_AFTER = timedelta(minutes=1)
MENDED_WITHIN = timedelta(hours=1)


class TriedJustNow(Refusal):
    """Everything is being tried, or was a moment ago: the outside limits how often it may be asked."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One check as it went."""

    name: str
    title: str
    rule: str
    verdict: str
    words: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def ask_rehearsal(*, actor: User, now: datetime) -> None:
    """Have everything tried at once; whoever asks within a minute of another is told who that was."""
    if not may_rehearse(actor):
        raise NotPermitted("E3", "An administrator, or an engineer of a service, has everything tried.")
    LedgerStream.objects.get_or_create(name=STREAM)
    LedgerStream.objects.select_for_update().get(name=STREAM)
    last = _last_asked()
    if last and now - last.at < AGAIN_AFTER:
        words = f"{last.who} has had everything tried at {last.at:%H:%M:%S} UTC. Again a minute later."
        raise TriedJustNow("E3", words)
    record_in(STREAM, ASKED, at=now, actor=actor)
    dispatch.rehearse()


def _last_asked() -> LedgerEntry | None:
    return LedgerEntry.objects.filter(stream_id=STREAM, kind=ASKED).order_by("-seq").first()


def time_to_try(last: "LastTry | None", *, every: timedelta, now: datetime) -> bool:
    """Never tried, asked for since, or its time has come again: what was missing is looked at sooner."""
    if last is None or (last.asked_at and last.at <= last.asked_at):
        return True
    wait = every if last.verdict in (Rehearsal.Verdict.READY, Rehearsal.Verdict.WARNING) else min(every, MENDED_WITHIN)
    return last.at <= now - wait


@dataclass(frozen=True, slots=True)
class LastTry:
    """When a check was last tried and how it went, and when everything was last asked for."""

    at: datetime
    verdict: str
    asked_at: datetime | None


def moments_tried() -> dict[str, LastTry]:
    """The last try of each check that was ever tried."""
    asked = _last_asked()
    tried = Rehearsal.objects.filter(tried_at__isnull=False).values_list("check_name", "tried_at", "verdict")
    return {name: LastTry(at, verdict, asked.at if asked else None) for name, at, verdict in tried if at}


@transaction.atomic
def note_writing(*, check_name: str, words: str, now: datetime) -> None:
    """A rehearsal is about to write in the world: recorded before it does."""
    record_in(STREAM, "rehearsal.writes", at=now, check=check_name, words=words)


@transaction.atomic
def settle_rehearsal(*, tried: Tried, now: datetime) -> Rehearsal:
    """Keep how a check went; only another verdict than before is news for the record."""
    before = Rehearsal.objects.select_for_update().filter(check_name=tried.name).values_list("verdict", flat=True)
    was = before.first() or Rehearsal.Verdict.UNKNOWN
    row, _ = Rehearsal.objects.update_or_create(
        check_name=tried.name,
        defaults={
            "title": tried.title, "rule": tried.rule, "verdict": tried.verdict, "words": tried.words,
            "facts": dict(tried.facts), "tried_at": now,
        },
    )  # fmt: skip
    if was != tried.verdict:
        record_in(
            STREAM, "rehearsal.changed", at=now, rule=tried.rule, check=tried.name, was=was, verdict=tried.verdict,
            words=tried.words,
        )  # fmt: skip
    return row


def follow_catalogue(checks: Mapping[str, tuple[str, str]]) -> None:
    """A row for each check by its name, with title and rule, not tried yet; what there is no longer is forgotten."""
    Rehearsal.objects.exclude(check_name__in=[*checks, SWEEP, HEARTBEAT]).delete()
    rows = [Rehearsal(check_name=name, title=title, rule=rule) for name, (title, rule) in checks.items()]
    Rehearsal.objects.bulk_create(rows, ignore_conflicts=True)
