"""Personal texts are taken out of the record on request: its chain still holds, and its pages say *redacted*."""

import re
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.ledger import LedgerPersonal
from incidents.models.sealing import Clear
from incidents.procedure.refusals import Refusal
from incidents.services.people import require_administrator
from incidents.services.recording import record_in


class NothingToRedact(Refusal):
    """No entry says that, or the order has no reason."""


@transaction.atomic
def redact_entries(*, entry_ids: Iterable[int], reason: str, actor: User, now: datetime) -> int:
    """Take every personal text out of these entries; how many texts there were."""
    found = LedgerPersonal.objects.select_for_update().filter(pk__in=list(entry_ids)).order_by("pk")
    return _redact(found, "", reason, actor, now)


@transaction.atomic
def redact_name(*, name: str, reason: str, actor: User, now: datetime) -> int:
    """Take every text out of the whole record that is, or mentions, this name, login or address."""
    if not name.strip():
        raise NothingToRedact("T2", "Say whose name, login or address is to be redacted.")
    found = LedgerPersonal.objects.select_for_update().filter(clear__icontains=name.strip()).order_by("pk")
    return _redact(found, name.strip(), reason, actor, now)


def _redact(found: Iterable[LedgerPersonal], name: str, reason: str, actor: User, now: datetime) -> int:
    require_administrator(actor)
    if not reason.strip():
        raise NothingToRedact("T2", "Say why: the order stands in the record, the texts do not.")
    changed = [(kept, without(kept.clear, name)) for kept in found]
    counts = [_texts(kept.clear) - _texts(left) for kept, left in changed]
    for kept, left in changed:
        LedgerPersonal.objects.filter(pk=kept.pk).update(clear=left)
    if not sum(counts):
        raise NothingToRedact("T2", "No entry holds that any more.")
    entries = sum(1 for count in counts if count)
    record_in(
        "access", "record.redacted", at=now, actor=actor, rule="T2", entries=entries, texts=sum(counts), reason=reason
    )
    return sum(counts)


def without(clear: Clear, name: str) -> Clear:
    """The clear texts without those that mention the name as a word of its own; without any, where no name is given."""
    mentions = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE) if name else re.compile("")
    return {made: None if kept is None or mentions.search(kept[1]) else kept for made, kept in clear.items()}


def _texts(clear: Clear) -> int:
    return sum(kept is not None for kept in clear.values())
