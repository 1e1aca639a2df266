"""A receipt for each order."""

from shop import database
from shop.database import Row


def write(lines: list[Row], total: int) -> str:
    bought = [f"{line['quantity']} x {line['name']}" for line in lines]
    return "\n".join([*bought, f"Total {euros(total)}"])


def keep(order: int, text: str) -> None:
    with database.connection() as db:
        db.execute("INSERT INTO receipts (order_id, text) VALUES (?, ?)", [order, text])


def euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02} EUR"
