"""Turning a cart into an order."""

from shop import cart, database, pricing, receipts
from shop.database import Row


class EmptyCart(Exception):
    """There is nothing to buy."""


def place_order(customer: int, *, gift: bool = False) -> Row:
    lines = cart.lines(customer)
    if not lines:
        raise EmptyCart("The cart is empty: put something into it first.")
    total = pricing.total(lines)
    with database.connection() as db:
        order = db.execute(
            "INSERT INTO orders (customer, total_cents, gift_wrapped) VALUES (?, ?, ?)", [customer, total, gift]
        ).lastrowid
    cart.empty(customer)
    receipts.keep(order, receipts.write(lines, total))
    return {"order": order, "lines": lines, "total": total}
