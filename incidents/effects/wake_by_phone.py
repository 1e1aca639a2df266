"""E15: ring one person, follow the page until its question is over, then let it rest.

A page can only be looked up, by our key in its metadata; resolving it a second time is as good as the first.
"""

from django.conf import settings

from incidents.effects.announce import CLOCKS_MAY_DIFFER
from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome, Waiting
from incidents.effects.wiring import World
from incidents.integrations.paging import Call, Page, Pager

HEARD_SECONDS = 60.0
"""How often an acknowledged page is looked at; one that nobody answers is, at the usual pace."""
NO_PAGER = "The console has no pager to ring with: ring them by hand, and record it."


class WakeByPhone:
    """Watches for the acknowledgement; once the question is over, an open page is resolved."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        if world.pager is None:
            return Failed(NO_PAGER)
        pages = _sent(order, world.pager)
        if _over(order):
            return _rested(pages) if all(page.resolved for page in pages) else None
        return _heard(order, pages) if pages else None

    def act(self, order: Order, world: World) -> Outcome:
        if world.pager is None:
            return Failed(NO_PAGER)
        if not _over(order):
            order.ask_lease()
            return _heard(order, [world.pager.page(_call(order), key=order.key)])
        pages = _sent(order, world.pager)
        order.ask_lease()
        for page in pages:
            if not page.resolved:
                world.pager.resolve(page)
        return _rested(pages)


def _over(order: Order) -> bool:
    return bool(order.step.parameters.get("over")) or not order.incident.is_open


def _sent(order: Order, pager: Pager) -> list[Page]:
    return pager.find(key=order.key, since=order.step.asked_at - CLOCKS_MAY_DIFFER)


def _call(order: Order) -> Call:
    asked, incident, asked_by = order.step.parameters, order.incident, order.step.asked_by
    to = str(asked["to"])
    return Call(
        requester=(asked_by.email if asked_by else "") or settings.DEFAULT_FROM_EMAIL,
        name=f"{incident.number} {order.service.name}: {asked['name']}",
        summary=f"{asked['words']} {asked['url']}",
        description=f"{asked['name']}, {asked['words']} Open {asked['url']}",
        policy=to,
        number=to,
    )


def _heard(order: Order, pages: list[Page]) -> Outcome:
    name, first = order.step.parameters["name"], pages[0]
    twice = f" Rung {len(pages)} times: resolve the others there." if len(pages) > 1 else ""
    by = next((page.acknowledged_by for page in pages if page.acknowledged_by), "")
    evidence = {"pages": [page.id for page in pages], "status": first.status, "acknowledged_by": by}
    if all(page.resolved for page in pages):
        return Done(f"{name} was rung; the page is resolved.{twice}", evidence, first.url)
    if by:
        return Waiting(f"{by} has acknowledged the page.{twice}", HEARD_SECONDS, evidence, first.url)
    return Waiting(f"{name} is being rung; nobody has acknowledged yet.{twice}", None, evidence, first.url)


def _rested(pages: list[Page]) -> Done:
    if not pages:
        return Done("Nobody was rung: the question was over before.")
    by = next((page.acknowledged_by for page in pages if page.acknowledged_by), "")
    seen = f" {by} had acknowledged it." if by else ""
    evidence = {"pages": [page.id for page in pages], "status": "Resolved", "acknowledged_by": by}
    return Done(f"The question is over; the page is resolved.{seen}", evidence, pages[0].url)
