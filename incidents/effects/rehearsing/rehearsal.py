"""Try whatever is due, side by side, each within a limit: a check that hangs or fails never stops the others."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final

import structlog

from incidents.assessment.git import RepositoryUnreadable
from incidents.effects.rehearsing import (
    chat,
    code_host,
    drains,
    flags,
    mail,
    metrics,
    pager,
    people,
    record,
    secrets,
    status_page,
    watcher,
)
from incidents.effects.rehearsing.checks import Check, Finding, Verdict, missing
from incidents.effects.wiring import World
from incidents.integrations.errors import IntegrationError
from incidents.models.service import Service
from incidents.services.clock import database_now
from incidents.services.rehearsing import (
    Tried,
    follow_catalogue,
    moments_tried,
    note_writing,
    settle_rehearsal,
    time_to_try,
)

SIDE_BY_SIDE: Final = 4
WITHIN_SECONDS: Final = 45.0
OF: Final[tuple[Callable[[World, list[Service]], Iterator[Check]], ...]] = (
    code_host.checks,
    metrics.checks,
    chat.checks,
    flags.checks,
    drains.checks,
    pager.checks,
    status_page.checks,
    secrets.checks,
    mail.checks,
    people.checks,
    record.checks,
    watcher.checks,
)
log = structlog.get_logger(__name__)


def rehearse(world: World, *, within: float = WITHIN_SECONDS) -> None:
    """Try every check that is due. What had no turn in time stays due; what gave no answer in time is missing."""
    checks = all_checks(world)
    follow_catalogue({check.name: (check.title, check.rule) for check in checks})
    due = list(_due(checks))
    for check in due:
        _announce(check)
    pool = ThreadPoolExecutor(max_workers=SIDE_BY_SIDE, thread_name_prefix="rehearsal")
    try:
        started = {pool.submit(_tried, check): check for check in due}
        ended, running = wait(started, timeout=within)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    for future in ended:
        _settle(started[future], future.result())
    for future in running:
        _give_up(started[future], future, within)


def all_checks(world: World) -> list[Check]:
    """Everything that there is to try for the catalogue as it is."""
    services = list(Service.objects.in_use())
    return [check for of in OF for check in of(world, services)]


def _due(checks: Iterable[Check]) -> Iterator[Check]:
    now, tried = database_now(), moments_tried()
    return (each for each in checks if time_to_try(tried.get(each.name), every=each.every, now=now))


def _announce(check: Check) -> None:
    """What a try will write is in the ledger before it is in the world."""
    if check.writes:
        note_writing(check_name=check.name, words=check.writes, now=database_now())


def _tried(check: Check) -> Finding:
    """Runs in a thread of its own, without the database."""
    try:
        return check.attempt()
    except IntegrationError as failure:
        return _unanswered(failure)
    except RepositoryUnreadable as failure:
        return missing(f"The console's copy of the repository could not be read: {failure}")
    except Exception as fault:
        log.exception("rehearsal_stumbled", check=check.name)
        return missing(f"The console itself stumbled ({type(fault).__name__}); its log says where.")


def _unanswered(failure: IntegrationError) -> Finding:
    """Asked too often is no fault of what is tried; everything else would fail in the night as well."""
    if failure.retry_after:
        return Finding(Verdict.UNKNOWN, failure.words)
    return missing(failure.words)


def _give_up(check: Check, future: Future[Finding], within: float) -> None:
    if not future.cancelled():
        _settle(check, missing(f"No answer within {within:.0f} s."))


def _settle(check: Check, found: Finding) -> None:
    settle_rehearsal(
        tried=Tried(check.name, check.title, check.rule, found.verdict, found.words, found.facts), now=database_now()
    )
