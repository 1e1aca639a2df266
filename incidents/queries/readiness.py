"""The readiness page: the verdict first, then what is missing and how to mend it, then all that is known to work."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User

from incidents.models.ledger import LedgerEntry
from incidents.models.readiness import Rehearsal
from incidents.queries.duty import services_for
from incidents.queries.shapes.parts import Badge, Tone
from incidents.queries.shapes.readiness import ReadinessCheck, ReadinessGroup, ReadinessPage

Verdict = Rehearsal.Verdict
GROUPS: Final[Mapping[str, str]] = {
    "code_host": "GitHub",
    "metrics": "Metrics",
    "chat": "Channel",
    "flags": "Feature flags",
    "drains": "Traffic",
    "pager": "Paging",
    "status_page": "Status page",
    "secrets": "Secrets",
    "mail": "Mail",
    "people": "People",
    "record": "The record",
    "console": "The console itself",
}
BADGES: Final[Mapping[str, Badge]] = {
    Verdict.READY: Badge("works", "ok", "circle-check"),
    Verdict.WARNING: Badge("with a caveat", "warn", "triangle-alert"),
    Verdict.MISSING: Badge("missing", "danger", "circle-x"),
    Verdict.UNKNOWN: Badge("not known", "wait", "circle-question-mark"),
}
WANTING: Final = (Verdict.MISSING, Verdict.UNKNOWN)
WORST_FIRST: Final = (Verdict.MISSING, Verdict.UNKNOWN, Verdict.WARNING, Verdict.READY)
STALE_AFTER: Final = timedelta(hours=26)
PEOPLE_STALE_AFTER: Final = timedelta(minutes=15)
LIFE_STALE_AFTER: Final = timedelta(minutes=5)
UNDER_WAY: Final = timedelta(minutes=2)
NUMBERS: Final = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def may_rehearse(person: User) -> bool:
    """Administrators, and engineers of any service."""
    administers = person.is_active and person.groups.filter(name="administrator").exists()
    return administers or services_for(person, "respond_service").exists()


def readiness_page(person: User, now: datetime, *, health: Iterable[ReadinessCheck] = ()) -> ReadinessPage:
    """Every check as it last went; what has not been tried for too long is not known, whatever it was."""
    tried = [_check(row, now) for row in Rehearsal.objects.all()]
    found = [*health, *tried]
    return ReadinessPage(
        verdict=verdict_words(found if tried or _missing(found) else ()),
        tone=_tone(found if tried else [each for each in found if each.verdict == Verdict.MISSING]),
        wanting=tuple(_worst_first(each for each in found if each.verdict in WANTING)),
        groups=tuple(_groups(each for each in found if each.verdict not in WANTING)),
        tried_at=max((each.tried_at for each in tried if each.tried_at), default=None),
        may_try=may_rehearse(person),
        under_way=_under_way(found, now),
    )


def _tone(found: list[ReadinessCheck]) -> Tone:
    if _missing(found):
        return "danger"
    return "wait" if _unknown(found) or not found else "ok"


def missing_words(now: datetime) -> str:
    """One line for the dashboard; empty where nothing is missing."""
    found = [_check(row, now) for row in Rehearsal.objects.exclude(verdict__in=[Verdict.READY, Verdict.WARNING])]
    return verdict_words(found) if _missing(found) else ""


def verdict_words(found: Iterable[ReadinessCheck]) -> str:
    """The page in one sentence."""
    checks = list(found)
    missing, unknown = _missing(checks), _unknown(checks)
    if missing:
        also = f"; {_count(unknown).lower()} not known" if unknown else ""
        return f"{_count(missing)} missing{also}."
    if unknown or not checks:
        return f"{_count(unknown)} not known yet." if checks else "Nothing has been tried yet."
    caveats = sum(each.verdict == Verdict.WARNING for each in checks)
    return "Ready. Everything that was tried works." if not caveats else f"Ready, with {caveats} to know about."


def _missing(found: list[ReadinessCheck]) -> int:
    return sum(each.verdict == Verdict.MISSING for each in found)


def _unknown(found: list[ReadinessCheck]) -> int:
    return sum(each.verdict == Verdict.UNKNOWN for each in found)


def _count(number: int) -> str:
    words = NUMBERS[number] if number < len(NUMBERS) else str(number)
    return f"{words} thing is" if number == 1 else f"{words} things are"


def _groups(found: Iterable[ReadinessCheck]) -> Iterable[ReadinessGroup]:
    settled = list(found)
    for prefix, title in GROUPS.items():
        own = [each for each in settled if each.group == prefix]
        if own:
            yield ReadinessGroup(prefix, title, tuple(_worst_first(own)))


def _worst_first(found: Iterable[ReadinessCheck]) -> list[ReadinessCheck]:
    return sorted(found, key=lambda each: WORST_FIRST.index(Verdict(each.verdict)))


def _check(row: Rehearsal, now: datetime) -> ReadinessCheck:
    group = row.check_name.partition(".")[0]
    stale = row.tried_at is None or row.tried_at < now - _stale_after(row, group)
    verdict = Verdict.UNKNOWN if stale else Verdict(row.verdict)
    words = _stale_words(row) if stale else row.words
    return ReadinessCheck(group, row.title, row.rule, verdict, BADGES[verdict], words, row.tried_at)


def _stale_after(row: Rehearsal, group: str) -> timedelta:
    """A sign of life is old within minutes; that no watcher is named stays true for a day."""
    if group == "console" and row.verdict != Verdict.WARNING:
        return LIFE_STALE_AFTER
    return PEOPLE_STALE_AFTER if group == "people" else STALE_AFTER


def _stale_words(row: Rehearsal) -> str:
    if row.tried_at is None:
        return "Not tried yet."
    return f"Not tried for too long: are a worker and beat running? {row.words}"


def _under_way(found: list[ReadinessCheck], now: datetime) -> bool:
    """Whether somebody has asked for everything a moment ago, and not all of it has been tried since."""
    asked = LedgerEntry.objects.filter(stream_id="catalogue", kind="rehearsal.asked").order_by("-seq").first()
    if asked is None or now - asked.at > UNDER_WAY:
        return False
    return any(each.tried_at is None or each.tried_at <= asked.at for each in found)
