"""Follow-ups that have an issue are followed: closed at the code host, settled here: by webhook, and by looking."""

from collections.abc import Iterable

import structlog

from incidents.effects.wiring import World
from incidents.integrations.errors import IntegrationError
from incidents.models.retrospective import FollowUp
from incidents.services.clock import database_now
from incidents.services.issues import issues_named, issues_to_look_at, note_state

log = structlog.get_logger(__name__)


def follow_issues(world: World) -> None:
    """Look at every issue whose turn it is, a few at a time."""
    _look_at(issues_to_look_at(database_now()), world)


def follow_issue(repository: str, number: int, world: World) -> int:
    """Look at one issue that news came of; how many follow-ups it stands for. The news itself decides nothing."""
    named = issues_named(repository, number)
    _look_at(named, world)
    return len(named)


def _look_at(follow_ups: Iterable[FollowUp], world: World) -> None:
    for each in follow_ups:
        repository, number = each.retrospective.incident.service.repository, each.issue_number or 0
        try:
            found = world.code_host.issue(repository, number)
        except IntegrationError as error:
            log.warning("issue_not_read", repository=repository, number=number, why=error.words)
            note_state(follow_up_id=each.pk, closed=False, completed=False, by="", now=database_now())
            continue
        note_state(
            follow_up_id=each.pk, closed=found.closed, completed=found.completed, by=found.closed_by,
            now=database_now(),
        )  # fmt: skip
