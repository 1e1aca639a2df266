"""R4: while an incident is open, other pull requests onto the deploy branch bear a warning; the rollback's own pass.

A commit status holds nothing up by itself: whether it does is the branch's rule, which is the organisation's to make.
"""

from collections.abc import Iterator, Mapping

import structlog
from django.conf import settings

from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Outcome, Waiting
from incidents.effects.wiring import World
from incidents.integrations.code_host import PullRequest, StatusState
from incidents.integrations.errors import IntegrationError
from incidents.queries.freezing import OwnWork, frozen_by_another, own_work, warnings_end

CONTEXT = "rollback-console/freeze"
LOOK_AGAIN, LIFT_AGAIN, SOON = 60.0, 30.0, 1.0
Said = Mapping[str, str]
log = structlog.get_logger(__name__)


class WarnOfMerges:
    """Watches until the close. A status is keyed by its name: said again, it changes nothing but its time."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        if not order.incident.is_open:
            return Done("The incident is over.")
        pulls = _open(order, world)
        return None if any(_unsaid(order, pulls)) else _watching(pulls, _said(order))

    def act(self, order: Order, world: World) -> Outcome:
        pulls, said = _open(order, world), dict(_said(order))
        for pull, state in _unsaid(order, pulls):
            order.ask_lease()
            _say(order, world, pull.head_sha, state)
            said[pull.head_sha] = state.value
        return _watching(pulls, said)


class LiftWarnings:
    """After the close: whatever bears our warning is set free, by what stands there, not by what we remember."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        if not warnings_end(order.incident):
            return Waiting("The last warning is being set; it is lifted right after.", SOON)
        another = frozen_by_another(order.incident)
        if another:
            return Done(f"{another} is open: its warning stays.")
        try:
            return None if any(_warned(order, world)) else Done("No pull request is warned of the incident any more.")
        except IntegrationError as failure:
            return _later(failure)

    def act(self, order: Order, world: World) -> Outcome:
        try:
            lifted = [self._lift(order, world, pull) for pull in _warned(order, world)]
        except IntegrationError as failure:
            return _later(failure)
        return Done(f"{_warnings(len(lifted))} lifted.", {"lifted": lifted})

    def _lift(self, order: Order, world: World, pull: PullRequest) -> int:
        order.ask_lease()
        _say(order, world, pull.head_sha, StatusState.SUCCESS)
        return pull.number


def let_pass(order: Order, world: World, head: str) -> None:
    """Our own merge waits for no warning of ours; where that cannot be said, the merge is tried all the same."""
    if not settings.FREEZE:
        return
    try:
        order.ask_lease()
        _say(order, world, head, StatusState.SUCCESS)
    except IntegrationError as failure:
        log.warning("rollback_not_let_pass", incident=order.incident.number, why=failure.words)


def _later(failure: IntegrationError) -> Waiting:
    """Nobody can retry a step of a closed incident, so it goes on by itself until the code host is back."""
    if not (failure.retryable or failure.in_doubt):
        raise failure
    return Waiting(f"The warnings could not be lifted yet. {failure.words}", LIFT_AGAIN)


def _open(order: Order, world: World) -> list[PullRequest]:
    return world.code_host.open_pull_requests(order.repository, base=order.service.branch)


def _unsaid(order: Order, pulls: list[PullRequest]) -> Iterator[tuple[PullRequest, StatusState]]:
    """What each should be told and was not; `said` only spares a repeat, which would do no harm."""
    ours, said = own_work(order.service), _said(order)
    for pull in pulls:
        state = StatusState.SUCCESS if _is_ours(pull, ours) else StatusState.PENDING
        if said.get(pull.head_sha) != state:
            yield pull, state


def _is_ours(pull: PullRequest, ours: OwnWork) -> bool:
    return pull.head_ref in ours.branches or pull.number in ours.numbers


def _warned(order: Order, world: World) -> Iterator[PullRequest]:
    for pull in _open(order, world):
        told = world.code_host.statuses(order.repository, pull.head_sha)
        if any(each.context == CONTEXT and each.state != StatusState.SUCCESS for each in told):
            yield pull


def _say(order: Order, world: World, sha: str, state: StatusState) -> None:
    world.code_host.set_status(
        order.repository, sha, context=CONTEXT, state=state, description=_words(order, state),
        url=order.incident.address,
    )  # fmt: skip


def _words(order: Order, state: StatusState) -> str:
    incident = order.incident
    if state is StatusState.PENDING:
        return f"{incident.number} is open on {order.service.name}: please merge nothing else until it is closed."
    if incident.is_open:
        return f"The way out of {incident.number}: it passes."
    return f"{incident.number} is over."


def _said(order: Order) -> Said:
    found: Said = order.step.evidence.get("said", {})
    return found


def _watching(pulls: list[PullRequest], said: Said) -> Waiting:
    warned = [pull.number for pull in pulls if said.get(pull.head_sha) == StatusState.PENDING]
    listed = ", ".join(f"#{number}" for number in sorted(warned))
    words = f"{_warnings(len(warned))} set: {listed}." if warned else "No other pull request is open onto the branch."
    return Waiting(f"{words} New ones are warned until the close.", LOOK_AGAIN, {"said": dict(said), "warned": warned})


def _warnings(count: int) -> str:
    return "One warning is" if count == 1 else f"{count} warnings are"
