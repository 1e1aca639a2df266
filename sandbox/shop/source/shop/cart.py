"""What a customer means to buy."""

from shop import database
from shop.database import Row

MOST_OF_ONE_PRODUCT = 20


class TooMany(Exception):
    """More pieces than a line may have."""


def add(customer: int, product: int, quantity: int) -> None:
    if quantity > MOST_OF_ONE_PRODUCT:
        raise TooMany(f"At most {MOST_OF_ONE_PRODUCT} pieces of one product.")
    with database.connection() as db:
        db.execute(
            "INSERT INTO cart_lines (customer, product, quantity) VALUES (?, ?, ?)", [customer, product, quantity]
        )


def lines(customer: int) -> list[Row]:
    wanted = """
        SELECT products.name, products.cents, cart_lines.quantity
        FROM cart_lines JOIN products ON products.id = cart_lines.product
        WHERE customer = ? ORDER BY cart_lines.id
    """
    with database.connection() as db:
        return [dict(row) for row in db.execute(wanted, [customer])]


def empty(customer: int) -> None:
    with database.connection() as db:
        db.execute("DELETE FROM cart_lines WHERE customer = ?", [customer])
