"""What the sweep minds beside the steps: questions that ended, answers nobody heard, seats that stay empty, the freeze.

Each chore is its own: one that fails is told in the log and keeps none of the others.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

import structlog
from django.db import DatabaseError

from approvals.services.consuming import expire_due
from incidents.services.approving import continue_plan, waiting_incidents
from incidents.services.freezing import warn_where_open
from incidents.services.publishing import approval_heard, unheard_answers
from incidents.services.retrospectives import keep_series
from incidents.services.standing_in import let_answered_rest, unheard_votes, wake_deputies

log = structlog.get_logger(__name__)


def mind_questions(*, now: datetime) -> int:
    """Do every chore once; the number of those that failed."""
    return sum(not _done(chore) for chore in _chores(now))


def _chores(now: datetime) -> Iterator[Callable[[], object]]:
    yield partial(warn_where_open, now)
    yield partial(expire_due, now=now)
    yield partial(wake_deputies, now)
    yield partial(keep_series, now)
    for incident_id in waiting_incidents():
        yield partial(continue_plan, incident_id=incident_id, now=now)
    for update_id in unheard_answers():
        yield partial(approval_heard, update_id=update_id, now=now)
    for request_id in unheard_votes():
        yield partial(let_answered_rest, request_id=request_id, now=now)


def _done(chore: Callable[[], object]) -> bool:
    try:
        chore()
    except DatabaseError:
        raise  # the database is away: nothing else would go either
    except Exception:
        log.exception("chore_failed", chore=str(chore))
        return False
    return True
