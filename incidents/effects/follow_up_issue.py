"""T2: a follow-up's issue at the code host, found by its mark before it is opened, closed with what it stands for."""

from datetime import timedelta

from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Outcome
from incidents.effects.wiring import World
from incidents.integrations.code_host import Issue
from incidents.procedure.issues import issue_mark

CLOCKS_APART = timedelta(minutes=10)


class OpenIssue:
    """The code host knows no key for an issue: the mark in its body is looked up, and a twin would be shown."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        since = order.step.asked_at - CLOCKS_APART
        found = world.code_host.find_issue(order.repository, mark=_mark(order), since=since)
        return _opened(found) if found else None

    def act(self, order: Order, world: World) -> Outcome:
        order.ask_lease()
        asked = order.step.parameters
        return _opened(world.code_host.open_issue(order.repository, title=str(asked["title"]), body=str(asked["body"])))


class CloseIssue:
    """Closing what is closed changes nothing, so it takes effect once."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        found = world.code_host.issue(order.repository, _number(order))
        return _closed(found) if found.closed else None

    def act(self, order: Order, world: World) -> Outcome:
        order.ask_lease()
        completed = bool(order.step.parameters["done"])
        return _closed(world.code_host.close_issue(order.repository, _number(order), completed=completed))


def _mark(order: Order) -> str:
    return issue_mark(str(order.step.parameters["follow_up"]))


def _number(order: Order) -> int:
    return int(order.step.parameters["number"])


def _opened(found: Issue) -> Done:
    return Done(f"Issue #{found.number} “{found.title}” is open.", {"number": found.number}, found.url)


def _closed(found: Issue) -> Done:
    return Done(f"Issue #{found.number} is closed.", {"number": found.number}, found.url)
