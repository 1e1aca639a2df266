"""S3: lead traffic away from a target, or back to it; confirmed by reading it back, never below the minimum (E22)."""

from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome, Waiting
from incidents.effects.read_back import LOOK_AGAIN, not_read_back, was_told
from incidents.effects.wiring import World
from incidents.integrations.drains import Duty, Pool
from incidents.procedure.draining import too_few_left


class DrainTarget:
    """Done when the target takes no new request and its running ones have ended."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        if world.drains is None:
            return _by_hand(order, "Drain")
        pool = world.drains.read(_target(order))
        if pool.target.duty is not Duty.SERVING:
            return _emptying(pool)
        if order.step.evidence.get("undo"):
            return Failed(f"{_target(order)} was put back in service by somebody else. Ask them, then drain it again.")
        return not_read_back(order, f"{_target(order)} was told to drain") if was_told(order) else None

    def act(self, order: Order, world: World) -> Outcome:
        if world.drains is None:
            return _by_hand(order, "Drain")
        refusal = _refused(order, world.drains.read(_target(order)))
        if refusal:
            return refusal
        order.ask_lease()
        world.drains.drain(_target(order), key=order.key)
        pool = world.drains.read(_target(order))
        if pool.target.duty is Duty.SERVING:
            return not_read_back(order, f"{_target(order)} was told to drain")
        return _emptying(pool)


class PutBack:
    """The undo of a drain."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        if world.drains is None:
            return _by_hand(order, "Put back")
        serving = _serving(world.drains.read(_target(order)))
        return serving or (not_read_back(order, f"{_target(order)} was told to serve") if was_told(order) else None)

    def act(self, order: Order, world: World) -> Outcome:
        if world.drains is None:
            return _by_hand(order, "Put back")
        order.ask_lease()
        world.drains.put_back(_target(order), key=order.key)
        serving = _serving(world.drains.read(_target(order)))
        return serving or not_read_back(order, f"{_target(order)} was told to serve")


def _refused(order: Order, pool: Pool) -> Failed | None:
    """E22, asked immediately before the drain; an override was recorded with its reason."""
    minimum = order.service.minimum_healthy
    words = too_few_left(_target(order), left=pool.left_serving, minimum=minimum)
    if not words or order.step.parameters.get("override"):
        return None
    return Failed(words, {"refused": "E22", "left": pool.left_serving, "minimum": minimum})


def _emptying(pool: Pool) -> Done | Waiting:
    target = pool.target
    evidence = {"target": target.name, "pool": target.pool, "left": pool.left_serving, "undo": "put_back"}
    if target.sessions:
        words = f"{target.name} takes nothing new; {target.sessions} running requests are ending."
        return Waiting(words, LOOK_AGAIN, evidence)
    kind = "in maintenance" if target.duty is Duty.MAINTENANCE else "drained"
    return Done(f"{target.name} is {kind} and empty, read back; {pool.left_serving} healthy left.", evidence)


def _serving(pool: Pool) -> Done | None:
    target = pool.target
    if target.duty is not Duty.SERVING:
        return None
    ill = "" if target.healthy else " Its checks fail: it gets nothing until they pass."
    return Done(f"{target.name} is back in service, read back.{ill}", {"target": target.name, "undo": "drain"})


def _by_hand(order: Order, what: str) -> Failed:
    words = f"{what} {_target(order)} there by hand, then record it here."
    return Failed(f"The console has no way to the balancer of {order.service.name}. {words}")


def _target(order: Order) -> str:
    return str(order.step.parameters["target"])
