"""One attempt at one step: claim, look up, ask the lease, act, settle (trust.md §1)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from incidents.assessment.git import RepositoryUnreadable
from incidents.effects.catalogue import effect_of
from incidents.effects.orders import Effect, Order, order_for
from incidents.effects.outcomes import Done, Failed, Outcome, Waiting
from incidents.effects.wiring import World
from incidents.integrations.errors import IntegrationError
from incidents.procedure.gates import StepForbidden
from incidents.procedure.steps import FORMS, Promise, StepKind
from incidents.services import running

CALL_LASTS = timedelta(seconds=13)  # connect 3 s and read 10 s (integrations.md)
RENEW_EVERY = 1.5
MANY = running.MOST_ATTEMPTS
LOOK = "Whether it took place is not known, and not finding it proves nothing: look there, then say."
log = structlog.get_logger(__name__)


class AnEarlierCallMayHaveLanded(Exception):
    """A lost worker sent what can neither be keyed nor asked: it is never sent again by itself (trust.md §1)."""


def perform(step_id: UUID, world: World) -> None:
    """Claim the step and do what it says; quietly nothing where somebody else holds it or its gate is closed."""
    claim = running.claim_step(step_id=step_id)
    if claim is None:
        return
    if claim.worn_out:
        running.doubt_step(claim, words=f"{MANY} workers ended in the middle of it. Look outside, then say what holds.")
        return
    try:
        with renewed(claim):
            outcome = _attempt(claim, world)
        settle(claim, outcome)
    except (OperationalError, InterfaceError):
        raise  # the row keeps its lease and is taken up again when the database is back
    except Exception as fault:  # noqa: BLE001 - every fault must reach the row, so that a person is told
        _report(claim, fault)


def _attempt(claim: running.Claim, world: World) -> Outcome:
    effect = effect_of(claim.step.kind)
    late = _promise(claim) is not Promise.KEYED
    order = order_for(claim.step, lambda: running.open_call(claim, lasts=CALL_LASTS, may_land_late=late))
    found = effect.look_up(order, world)
    if found is not None:
        return found
    if _promise(claim) is Promise.NEITHER and claim.step.call_ends_at is not None:
        raise AnEarlierCallMayHaveLanded
    # What watches, and what a dead worker left, goes on being looked at behind a shut gate; nothing is begun there.
    claim.gate.check()
    return _act(effect, order, world)


def _act(effect: Effect, order: Order, world: World) -> Outcome:
    """A call may be refused because a slower worker's took effect just before it: look once more, then believe it."""
    try:
        outcome = effect.act(order, world)
    except IntegrationError as refusal:
        found = None if refusal.retryable else effect.look_up(order, world)
        if isinstance(found, Done):
            return found
        raise
    found = effect.look_up(order, world) if isinstance(outcome, Failed) else None
    return found if isinstance(found, Done) else outcome


def settle(claim: running.Claim, outcome: Outcome) -> None:
    """Write down what came of an attempt."""
    match outcome:
        case Done():
            running.finish_step(claim, sentence=outcome.sentence, evidence=outcome.evidence, url=outcome.url)
        case Waiting():
            seconds = settings.POLL_SECONDS if outcome.seconds is None else outcome.seconds
            running.watch_step(
                claim, sentence=outcome.sentence, seconds=seconds, evidence=outcome.evidence, url=outcome.url
            )
        case Failed():
            running.fail_step(claim, words=outcome.words, evidence=outcome.evidence)


def _report(claim: running.Claim, fault: Exception) -> None:
    """Write down why an attempt came to nothing; a fault nobody foresaw goes on to the log."""
    match fault:
        case running.LeaseLost():
            log.warning("lease_lost", step=str(claim.step.pk), why=str(fault))
        case AnEarlierCallMayHaveLanded():
            running.doubt_step(claim, words=f"A worker ended in the middle of it. {LOOK}")
        case running.EarlierCallPending():
            running.postpone_step(claim, words=str(fault), seconds=fault.seconds, in_doubt=True)
        case StepForbidden():
            running.hold_step(claim)
        case IntegrationError():
            _report_world(claim, fault)
        case RepositoryUnreadable():
            running.postpone_step(claim, words=f"The console's copy of the repository could not be read: {fault}")
        case _:
            _stumble(claim, fault)
            raise fault


def _report_world(claim: running.Claim, failure: IntegrationError) -> None:
    if failure.in_doubt and _promise(claim) is Promise.NEITHER:
        running.doubt_step(claim, words=f"{failure.words} {LOOK}")
    elif failure.retryable or failure.in_doubt:
        running.postpone_step(claim, words=failure.words, seconds=failure.retry_after, in_doubt=failure.in_doubt)
    else:
        running.fail_step(claim, words=failure.words)


def _stumble(claim: running.Claim, fault: Exception) -> None:
    """A fault of the console itself must reach a person: a step that fails by it again and again says nothing."""
    words = f"The console itself stumbled ({type(fault).__name__}); its log says where."
    if running.call_may_have_landed(claim):
        running.doubt_step(claim, words=f"{words} Look whether it took place, then say so here.")
    else:
        running.fail_step(claim, words=f"{words} A retry looks first, so nothing is done twice.")


@contextmanager
def renewed(claim: running.Claim) -> Iterator[None]:
    """Keep the lease alive from a thread of its own while the effect runs; a dead process stops renewing by dying."""
    over = threading.Event()
    thread = threading.Thread(target=_renew_until, args=(claim, over), name=f"lease-{claim.token}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _renew_until(claim: running.Claim, over: threading.Event) -> None:
    try:
        while not over.wait(RENEW_EVERY):
            if not running.renew_lease(claim):
                return
    except (OperationalError, InterfaceError) as lost:
        log.warning("lease_not_renewed", step=str(claim.step.pk), why=str(lost))
    finally:
        connection.close()


def _promise(claim: running.Claim) -> Promise:
    return FORMS[StepKind(claim.step.kind)].promise
