"""T1: the retrospective is registered with the Emergency Change Retro intake, under the key of its step."""

from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome
from incidents.effects.wiring import World


class RegisterRetro:
    """The intake takes effect once a key; it cannot be asked: the same order goes again where an answer was lost."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        return None

    def act(self, order: Order, world: World) -> Outcome:
        if world.retro_intake is None:
            return Failed("No webhook of the intake is set. Register it by hand, and say under which number it stands.")
        order.ask_lease()
        incident = order.incident
        entry = world.retro_intake.register(
            incident=incident.number, title=incident.title, service=order.service.name, severity=incident.severity,
            url=str(order.step.parameters["url"]), due_at=incident.retrospective.due_at, key=order.key,
        )  # fmt: skip
        words = f"The intake has it as {entry.reference}." if entry.reference else "The intake has it."
        return Done(words, {"reference": entry.reference}, entry.url)
