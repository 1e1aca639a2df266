"""C2: rotate forward. People rotate, by the Secrets Management procedure; the console never sees a value."""

from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Outcome, Waiting
from incidents.effects.wiring import World
from incidents.integrations.errors import IntegrationError
from incidents.integrations.secrets import Version

LOOK_AGAIN = 5.0
NOBODY_TELLS = 60.0
NOT_THERE = 404


class RotateCredential:
    """Watched: done when the store's metadata shows a version newer than the decision, or a person says so."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        name = str(order.step.parameters["credential"])
        words = f"Waits for {name} to be rotated by the Secrets Management procedure and taken by the service."
        if world.secrets is None:
            return Waiting(f"{words} Then say here who did, and to which version.", NOBODY_TELLS)
        newest = _newest(name, world)
        if newest is None:
            return Waiting(f"{words} The store knows no {name}: say here who did, and to which version.", NOBODY_TELLS)
        if newest.created_at > order.plan.decision.decided_at and newest.exists(newest.created_at):
            return _rotated(name, newest)
        return Waiting(f"{words} Version {newest.number} is older than the decision.", LOOK_AGAIN)

    def act(self, order: Order, world: World) -> Outcome:
        raise AssertionError("A rotation is only ever watched.")


def _newest(name: str, world: World) -> Version | None:
    if world.secrets is None:
        return None
    try:
        found = world.secrets.versions(name)
    except IntegrationError as failure:
        if failure.status != NOT_THERE:
            raise
        return None
    return next(iter(found.versions), None)


def _rotated(name: str, version: Version) -> Done:
    at = version.created_at
    words = f"{name} is at version {version.number}, made at {at:%H:%M:%S} UTC, after the decision."
    return Done(words, {"version": str(version.number), "rotated_at": at.isoformat()})
