"""S2: turn a feature flag off, or on again; done only when it is read back so."""

from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome
from incidents.effects.read_back import not_read_back, was_told
from incidents.effects.wiring import World
from incidents.integrations.flags import Flag
from incidents.services.clock import database_now

WORDS = {False: "off", True: "on"}


class FlagOff:
    """Keyed by nature: what is off stays off, however often it is told. `undo` in the evidence takes it back."""

    on = False

    def look_up(self, order: Order, world: World) -> Outcome | None:
        if world.flags is None:
            return self._by_hand(order)
        found = world.flags.read(_name(order))
        if found.on == self.on:
            return self._done(found)
        return not_read_back(order, self._told(order)) if was_told(order) else None

    def act(self, order: Order, world: World) -> Outcome:
        if world.flags is None:
            return self._by_hand(order)
        order.ask_lease()
        world.flags.turn(_name(order), on=self.on, key=order.key)
        found = world.flags.read(_name(order))
        return self._done(found) if found.on == self.on else not_read_back(order, self._told(order))

    def _done(self, found: Flag) -> Done:
        """Whoever was first: it is so. Programs ask for their flags every few seconds, so it acts a moment later."""
        where = f" in {found.environment}" if found.environment else ""
        evidence = {
            "flag": found.name,
            "on": found.on,
            "undo": WORDS[not self.on],
            "read_back_at": database_now().isoformat(),
        }
        return Done(f"{found.name} is {WORDS[self.on]}{where}, read back.", evidence, found.url)

    def _told(self, order: Order) -> str:
        return f"{_name(order)} was turned {WORDS[self.on]}"

    def _by_hand(self, order: Order) -> Failed:
        words = f"Turn {_name(order)} {WORDS[self.on]} by hand, then record it here."
        return Failed(f"The console has no way to the flags of {order.service.name}. {words}")


class FlagOn(FlagOff):
    """The undo of a flag turned off: offered once the service has recovered, possible at any time."""

    on = True


def _name(order: Order) -> str:
    return str(order.step.parameters["flag"])
