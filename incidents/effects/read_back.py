"""Waiting for the world to show what it was told: for a while, and then a person looks."""

from datetime import timedelta

from incidents.effects.orders import Order
from incidents.effects.outcomes import Failed, Waiting
from incidents.services.clock import database_now

WITHIN = timedelta(seconds=30)
LOOK_AGAIN = 1.0


def not_read_back(order: Order, told: str) -> Waiting | Failed:
    """It was told so, and does not read so yet; nothing is told twice meanwhile."""
    begun = order.step.started_at
    if begun and database_now() - begun > WITHIN:
        return Failed(f"{told}, and does not read so after {WITHIN.seconds} s. Look at it there, then retry.")
    return Waiting(f"{told}; waits to read it back.", LOOK_AGAIN)


def was_told(order: Order) -> bool:
    """Whether an attempt before this one has told it already, and was answered."""
    return order.step.state == "watching"
