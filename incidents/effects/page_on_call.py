"""S1: page whoever is on call, once; a page can only be looked up, by our key in its metadata."""

from django.conf import settings

from incidents.effects.announce import CLOCKS_MAY_DIFFER
from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome
from incidents.effects.wiring import World
from incidents.integrations.paging import Call, Page


class PageOnCall:
    """For a production emergency only (E4); what was found under the key is never sent again."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        if world.pager is None:
            return Failed(_by_hand(order))
        sent = world.pager.find(key=order.key, since=order.step.asked_at - CLOCKS_MAY_DIFFER)
        return _paged(sent) if sent else None

    def act(self, order: Order, world: World) -> Outcome:
        if world.pager is None:
            return Failed(_by_hand(order))
        call = _call(order)
        order.ask_lease()
        return _paged([world.pager.page(call, key=order.key)])


def _call(order: Order) -> Call:
    incident, asked_by = order.incident, order.step.asked_by
    room = incident.address
    return Call(
        requester=(asked_by.email if asked_by else "") or settings.DEFAULT_FROM_EMAIL,
        name=f"{incident.number} {order.service.name}",
        summary=str(order.step.parameters["summary"]),
        description=f"Declared {incident.declared_at:%H:%M:%S} UTC. Everything known stands in the room: {room}",
    )


def _paged(pages: list[Page]) -> Done:
    first = pages[0]
    twice = f" It was sent {len(pages)} times: resolve the others there." if len(pages) > 1 else ""
    seen = f" {first.acknowledged_by} has acknowledged it." if first.acknowledged_by else ""
    evidence = {"page": first.id, "pages": [page.id for page in pages], "status": first.status}
    return Done(f"On-call is paged.{seen}{twice}", evidence, first.url)


def _by_hand(order: Order) -> str:
    form = f"file the form at {settings.PAGE_FORM_URL}" if settings.PAGE_FORM_URL else "file Better Stack's form"
    return f"The console has no pager to page with. Ring whoever is on call for {order.service.name}, or {form}."
