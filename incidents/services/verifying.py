"""A worker reads the streams again, and says how far each is intact: what the badge in the room shows."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from incidents.models.checkpoint import StreamCheck
from incidents.models.ledger import Chain, LedgerStream, follow
from incidents.services.recording import record_in

AT_ONCE: Final = 200
ANEW_AFTER: Final = timedelta(days=1)
UNLIKE_CHECKPOINTS: Final = """
    SELECT min(told.seq) FROM incidents_checkpointhead AS told
    LEFT JOIN incidents_ledgerentry AS entry ON entry.stream_id = told.stream AND entry.seq = told.seq
    WHERE told.stream = %s AND entry.hash IS DISTINCT FROM told.hash
"""
log = structlog.get_logger(__name__)


def verify_streams(*, now: datetime) -> int:
    """Verify what has moved since it was last verified, and what was not read from its start for a day; bounded."""
    due = list(streams_due(now)[:AT_ONCE])
    for stream in due:
        verify_stream(stream=stream, now=now)
    return len(due)


def streams_due(now: datetime) -> QuerySet[LedgerStream]:
    """Those never verified first, then by the time that the whole of them was last read."""
    moved = Q(check_made__isnull=True) | Q(check_made__seq__lt=F("seq")) | Q(check_made__broken__isnull=False)
    found = LedgerStream.objects.filter(moved | Q(check_made__from_start_at__lt=now - ANEW_AFTER), seq__gt=0)
    return found.order_by(F("check_made__from_start_at").asc(nulls_first=True)).select_related("check_made")


@transaction.atomic
def verify_stream(*, stream: LedgerStream, now: datetime) -> StreamCheck:
    """Read what is new of it, or all of it where that was long ago; the first bad entry is recorded, once."""
    last: StreamCheck | None = getattr(stream, "check_made", None)
    anew = last is None or last.broken is not None or last.from_start_at < now - ANEW_AFTER
    since = Chain() if anew or last is None else Chain(last.seq, last.hash)
    found = follow(stream.name, since, until=stream.seq)
    broken = _first_bad(stream, found)
    if broken is not None and (last is None or last.broken is None):
        log.error("record_not_intact", stream=stream.name, entry=broken)
        record_in("access", "record.not_intact", at=now, of=stream.name, entry=broken)
    begun = now if anew or last is None else last.from_start_at
    kept, _ = StreamCheck.objects.update_or_create(
        stream=stream,
        defaults={"seq": found.seq, "hash": found.hash, "at": now, "from_start_at": begun, "broken": broken},
    )
    return kept


def _first_bad(stream: LedgerStream, found: Chain) -> int | None:
    """Where the chain breaks, ends too early, or is another one than the checkpoints vouch for."""
    bad = [_unlike_checkpoints(stream.name)]
    if (found.seq, found.hash) != (stream.seq, stream.head):
        bad.append(min(found.seq + 1, stream.seq))
    return min((seq for seq in bad if seq is not None), default=None)


def _unlike_checkpoints(stream: str) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(UNLIKE_CHECKPOINTS, [stream])
        (seq,) = cursor.fetchone()
    found: int | None = seq
    return found
